"""A word that is old, early, or of another boot counts for nothing, whatever it is about."""

from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.administration import release_lockout, revoke_key
from handwheel.tools.guardrails.approval.decide import decide, propose
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
    Signed,
    SubjectVerdict,
    key_subject,
    lockout_subject,
)
from handwheel.tools.requests.canonical import digest
from handwheel.tools.requests.timestamps import Instant, stamp

from ....gate.testbed.authority_grant import signed_word
from ....gate.testbed.in_memory import Room
from ....sites import people
from ....sites.authority_site import later
from ....sites.in_memory import make_site

KEY, LOCK = key_subject(people.key_id("anna")), lockout_subject("P-101A", 1)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Room]:
    """A locked pump, and a write whose outcome nobody knows."""
    room = Room(make_site(tmp_path))
    await room.start_gate()
    request = room.desk.propose(("P-101B.run_cmd", True))
    room.desk.approve(request)
    room.plant.fault = "answer lost"
    await room.act()
    assert room.desk.states(request) == ["UNKNOWN"]
    room.desk.lock_out("P-101A")
    room.watch()
    lockout_file(room.site.state, "P-101A").unlink()
    yield room
    room.close()


Take = Callable[[Instant], object]


def _site_word(room: Room, verdict: SubjectVerdict, subject: str, by: str, **said: Any) -> Signed:
    context = room.desk.decision_context
    return signed_word(context, verdict, subject, room.clock.now(), by=by, **said)


def _release(room: Room) -> Take:
    signed = _site_word(room, "release", LOCK, "boss")
    return lambda now: release_lockout(room.desk.decision_context, "P-101A", 1, signed, now)


def _revoke(room: Room) -> Take:
    signed = _site_word(room, "revoke-key", KEY, "boss")
    return lambda now: revoke_key(room.desk.decision_context, signed, now)


def _propose(room: Room) -> Take:
    request, _ = room.desk.request([("PIC-102.sp", 340.0)])
    until = stamp(later(60.0, now=room.clock.now()).wall)
    signed = room.desk.signed("propose", request, "gina", card=None, valid_until=until)
    return lambda now: propose(room.desk.decision_context, request, signed, None, now)


def _resolve(room: Room) -> Take:
    action_id = room.desk.database.all("SELECT action_id FROM action")[0][0]
    request = room.desk.record(action_id).request
    card = room.desk.outcome(request, action_id)
    about = {"digest": request.digest, "card": digest("card", card)}
    signed = _site_word(room, "resolve-applied", action_id, "anna", **about)
    return lambda now: decide(room.desk.decision_context, signed, card, now)


WORDS: Mapping[str, Callable[[Room], Take]] = {
    "release": _release, "revoke-key": _revoke, "propose": _propose, "resolve": _resolve,
}  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("last", [0.0, 59.999])
def test_a_word_counts_only_while_it_holds(desk: Room, word: str, last: float) -> None:
    take, now = WORDS[word](desk), desk.clock.now()
    for moment, reason in (
        (later(-0.001, now=now), Reason.FUTURE),
        (later(60.0, now=now), Reason.EXPIRED),
        (later(1.0, boot="the next", now=now), Reason.REBOOTED),
        (later(1.0, wall_s=2.001, now=now), Reason.CLOCK_STEP),
        (later(3.0, wall_s=-2.001, now=now), Reason.CLOCK_STEP),
    ):
        with pytest.raises(DecisionRefused, match=str(reason)):
            take(moment)
        rows = [row.fields for row in desk.desk.database.journal()]
        assert rows[-1]["kind"] == "decision.refused", moment
        assert rows[-1]["body"]["reason"] == str(reason), moment
    take(later(last, now=now))
    with pytest.raises(DecisionRefused, match=str(Reason.SAME_NONCE)):
        take(later(last, now=now))


def test_a_key_is_taken_back_by_an_administrators_word_about_it(desk: Room) -> None:
    context = desk.desk.decision_context
    words: tuple[tuple[SubjectVerdict, str, str, dict[str, Any], str], ...] = (
        ("release", KEY, "boss", {}, str(Reason.NOT_APPROVED)),
        ("revoke-key", LOCK, "boss", {}, str(Reason.NOT_APPROVED)),
        ("revoke-key", KEY, "boss", {"meaning": "I revoke something"}, str(Reason.OTHER_MEANING)),
        ("revoke-key", KEY, "bert", {"role": "fitter"}, str(Reason.ROLE_NOT_HELD)),
        ("revoke-key", KEY, "gina", {}, "gina is no administrator"),
    )
    for verdict, subject, by, said, reason in words:
        with pytest.raises(GuardrailError, match=reason):
            revoke_key(context, _site_word(desk, verdict, subject, by, **said), desk.clock.now())
        assert context.revoked_keys() == frozenset(), reason
    _revoke(desk)(desk.clock.now())
    assert context.revoked_keys() == {people.key_id("anna")}
