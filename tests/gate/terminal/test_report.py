"""The journal's rows and report: leases, changed files, and first what is still open."""

from collections.abc import Mapping
from typing import Any

import pytest

from handwheel.hmi.journal.report.file_changes import file_changes
from handwheel.hmi.journal.report.open_items import note_closed_writes, open_at_end
from handwheel.hmi.journal.report.report import render_request
from handwheel.hmi.journal.report.sentences import said, summary_fields
from handwheel.hmi.journal.report.signatures import Signatures
from handwheel.hmi.journal.rows.entries import Journal, RequestHistory, read_journal
from handwheel.hmi.journal.rows.row_text import row_text
from handwheel.hmi.requests.request_text import request_line
from handwheel.tools.guardrails.approval.messages.run_events import OpenRun, RecordEvent
from handwheel.tools.guardrails.approval.shift_handover import Section, ShiftSummary
from handwheel.tools.guardrails.ledger.listing import load_listed
from handwheel.tools.requests.proposer import guest_proposer

from ...attacks.past_the_checks import append_row
from ..approval.test_guest_requests import file
from ..interlocks.suspension_causes import MemoryConnection, read_by
from ..leases.test_expiry import in_lease
from ..testbed.authority_grant import give
from ..testbed.runner import RUN, Runner
from ..testbed.with_oracle import SETPOINT, START, START_B, STOP, Watched
from ..testbed.words import take_authority

BEAT = {"tag": "P-101A.hb", "count": 17, "reason": "the hand-over is over", "epoch": 2}


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("heartbeat.started",
         BEAT | {"scope": "PUMPS-101", "until": "2026-11-26T09:52:37.500Z", "wire": "0106"},
         "gate 2 started to write the heartbeat of P-101A to P-101A.hb; PUMPS-101 is granted to "
         "agents until 2026-11-26 09:52:37.500 UTC (Thursday)"),
        ("heartbeat.stopped", BEAT | {"unanswered": 0},
         "gate 2 stopped the heartbeat of P-101A: the hand-over is over; the last count was 17"),
        ("heartbeat.stopped", BEAT | {"unanswered": 1, "count": -1},
         "gate 2 stopped the heartbeat of P-101A: the hand-over is over; no count was sent; 1 "
         "count got no answer"),
        ("heartbeat.failed", BEAT | {"times": 3, "reason": "connection refused"},
         "the heartbeat of P-101A FAILED: 3 counts in a row to P-101A.hb were not written: "
         "connection refused"),
        ("lease.seen_back", {"reason": "PIC-102.sp reads 350 kPa again"},
         "the write is undone: PIC-102.sp reads 350 kPa again"),
        ("lease.lost", {"reason": "no process works on the runs"},
         "no process works on the run, so its writes are undone: no process works on the runs"),
        ("run.started", {}, None),
    ],
)  # fmt: skip
def test_a_row_has_words(kind: str, body: Mapping[str, Any], words: str | None) -> None:
    assert row_text(kind, "P-101A", body) == words


def test_of_what_a_shift_was_not_shown_the_number_is_told() -> None:
    sections = [
        Section(title="written", lines=["P-101A.run_cmd = true"], more=7),
        Section(title="waiting", lines=[]),
    ]
    at = "2026-11-26T08:00:00.000Z"
    summary = ShiftSummary(
        site="cw", at=at, since=at, seq=1, leaving="anna", coming="bert", sections=sections
    )
    assert summary_fields(summary) == {
        "since": [at],
        "written:": ["P-101A.run_cmd = true", "and 7 more, not shown"],
        "waiting:": ["none"],
    }


def _journal(room: Watched) -> Journal:
    journal = read_journal(room.desk.database.journal())
    note_closed_writes(list(journal.requests.values()), journal.entries)
    return journal


def _in_short(room: Watched, name: str) -> str:
    return said("lease", _journal(room).requests[name])


async def test_what_stays_open_is_told_until_somebody_writes_it(room: Watched) -> None:
    request = await in_lease(room)
    assert _told(room)["approved"] == f"{request.request_id}, with a lease"
    await room.restart_gate()
    left = "PIC-102.sp = 360 kPa (was 350 kPa)"
    assert _told(room)["not undone"] == f"{request.request_id}/c1: {left}"
    open_ = (
        "Its lease of 2 h: ABORTED, INVALIDATED (the gate was started after the approval); "
        f"not undone: {left}"
    )
    assert _in_short(room, request.request_id) == f"{open_}."
    room.clock.forward(60.0)
    await room.go_through(("PIC-102.sp", 352.0))
    later = list(_journal(room).requests)[-1]
    assert _in_short(room, request.request_id) == f"{open_}, until {later} wrote it."
    assert _told(room)["not undone"] == "none"


