"""A ledger that was only written to passes; each tampering with a copy of it is told."""

import sqlite3
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import pytest

from handwheel.tools.guardrails.audit.audit import Audit, audit
from handwheel.tools.guardrails.ledger.latched_lockouts import latch
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import ActionRequest

from ....attacks import journal_tampering as forge
from ....attacks.journal_tampering import (
    Rows,
    claimed,
    said_of_authority,
    unreadable,
    without,
    write_anew,
)
from ....attacks.sql_shell import copy_ledger, shell_of, without_triggers
from ....gate.testbed.in_memory import Room

Shell = sqlite3.Connection
taken = partial(said_of_authority, "authority.taken")
UNTIL = "2027-01-01T00:00:00.000Z"
given = partial(said_of_authority, "authority.given")


async def _live(room: Room) -> list[ActionRequest]:
    """A day: one action verified, one by two people, one unknown and resolved, one revoked."""
    requests: list[ActionRequest] = []
    for writes, people, fault in (
        ((("P-101A.run_cmd", False), ("PIC-102.sp", 360.0)), ["anna"], "none"),
        ((("P-101A.mode", 0),), ["anna", "bert"], "none"),
        ((("PIC-102.sp", 340.0),), ["bert"], "answer lost"),
    ):
        room.clock.forward(30.0)  # past the cool-down
        requests.append(room.desk.propose(*writes))
        room.desk.approve(requests[-1], *people)
        for _ in writes:
            room.plant.fault = fault  # type: ignore[assignment]
            await room.act()
    room.desk.resolve(f"{requests[-1].request_id}/c1", "resolve-applied")
    requests.append(room.desk.propose(("PIC-102.sp", 350.0)))
    room.desk.approve(requests[-1])
    room.desk.say("revoke", requests[-1], "anna")
    room.desk.revoke_key("bert")
    room.desk.release("P-101B")
    return requests


@pytest.fixture(scope="module")
async def copy(room: Room, tmp_path_factory: pytest.TempPathFactory) -> Path:
    await _live(room)
    folder = tmp_path_factory.mktemp("copy")
    copy_ledger(room.site.state, folder)
    return folder


@pytest.fixture
def folder(copy: Path, tmp_path: Path) -> Path:
    copy_ledger(copy, tmp_path)
    return tmp_path


@pytest.fixture
def shell(folder: Path) -> Generator[Shell]:
    """A shell on the copy; whoever tampers with it takes every trigger away, and puts it back."""
    with shell_of(folder) as shell:
        yield shell


def _audited(room: Room, folder: Path) -> Audit:
    context = room.desk.decision_context
    with Database(folder, room.site.id) as database:
        return audit(database, room.site, context.roster, context.policy.satisfies)


def test_a_ledger_of_the_real_code_passes_with_its_numbers(room: Room, folder: Path) -> None:
    found = _audited(room, folder)
    assert found.faults == ()
    # One verified action is from the fixture that the room comes from.
    assert (found.requests, found.intents) == (5, 5)
    assert found.decisions == len(
        room.desk.database.all("SELECT 1 FROM journal WHERE kind = 'decision'")
    )


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE journal SET text = replace(text, 'a test', 'a fest') WHERE kind = 'request.filed'",
         "its hash does not fit its text"),
        ("DELETE FROM journal WHERE seq = 9", "row 10: stands where row 9 belongs"),
        ("UPDATE action SET state = 'ABORTED_NOT_SENT' WHERE state = 'VERIFIED'",
         "the ledger says ABORTED_NOT_SENT, the journal VERIFIED"),
        ("UPDATE request SET state = 'APPROVED' WHERE state = 'REVOKED'",
         "the ledger says APPROVED, the journal REVOKED"),
        ("INSERT INTO action(action_id, request_id, position, kind, equipment, tag) SELECT "
         "request_id || '/c9', request_id, 9, 'command', '', '' FROM request LIMIT 1",
         "/c9: the ledger says PLANNED, the journal nothing"),
        ("UPDATE request SET text = replace(text, 'a test asks', 'a fest asks')",
         "the ledger says has the digest"),
        ("UPDATE intent SET wire = '00'", "the ledger says sends 00, the journal sends 01"),
        ("DELETE FROM decision WHERE verdict = 'revoke'", "decision "),
        ("UPDATE decision SET signature = '00'", "the ledger says 00 to "),
        ("UPDATE decision SET verdict = 'propose' WHERE verdict = 'revoke-key'",
         " to propose key:"),
        ("UPDATE decision SET chain = NULL WHERE verdict = 'revoke-key'", ", vouched for by "),
        ("UPDATE lockout SET generation = 7",
         "lockout of P-101B: the ledger says released for the time 7, the journal released for the "
         "time 1"),
        ("DELETE FROM lockout", "lockout of P-101B: the ledger says nothing, the journal released"),
        ("INSERT INTO authority VALUES ('site', 1, 'OPERATOR', 'anna', NULL)",
         "authority over site: the ledger says OPERATOR for the time 1, the journal nothing"),
    ],
)  # fmt: skip
def test_what_a_shell_changes_is_told(
    room: Room, folder: Path, shell: Shell, statement: str, fault: str
) -> None:
    with without_triggers(shell):
        assert shell.execute(statement).rowcount > 0
    faults = _audited(room, folder).faults
    assert any(fault in each for each in faults), faults


