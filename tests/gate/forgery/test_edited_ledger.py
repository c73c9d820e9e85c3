"""Somebody with an SQL shell, or an old operators' file, unlocks, restores, sends again."""

import sqlite3
from dataclasses import replace

import pytest

from handwheel.tools.errors import InterlockActive, LedgerError
from handwheel.tools.guardrails.approval.administration import release_lockout, revoke_key
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.lifecycle import file_request
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.guardrails.signatures.administrators import locked_out
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
    Signed,
    SiteVerdict,
    key_subject,
    lockout_subject,
    meaning_of_subject,
)
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.request import ActionRequest

from ...attacks.sql_shell import insert_decision, insert_site_decision, shell_of, without_triggers
from ...sites import people
from ..testbed.with_oracle import SETPOINT, START_B, Watched

PULSE = ("P-101B.reset", True)
ADAM = people.roster_of(
    people.boss(), people.record_of("adam", "administrator"), people.record_of("gina"),
    people.record_of("anna"), people.record_of("bert", "shift-supervisor"),
)  # fmt: skip


def past_the_desk(room: Watched) -> ActionRequest:
    """A request that gina has signed and anna approves, whatever is locked out."""
    desk = room.desk
    request, _ = desk.request([START_B])
    room.note(request, "anna")
    assert file_request(desk.database, request, "", room.clock.now())
    signed = desk.signed("propose", request, "gina")
    with shell_of(room.site.state) as shell:
        insert_decision(shell, request.request_id, signed, None)
    desk.approve(request)
    return request


async def test_only_a_signature_ends_a_lockout_whatever_the_table_says(
    room: Watched, shell: sqlite3.Connection
) -> None:
    scope = "P-101B"
    room.desk.lock_out(scope)
    room.watch()
    lockout_file(room.site.state, scope).unlink()
    with pytest.raises(sqlite3.IntegrityError, match="lockout: such a row is there already"):
        shell.execute("INSERT OR REPLACE INTO lockout VALUES (?, 1, 0)", (scope,))
    subject = lockout_subject(scope, 1)
    insert_site_decision(shell, "release", subject, Signed("{}", "nobody signed"), None)
    assert shell.execute("UPDATE lockout SET is_locked = 0").rowcount == 1

    with pytest.raises(InterlockActive, match=f"locked out: {scope}"):
        room.desk.propose(START_B)
    request = past_the_desk(room)
    await room.act()
    assert room.reason(request) == f"locked out: {scope}"
    assert room.plant.frames == []
    assert any(
        f"lockout of {scope}: the ledger says released for the time 1, the journal locked" in each
        for each in room.faults()
    )

    say_as_adam(room, "release", subject)
    request = await room.carried_out(START_B)
    assert room.desk.states(request) == ["VERIFIED"]


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
    assert locked_out(room.site, room.desk.database) == {"P-101A": 1}
    say_as_adam(room, "release", lockout_subject("P-101A", 1))
    for generation in (1, 2):
        with pytest.raises(LostRace, match="is not locked out, or has been again"):
            say_as_adam(room, "release", lockout_subject("P-101A", generation))
    assert locked_out(room.site, room.desk.database) == {}
    assert room.faults() == ()
    room.desk.approve(waiting, "bert")
    room.note(waiting, "bert")
    await room.act()
    assert room.desk.states(waiting) == ["VERIFIED"]


@pytest.mark.parametrize("is_reset", [True, False])
async def test_what_the_journal_knows_of_is_not_sent_again(
    room: Watched, shell: sqlite3.Connection, *, is_reset: bool
) -> None:
    """Somebody deletes the intent, puts all back, and leaves every trigger as it was."""
    request = await room.carried_out(PULSE)
    assert room.desk.states(request) == ["VERIFIED"]
    room.clock.forward(5.0)
    room.plant.values["P-101B.reset"] = False  # a pulse falls back by itself
    if not is_reset:
        again = await room.carried_out(PULSE)
        assert room.desk.states(again) == ["VERIFIED"]
        return
    with without_triggers(shell):
        shell.execute("DELETE FROM intent")
        shell.execute("UPDATE request SET state = 'APPROVED'")
        shell.execute(
            "UPDATE action SET state = 'DUE', sent_at = NULL, due_boot_ms = ?",
            (room.clock.now().boot_ms,),
        )
    await room.act()
    name = request.commands[0].action_id
    assert room.suspended == [f"the journal has an intent for {name}: it is sent once"]
    await room.act()
    room.expect(request, "INVALIDATED", part="a frame may have been sent", frames=1)
    assert any("cannot go from VERIFIED to CLAIMED" in each for each in room.faults())


@pytest.mark.parametrize(
    "statement", ["DELETE FROM intent", "UPDATE intent SET wire = 'ff'", "SELECT 1"]
)
async def test_an_intent_that_the_ledger_holds_no_more_lets_nothing_leave(
    room: Watched, shell: sqlite3.Connection, statement: str
) -> None:
    """Somebody reaches for its row between the commit and the permit."""
    request, reach = room.approved(START_B), room.fuse.reach
    name = request.commands[0].action_id

    def reach_or_alter(point: str) -> None:
        reach(point)
        if point == "anchored" and shell.execute("SELECT 1 FROM intent").fetchone():
            room.fuse.reach = reach  # type: ignore[method-assign]
            with without_triggers(shell):
                shell.execute(statement)

    room.fuse.reach = reach_or_alter  # type: ignore[method-assign]
    await room.act()
    if statement == "SELECT 1":
        assert room.desk.states(request) == ["VERIFIED"]
        return
    assert room.suspended == [f"the ledger does not hold the intent of {name}"]
    await room.act()
    assert room.desk.states(request) == ["UNKNOWN"]  # and nobody sends it once more
    assert "whether it was sent is not known" in room.reason(request)
    assert room.plant.frames == []


@pytest.mark.way_in("F3")
@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER intent_is_never_deleted",
        "CREATE TABLE mine(a)",
        "INSERT INTO legal_transition VALUES ('action', 'VERIFIED', 'DUE')",
        "ANALYZE",
    ],
)
async def test_a_ledger_whose_guards_were_altered_is_used_no_more(
    room: Watched, shell: sqlite3.Connection, statement: str
) -> None:
    request = room.approved(START_B)
    if statement.startswith("INSERT"):
        with without_triggers(shell, "legal_transitions_are_fixed"):
            shell.execute(statement)
    else:
        shell.execute(statement)
    altered = "its tables or triggers were altered"
    await room.act()
    if statement == "ANALYZE":
        Database(room.site.state, room.site.id).close()
        assert (room.desk.states(request), len(room.plant.frames)) == (["VERIFIED"], 1)
        return
    assert [altered in each for each in room.suspended] == [True]
    with pytest.raises(LedgerError, match=altered):
        Database(room.site.state, room.site.id)
    assert (room.desk.states(request), room.plant.frames) == (["CLAIMED"], [])
