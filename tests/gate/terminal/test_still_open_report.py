"""What is still open, or did not come, is told first: in the report, and to the next shift."""

from collections.abc import Iterable

import pytest

from handwheel.hmi.journal.report.layout import ReportWriter
from handwheel.hmi.journal.report.lease_text import note_closed_writes
from handwheel.hmi.journal.report.open_items import write_open
from handwheel.hmi.journal.rows.entries import read_journal
from handwheel.tools.guardrails.interlocks.authority import take_authority
from handwheel.tools.guardrails.ledger.runs import RunEntry, open_run, record_event
from handwheel.tools.guardrails.ledger.store.journal import JournalRow

from ...attacks.sql_shell import shell_of
from ..interlocks.suspension_causes import PaperConnection, read_by
from ..leases.test_expiry import in_lease
from ..testbed.authority_grant import give
from ..testbed.runner import RUN, Runner
from ..testbed.with_oracle import SETPOINT, START, STOP, Watched

LABELS = (
    "waiting", "approved", "unresolved", "not undone", "runs", "suspended", "locked out",
    "authority",
)  # fmt: skip


def _told(room: Watched) -> dict[str, str]:
    """What the report says is still open, by label."""
    return _told_of(room.desk.database.journal())


def _told_of(rows: Iterable[JournalRow]) -> dict[str, str]:
    journal = read_journal(rows)
    note_closed_writes(list(journal.requests.values()), journal.entries)
    report = ReportWriter()
    write_open(report, journal)
    found: dict[str, str] = {}
    first = next(number for number, line in enumerate(report.lines) if line.startswith("  waiting"))
    for line in report.lines[first:]:
        label, text = line[2:16].strip(), line[16:]
        found[label or list(found)[-1]] = text if label else f"{list(found.values())[-1]} {text}"
    return found


async def test_what_waits_and_what_nobody_knows_is_named(room: Watched) -> None:
    waiting = room.desk.propose(START).request_id
    unknown = await room.carried_out(SETPOINT, fault="answer lost")
    told = _told(room)
    assert told["waiting"] == f"{waiting}, at most until 2026-11-25 09:20:25.000 UTC (Wednesday)"
    assert told["approved"] == unknown.request_id
    assert told["unresolved"] == f"{unknown.request_id}/c1 is UNKNOWN: PIC-102.sp"
    room.desk.resolve(f"{unknown.request_id}/c1", "resolve-not-applied")
    assert (_told(room)["unresolved"], _told(room)["approved"]) == ("none", "none")
    room.desk.say("reject", room.desk.record(waiting).request, "anna")
    assert _told(room) == dict.fromkeys(LABELS, "none")


async def test_what_stays_written_is_named_until_it_is_no_more(room: Watched) -> None:
    request = await in_lease(room)
    assert _told(room)["approved"] == f"{request.request_id}, with a lease"
    room.kill_gate()
    await room.start_gate()
    words = f"{request.request_id}/c1: PIC-102.sp = 360 kPa (was 350 kPa)"
    assert _told(room)["not undone"] == words
    room.clock.forward(60.0)
    await room.go_through(("PIC-102.sp", 352.0))
    assert _told(room)["not undone"] == "none"


async def test_who_may_act_and_what_is_locked_out_is_named(room: Watched) -> None:
    room.desk.lock_out("P-101A")
    room.watch()
    until = give(room.desk.decision_context, "P-101B", room.clock.now(), lasts_s=600.0)
    told = _told(room)
    assert until == "2026-11-25T09:00:25.000Z"
    assert told["locked out"] == "P-101A, since 2026-11-25 08:50:25.000 UTC (Wednesday)"
    assert told["authority"] == (
        "P-101B: AGENT, agents may write as well; by anna, until 2026-11-25 09:00:25.000 UTC "
        "(Wednesday)"
    )
    room.clock.forward(601.0)
    room.desk.release("P-101A")
    assert (_told(room)["locked out"], _told(room)["authority"]) == ("none", "none")
    take_authority(room.desk.database, room.site, "P-101B", "LOCAL", "carl", room.clock.now())
    words = "P-101B: LOCAL, no requests are executed there; by carl"
    assert _told(room)["authority"] == words