def test_an_unreadable_row_is_told_once_yet_seen(room: Room, folder: Path, shell: Shell) -> None:
    """Who signed in view of it signed in view of this ledger."""
    statement = "UPDATE journal SET text = replace(text, '{\"', '{ \"') WHERE kind = ?"
    with without_triggers(shell):
        shell.execute(statement, ("lockout.latched",))
    found = [each.partition(": ")[2] for each in _audited(room, folder).faults]
    assert "it is not in canonical form" in found
    assert not any("cannot be read" in each or "another ledger" in each for each in found), found


def test_later_rows_are_no_fault_and_a_tail_that_was_cut_off_is_told(
    room: Room, folder: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = room.desk.decision_context
    with Database(folder, room.site.id) as database, Database(folder, room.site.id) as other:
        rows = len(list(database.journal()))
        journal = database.journal

        def and_meanwhile(after: int = 0) -> Iterator[JournalRow]:
            yield from journal(after)
            latch(other, "P-101A", ["P-101A"], room.clock.now())

        monkeypatch.setattr(database, "journal", and_meanwhile)
        found = audit(database, room.site, context.roster, context.policy.satisfies)
        assert (found.rows, found.faults) == (rows, ())
        assert len(list(journal())) > rows
        monkeypatch.undo()
        with without_triggers(shell):
            shell.execute("DELETE FROM journal WHERE seq > 20")
        faults = audit(database, room.site, context.roster, context.policy.satisfies).faults
    assert any("are missing: they were anchored" in each for each in faults), faults


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (forge.another_signature, "does not count: the signature does not fit the decision"),
        (forge.another_signature, "was sent without enough signatures: not enough people"),
        (forge.another_person, "does not count: the key belongs to somebody else"),
        (forge.another_card, "was made on another card"),
        (forge.other_bytes, "was sent with other bytes than were submitted"),
        (forge.twice, "was to be sent a second time"),
        (without("decision", '"verdict":"approve"'), "was sent without enough signatures"),
        (without("request.APPROVED"), "was sent without an approval"),
        (without("request.filed"), "was never submitted"),
        (without("action.intent"), "was sent without an intent"),
        (without("lockout.latched"), "lockout 1 of P-101B was released, but not latched"),
        (without("lockout.latched"), "was made in view of another ledger"),
        (without("decision", '"verdict":"release"'), "released, and no administrator has signed"),
        (forge.administrator_revoked, "on lockout:P-101B:1 does not count: the key is revoked"),
        (forge.no_chain, "does not count: no administrator has signed it"),
        (forge.locked_out, "was sent during the lockout of site"),
        (forge.locked_out_and_released, "was sent, and asked for before a lockout of site"),
        (forge.twice_locked_out, "lockout 1 of P-101B does not follow lockout 1"),
        (claimed("/c1", 60.001), "/c1 was sent on an approval that had been given more than 60 s"),
        (claimed("/c2", 600.001), "/c2 was sent on an approval that had been given more than 600"),
        (forge.rebooted, "60 s before, or before a restart or a clock step"),
        (without("action.SENDING"), "cannot go from CLAIMED to VERIFIED"),
        (forge.a_shortcut, "cannot go from DUE to SENDING"),
        (forge.no_readback, "is VERIFIED without a read-back"),
        (forge.not_read, "/c1 is VERIFIED unread, and P-101A.run_cmd would show it"),
        (without("decision", "resolve-applied"), "RESOLVED_APPLIED, and no person has signed that"),
        (without("gate.started"), "was sent by gate 1, not by 0"),
        (forge.twice_started, "gate 1 does not follow gate 1"),
        (taken("PUMPS-101", mode="LOCAL"), "/c1 was sent while PUMPS-101 was LOCAL"),
        (taken("site", mode="AGENT"), "site was taken over for agents, which only a signature do"),
        (taken("site", mode="OPERATOR", generation=2), "authority 2 over site does not follow 0"),
        (given("site", mode="AGENT", until=UNTIL), "site was granted to agents, and no person has"),
        (forge.another_text, "was submitted under another digest"),
        (forge.no_text, "is no request"),
        (forge.unknown_state, "cannot be read: 'TELEPORTED' is not a valid ActionState"),
        (unreadable("body", "nothing"), "cannot be read: string indices"),
        (unreadable("boot_s", "soon"), "cannot be read: can't multiply"),
    ],
)
def test_a_journal_written_anew_with_its_anchors_still_shows_it(
    room: Room, folder: Path, shell: Shell, tamper: Callable[[Rows], None], fault: str
) -> None:
    faults = _faults_after(tamper, room, folder, shell)
    assert any(fault in each for each in faults), faults
    assert not any("hash" in each or "anchored" in each for each in faults), faults


def _faults_after(
    tamper: Callable[[Rows], object], room: Room, folder: Path, shell: Shell
) -> tuple[str, ...]:
    """Somebody with all the time in the world makes every hash and anchor fit again."""
    texts = shell.execute("SELECT text FROM journal ORDER BY seq").fetchall()
    rows: Rows = [parse_canonical(text) for (text,) in texts]
    tamper(rows)
    write_anew(folder, shell, rows)
    return _audited(room, folder).faults


def test_an_action_may_begin_at_the_last_moment(room: Room, folder: Path, shell: Shell) -> None:
    for tamper in (claimed("/c1", 60.0), claimed("/c2", 600.0)):
        faults = _faults_after(tamper, room, folder, shell)
        assert not any("approval" in each for each in faults), faults
