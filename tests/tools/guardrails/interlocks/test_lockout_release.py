"""A lockout is released by an administrator's word on just that one, and whole or not at all."""

from typing import Any

import pytest

from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.approval.administration import release_lockout
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file, make_lockout_folder
from handwheel.tools.guardrails.ledger.latched_lockouts import latch
from handwheel.tools.guardrails.signatures.administrators import locked_out
from handwheel.tools.guardrails.signatures.decisions import (
    Reason,
    Signed,
    key_subject,
    lockout_subject,
    meaning_of_subject,
)

from ....sites.authority_site import PUMPS, Place, faults_of
from ....sites.people import key_id
from ....sites.signed_requests import NOW, head_of, site_word

LOCK = lockout_subject(PUMPS, 1)


@pytest.fixture(autouse=True)
def locked(place: Place) -> None:
    make_lockout_folder(place.site.state)
    lockout_file(place.site.state, PUMPS).touch()
    latch(place.database, PUMPS, place.site.members_of(PUMPS), NOW)


def _signed(place: Place, by: str = "boss", **changes: Any) -> Signed:
    role = "administrator" if by == "boss" else "operator"
    said = {"head": head_of(place.database).hash, "role": role} | changes
    return site_word("release", LOCK, by, **said)


def _release(place: Place, signed: Signed) -> None:
    release_lockout(place.decision_context, PUMPS, 1, signed, NOW)


OTHER = lockout_subject("site", 1)
KEY = key_subject(key_id("anna"))


def test_another_word_releases_nothing_and_is_told(place: Place) -> None:
    words: list[tuple[str, dict[str, Any], str]] = [
        ("boss", {"subject": OTHER, "meaning": meaning_of_subject("release", OTHER)},
         Reason.NOT_APPROVED),
        ("boss", {"subject": lockout_subject(PUMPS, 2)}, Reason.NOT_APPROVED),
        ("boss", {"verdict": "revoke-key", "meaning": meaning_of_subject("revoke-key", KEY)},
         Reason.NOT_APPROVED),
        ("boss", {"meaning": meaning_of_subject("release", OTHER)}, Reason.OTHER_MEANING),
        ("boss", {"meaning": "I release it"}, Reason.OTHER_MEANING),
        ("anna", {}, "anna is no administrator"),
        ("boss", {"attended": False}, Reason.UNATTENDED),
    ]  # fmt: skip
    for by, changes, reason in words:
        with pytest.raises(GuardrailError, match=f"^{reason}$"):
            _release(place, _signed(place, by, **changes))
        kind, _, body = place.told()[-1]
        assert (kind, body["reason"]) == ("decision.refused", str(reason))
        assert locked_out(place.site, place.database) == {PUMPS: 1}, changes
        assert lockout_file(place.site.state, PUMPS).exists(), changes
    _release(place, _signed(place))
    assert locked_out(place.site, place.database) == {}
    assert not lockout_file(place.site.state, PUMPS).exists()
    assert place.told()[-1][0] == "lockout.released"
    assert faults_of(place) == ()


def test_a_file_that_cannot_be_removed_stays_a_lockout(place: Place) -> None:
    file = lockout_file(place.site.state, PUMPS)
    file.unlink()
    (file / "inside").mkdir(parents=True)
    told = place.told()
    with pytest.raises(LedgerError, match=f"{PUMPS}: .*; nothing was released$"):
        _release(place, _signed(place))
    assert (place.told(), locked_out(place.site, place.database)) == (told, {PUMPS: 1})
    (file / "inside").rmdir()
    file.rmdir()
    _release(place, _signed(place))
    assert locked_out(place.site, place.database) == {}
