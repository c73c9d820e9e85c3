"""An administrator who is not on the list any more: what they have said stays said."""

from dataclasses import replace

import pytest

from handwheel.tools.guardrails.approval.administration import release_lockout, revoke_key
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
    SiteVerdict,
    key_subject,
    lockout_subject,
    meaning_of_subject,
)
from handwheel.tools.guardrails.signatures.statement import Statement

from ...sites import people
from ..testbed.with_oracle import SETPOINT, START_B, Watched

ADAM = people.roster_of(
    people.boss(), people.record_of("adam", "administrator"), people.record_of("gina"),
    people.record_of("anna"), people.record_of("bert", "shift-supervisor"),
)  # fmt: skip


def say_as_adam(room: Watched, verdict: SiteVerdict, subject: str) -> None:
    """Adam's word, while he stands in the operators' file."""
    desk, mine = room.desk, room.desk.decision_context
    desk.decision_context = replace(mine, roster=ADAM)
    meaning = meaning_of_subject(verdict, subject)
    statement = Statement(verdict, meaning, "administrator", 60.0, subject=subject)
    signed = desk.sign("adam", statement)
    if verdict == "release":
        _, scope, generation = subject.split(":")
        release_lockout(desk.decision_context, scope, int(generation), signed, room.clock.now())
    else:
        revoke_key(desk.decision_context, signed, room.clock.now())
    desk.decision_context = mine


async def test_an_older_operators_file_restores_nobody_and_locks_nothing(room: Watched) -> None:
    """Adam revoked and released; in the file that somebody puts back he does not stand."""
    mine = room.approved(START_B)
    waiting = room.desk.propose(SETPOINT)
    assert room.desk.decision_context.roster.by_name("adam", room.clock.now().wall) is None
    say_as_adam(room, "revoke-key", key_subject(people.key_id("anna")))
    room.oracle.revoke_key("anna")
    with pytest.raises(DecisionRefused, match=str(Reason.REVOKED_KEY)):
        room.desk.approve(waiting, "anna")
    await room.act()
    assert f"anna: {Reason.REVOKED_KEY}" in room.reason(mine)
    assert room.plant.frames == []

    room.desk.lock_out("P-101A")
    room.watch()
    lockout_file(room.site.state, "P-101A").unlink()
    assert locked_scopes(room.desk.database) == {"P-101A": 1}
    say_as_adam(room, "release", lockout_subject("P-101A", 1))
    for generation in (1, 2):
        with pytest.raises(LostRace, match="is not locked out, or has been again"):
            say_as_adam(room, "release", lockout_subject("P-101A", generation))
    assert locked_scopes(room.desk.database) == {}
    assert room.faults() == ()
    room.desk.approve(waiting, "bert")
    room.note(waiting, "bert")
    await room.act()
    assert room.desk.states(waiting) == ["VERIFIED"]
