"""The journal's rows have words of their own, and the report tells of leases and changed files."""

from collections.abc import Mapping
from typing import Any

import pytest

from handwheel.hmi.journal.report.file_changes import file_changes
from handwheel.hmi.journal.report.layout import ReportWriter
from handwheel.hmi.journal.report.lease_text import lease_summary, note_closed_writes
from handwheel.hmi.journal.report.request_chapter import write_request
from handwheel.hmi.journal.report.shift_handover import write_shift_handover
from handwheel.hmi.journal.report.signatures import Signatures
from handwheel.hmi.journal.rows.entries import Journal, JournalEntry, RequestHistory, read_journal
from handwheel.hmi.journal.rows.row_text import row_text
from handwheel.tools.requests.canonical import canonical

from ..leases.test_expiry import in_lease
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched

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
        ("gate.started", {}, None),
    ],
)  # fmt: skip
def test_a_row_has_words(kind: str, body: Mapping[str, Any], words: str | None) -> None:
    assert row_text(kind, "P-101A", body) == words


async def test_of_what_a_shift_was_not_shown_the_number_is_told(room: Watched) -> None:
    sections: list[dict[str, object]] = [
        {"title": "written", "lines": ["P-101A.run_cmd = true"], "more": 7},
        {"title": "waiting", "lines": []},
    ]
    card = canonical({"schema": "shift/1", "since": "now", "sections": sections})
    report, signatures = (
        ReportWriter(),
        Signatures(room.site, room.desk.decision_context.roster, frozenset(), ()),
    )
    write_shift_handover(report, JournalEntry(1, "", "", "", {"card": card}), signatures)
    assert [each.strip() for each in report.lines[1:4]] == [
        "written:      P-101A.run_cmd = true",
        "and 7 more, not shown",
        "waiting:      none",
    ]


def _journal(room: Watched) -> Journal:
    journal = read_journal(room.desk.database.journal())
    note_closed_writes(list(journal.requests.values()), journal.entries)
    return journal


def _in_short(room: Watched, name: str) -> str:
    history = _journal(room).requests[name]
    assert history.request is not None
    return lease_summary(history.request, history)


async def test_what_stays_open_is_told_until_somebody_writes_it(room: Watched) -> None:
    request = await in_lease(room)
    room.kill_gate()
    await room.start_gate()
    open_ = (
        "Its lease of 2 h: ABORTED, INVALIDATED (the gate was started after the approval); "
        "not undone: PIC-102.sp = 360 kPa (was 350 kPa)"
    )
    assert _in_short(room, request.request_id) == f"{open_}."
    room.clock.forward(60.0)
    await room.go_through(("PIC-102.sp", 352.0))
    later = list(_journal(room).requests)[-1]
    assert _in_short(room, request.request_id) == f"{open_}, until {later} wrote it."


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
    report = ReportWriter()
    write_request(
        report, history, Signatures(room.site, room.desk.decision_context.roster, frozenset(), ())
    )
    return report.text