async def test_an_open_run_is_named_with_what_nothing_took_back(runner: Runner) -> None:
    room, database = runner.room, runner.room.desk.database
    entry = RunEntry(RUN.run_id, RUN.playbook, True)
    opened = {"playbook": RUN.playbook, "assets": ["PUMPS-101", "STR-101"]}
    assert not open_run(database, entry, opened["assets"], opened, runner.holder, room.clock.now())[
        1
    ]
    request = runner.approved()
    _happens(runner, "filed", request_id=request.request_id, steps=["start"], within_s=900.0)
    await runner.carry_out(request, "c1", "c2")
    await runner.carry_out(request, "r1")
    room.kill_gate()
    await room.start_gate()
    _happens(runner, "holding", reason="its approval has ended", at_once=True)
    _happens(runner, "held", reason="its approval has ended")
    name = request.request_id
    assert runner.states(request).split()[:4] == ["VERIFIED"] * 3 + ["INVALIDATED"]
    held = (
        "U-00000001 is HELD since 2026-11-25 08:50:25.000 UTC (Wednesday): playbook "
        "cw/change-over on PUMPS-101, STR-101"
    )
    left = f"not undone: {name}/c1: P-101A.run_cmd = true; its undo {name}/r2 is INVALIDATED"
    assert _told(room)["runs"] == f"{held} {left}"
    room.clock.forward(5.0)
    await room.go_through(STOP)
    assert _told(room)["runs"] == held
    _happens(runner, "stopping", reason="a person")
    _happens(runner, "stopped", reason="a person")
    assert _told(room)["runs"] == "none"


def _happens(runner: Runner, kind: str, **body: object) -> None:
    database, now = runner.room.desk.database, runner.room.clock.now()
    record_event(database, RUN.run_id, kind, body, runner.holder, now)


async def test_a_suspension_is_told_with_the_gate_that_came_after(room: Watched) -> None:
    read_by(room, PaperConnection("pkg", False, "nobody answers"))
    _look(room)
    told = _told(room)["suspended"]
    _record(room, "gate.stopped", "1", {"epoch": 1})
    assert _told(room)["suspended"] == f"{told}; gate 1 stopped after that"
    room.kill_gate()
    await room.start_gate()
    since = "gate 2 started after that and suspends again where it must"
    assert _told(room)["suspended"] == f"{told}; {since}"
    read_by(room, PaperConnection("pkg", False, "no route"))
    _look(room)
    anew = _told(room)["suspended"]
    assert "no route" in anew
    assert "nobody answers" not in anew
    assert "since," not in anew


def _look(room: Watched) -> None:
    room.watch()
    room.clock.forward(6.0)
    room.watch()


def _record(room: Watched, kind: str, subject: str, body: dict[str, object]) -> None:
    with room.desk.database.transaction(room.clock.now()) as transaction:
        transaction.record(kind, subject, body)


@pytest.mark.parametrize("is_before", [True, False])
async def test_a_signed_word_after_the_outcome_ends_it(room: Watched, is_before: bool) -> None:
    request = room.approved(START)
    action_id = request.commands[0].action_id
    room.plant.fault = "answer lost"
    await room.act()
    with shell_of(room.site.state) as shell:  # the table says that it is over; no row does
        shell.execute(
            "UPDATE action SET state = 'RESOLVED_NOT_APPLIED' WHERE action_id = ?", (action_id,)
        )
    assert _told(room)["unresolved"] == f"{action_id} is UNKNOWN: P-101A.run_cmd"
    room.desk.resolve(action_id, "resolve-applied")
    assert not room.rows("action.RESOLVED_APPLIED")
    if is_before:
        _record(room, "action.UNKNOWN", action_id, {"from": "SENDING", "to": "UNKNOWN"})
    told = f"{action_id} is UNKNOWN: P-101A.run_cmd" if is_before else "none"
    assert _told(room)["unresolved"] == told
