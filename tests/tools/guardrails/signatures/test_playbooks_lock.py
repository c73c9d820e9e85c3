"""Signatures of releases, and what a lock that is damaged says."""

from datetime import timedelta
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import LOCK_FILE
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    PlaybooksLock,
    ReleasedBinding,
    ReleasedWrite,
    Unsigned,
    read_lock,
    release_fault,
    sign_release,
)

from ....sites.people import SITE, START, YEAR, boss, key_id, key_of, record_of, roster_of, site_of

UNSIGNED = Unsigned(
    id="cw/p", version="1.0.0", digest="d" * 64,
    bindings=[
        ReleasedBinding(
            roles={"duty": "P-101A"},
            writes=[
                ReleasedWrite(step="a", tag="X.sp", value=1e-07),
                ReleasedWrite(step="b", tag="X.sp", range=[-1.0, 2e22]),
                ReleasedWrite(step="c", tag="X.mode", value=1),
                ReleasedWrite(step="d", tag="X.on", value=True),
            ],
        )
    ],
)  # fmt: skip
DAY = timedelta(days=1)
ROSTER = roster_of(
    boss(), record_of("eva", "engineer"), record_of("anna"),
    record_of("emil", "engineer", valid=DAY),
)  # fmt: skip


@pytest.mark.parametrize(
    ("by", "signed_in", "revoked", "fault"),
    [
        ("boss", DAY, "", ""),
        ("eva", DAY, "anna", ""),
        ("anna", DAY, "", "anna is neither administrator nor engineer"),
        ("eva", DAY, "eva", "the key of eva is revoked"),
        ("eva", DAY, "boss", "the key of eva is revoked"),
        ("emil", timedelta(), "", "emil is not enrolled with the key"),
        ("eva", -DAY, "", "eva was not enrolled when it was signed"),
    ],
)
def test_a_release_counts_by_its_signer(
    by: str, signed_in: timedelta, revoked: str, fault: str
) -> None:
    operator = next(each for each in ROSTER.operators if each.person == by)
    release = sign_release(UNSIGNED, SITE, operator, key_of(by), START + signed_in)
    keys = frozenset({key_id(revoked)} if revoked else ())
    found = release_fault(release, SITE, ROSTER, keys, START + YEAR / 2)
    assert (found.startswith(fault), bool(found)) == (True, bool(fault))
    other = release_fault(release, "another-site", ROSTER, keys, START + YEAR / 2)
    assert other == found or other.startswith("its signature does not fit")


def test_a_lock_is_read_as_it_was_written(tmp_path: Path) -> None:
    site = site_of(tmp_path, boss())
    assert read_lock(site).playbooks == []
    operator = ROSTER.operators[0]
    releases = [
        sign_release(
            UNSIGNED.model_copy(update={"id": name}), SITE, operator, key_of("boss"), START
        )
        for name in ("cw/q", "cw/p", "cw/q")
    ]
    written = PlaybooksLock(playbooks=[]).replaced(releases)
    (tmp_path / LOCK_FILE).write_text(written.text, "utf-8")
    assert read_lock(site) == written
    assert [each.id for each in written.playbooks] == ["cw/p", "cw/q"]
    assert not any(
        release_fault(each, SITE, ROSTER, frozenset(), START) for each in read_lock(site).playbooks
    )


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"cw/p"', '"cw/q"', "stands here twice: cw/q"),
        ('"value": true', '"value": true, "range": [1, 2]', r":15:6: .* either a value or a range"),
        ('"version": ', "", r":\d+:\d+: "),
        ("[-1.0, 2e+22]", "[NaN, 1]", ": "),
    ],
)
def test_a_damaged_lock_says_where(tmp_path: Path, old: str, new: str, place: str) -> None:
    site, operator = site_of(tmp_path, boss()), ROSTER.operators[0]
    releases = [
        sign_release(
            UNSIGNED.model_copy(update={"id": name}), SITE, operator, key_of("boss"), START
        )
        for name in ("cw/p", "cw/q")
    ]
    text = PlaybooksLock(playbooks=[]).replaced(releases).text
    assert old in text
    (tmp_path / LOCK_FILE).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError, match=place) as error:
        read_lock(site)
    assert LOCK_FILE in str(error.value)