async def test_a_file_that_had_been_changed_is_told_of_the_request_after_it(room: Watched) -> None:
    names = [room.desk.propose(each).request_id for each in (START, START_B, SETPOINT)]
    cases = list(_journal(room).requests.values())
    assert list(file_changes(cases)) == []
    first = cases[0].request
    assert first is not None
    older = first.hashes.model_copy(update={"policy": "0" * 64})
    cases[0].request = first.model_copy(update={"hashes": older})
    (found,) = file_changes(cases)
    assert (found.seq, found.body["words"]) == (
        cases[1].entries[0].seq,
        f"policy.yaml was changed after {names[0]} was submitted and before {names[1]}",
    )


async def test_what_is_never_allowed_needs_nobody(room: Watched) -> None:
    room.desk.propose(START)
    (history,) = _journal(room).requests.values()
    assert "\n  needs " in _chapter(room, history)
    assert history.request is not None
    history.request = history.request.model_copy(update={"risk_class": "R4", "quorum": 2})
    text = _chapter(room, history)
    assert "R4, never allowed" in text
    assert "\n  needs " not in text


def _chapter(room: Watched, history: RequestHistory) -> str:
    roster = room.desk.decision_context.roster
    return render_request(history, Signatures(room.site, roster, frozenset(), ()))


def test_guest_is_told_as_neither_person_nor_agent(runner: Runner) -> None:
    room = runner.room
    request = file(runner, proposer=guest_proposer("anna", "lab", "a-model"))
    room.desk.approve(request)
    text = " ".join(_chapter(room, _journal(room).requests[request.request_id]).split())
    for told in (
        "proposer unverified guest program “anna” account lab, as the agents' process said",
        "model “a-model”, not verified",
        "“more margin for the change-over” (from a guest, not verified)",
    ):
        assert told in text
    proposal = text[: text.index("SIGNATURES")]
    assert "a person" not in proposal
    assert "an agent" not in proposal
    listed = load_listed(room.desk.database, every=True)[0]
    assert "(unverified guest program “anna”)" in request_line(listed, room.clock.now())


LABELS = (
    "waiting", "approved", "unresolved", "not undone", "runs", "suspended", "locked out",
    "authority",
)  # fmt: skip


def _told(room: Watched) -> dict[str, str]:
    """What the report says is still open, by label."""
    found = open_at_end(_journal(room))
    return {label: " ".join(lines) or "none" for label, lines in found.items()}


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
    room, assets = runner.room, ("PUMPS-101", "STR-101")
    opened = {"playbook": RUN.playbook, "assets": list(assets)}
    runner.make(OpenRun(run_id=RUN.run_id, playbook=RUN.playbook, assets=assets, body=opened))
    request = runner.approved()
    _happens(runner, "filed", request_id=request.request_id, steps=["start"], within_s=900.0)
    await runner.carry_out(request, "c1", "c2", "r1")
    await room.restart_gate()
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
    runner.make(RecordEvent(subject=RUN.run_id, kind=f"run.{kind}", body=body))


async def test_a_suspension_is_told_with_the_gate_that_came_after(room: Watched) -> None:
    read_by(room, MemoryConnection("pkg", False, "nobody answers"))
    _look(room)
    told = _told(room)["suspended"]
    append_row(room.desk.database, room.clock.now(), "gate.stopped", "1", {"epoch": 1})
    assert _told(room)["suspended"] == f"{told}; gate 1 stopped after that"
    await room.restart_gate()
    since = "gate 2 started after that and suspends again where it must"
    assert _told(room)["suspended"] == f"{told}; {since}"
    read_by(room, MemoryConnection("pkg", False, "no route"))
    _look(room)
    anew = _told(room)["suspended"]
    assert "no route" in anew
    assert "nobody answers" not in anew
    assert "since," not in anew


def _look(room: Watched) -> None:
    room.watch()
    room.clock.forward(6.0)
    room.watch()
