"""What the agents cannot write down, or do not understand, stops no rollback and no order."""

# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from handwheel.agents.cases.site_cases import SiteCases
from handwheel.connectors.denial import Denial
from handwheel.playbooks.engine.inputs import FiledRequest
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.errors import ToolFailed, Unanswered
from handwheel.tools.guardrails.approval.messages.agents import Effects
from handwheel.tools.guardrails.approval.messages.run_events import RecordEvent
from handwheel.tools.guardrails.ledger.runs import asset_owners
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures.message import Message

from ..testbed.stepped_agents import OUT_A, START_B, START_B_BACK, STOP_A, AgentsRoom

SILENT = Unanswered("the gate does not answer")
LIMITS = "handwheel.tools.guardrails.approval.request_limits._queue_denial"
OWNERS = "handwheel.agents.site_agents.asset_owners"
NOTIFIES = (
    "on_fail: {retry: 0, then: rollback}",
    "on_fail: {then: rollback, notify: shift-supervisor}",
)
RAISES_AT_WORK = (
    "evidence: [{trend: duty.vibration, last: 24 h}, {trend: duty.bearing_temp, last: 24 h}, "
    "{trace: self}]}",
    "evidence: [{trace: self}]}\n    on_fail: {then: rollback}",
)


def _failing(real: Callable[..., object], *errors: Exception) -> Callable[..., object]:
    """A function that fails with each of some errors once, and works then."""
    left = list(errors)

    def fail(*given: object, **more: object) -> object:
        if left:
            raise left.pop(0)
        return real(*given, **more)

    return fail


def _each_message_fails_once(patch: pytest.MonkeyPatch, *, is_recorded: bool) -> list[str]:
    """Lets each kind of message fail once; returns the kinds that have failed.

    Args:
        is_recorded: Whether the gate has taken the message, and only its answer is lost. A run
            whose opening was not answered is held, which has a test of its own.
    """
    real, failed = LedgerWriter._submit, list[str]()
    done = dict[str, Sequence[JournalRow]]()  # what the gate answers when it is asked again

    def submit(writer: LedgerWriter, message: Message) -> Sequence[JournalRow]:
        operations = message.operations if isinstance(message, Effects) else ()
        names = (str(getattr(each, "kind", type(each).__name__)) for each in operations)
        kinds = " ".join(each.rpartition(".")[2] for each in names)
        if kinds in {"", *failed} or "OpenRun" in kinds:
            return done.pop(message.text, None) or real(writer, message)
        failed.append(kinds)
        if is_recorded:
            done[message.text] = real(writer, message)
        raise SILENT

    patch.setattr(LedgerWriter, "_submit", submit)
    return failed


@pytest.mark.parametrize("is_recorded", [False, True])
async def test_a_run_when_each_message_fails_once_does_everything_once(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch, is_recorded: bool
) -> None:
    failed = _each_message_fails_once(monkeypatch, is_recorded=is_recorded)
    await idle.start_agents()
    await idle.approved(1, 2)
    await idle.reach("COMPLETE")
    await idle.scan(3)
    assert idle.frames == [START_B, STOP_A, OUT_A]
    assert (len(idle.runs()), len(idle.requests()), len(idle.workorders.all())) == (1, 2, 1)
    assert idle.case.is_closed
    assert {"FileSegment filed", "SetDue due", "EndRequest completed"} <= {*failed}


@pytest.mark.parametrize("is_recorded", [False, True])
async def test_a_rollback_when_each_message_fails_once_does_everything_once(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, is_recorded: bool
) -> None:
    await room.reach_request(1)
    room.fault("F16", pump="P-101B")
    room.say("approve")
    failed = _each_message_fails_once(monkeypatch, is_recorded=is_recorded)
    await room.reach("ABORTED")
    await room.scan(3)
    assert room.frames == [START_B, START_B_BACK]
    assert room.case.returned["state"] == "ABORTED"
    assert {"SetDue due", "step aborting", "undone", "returned"} <= {*failed}


async def test_a_run_when_requests_often_cannot_be_read_ends_as_it_should(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looked = LedgerPort.requests, list[bool]()

    def silent_often(ledger: LedgerPort, names: Sequence[str]) -> list[FiledRequest]:
        looked.append(len(looked) % 5 == 0)
        if looked[-1]:
            raise SILENT
        return real(ledger, names)

    monkeypatch.setattr(LedgerPort, "requests", silent_often)
    await room.approved(1, 2)
    await room.reach("COMPLETE")
    assert looked.count(True) > 5
    assert room.frames[:2] == [START_B, STOP_A]


def _fill_disk(patch: pytest.MonkeyPatch, room: AgentsRoom, what: str = "raise_order") -> None:
    """Lets the work orders fail."""
    errors = [ToolFailed("the disk is full")] * 1000
    patch.setattr(room.workorders, what, _failing(getattr(room.workorders, what), *errors))


async def test_a_notice_that_cannot_be_written_stops_no_rollback(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await idle.start_with(NOTIFIES)
    await idle.reach_request(1)
    idle.fault("F16", pump="P-101B")
    _fill_disk(monkeypatch, idle, "notify")
    idle.say("approve")
    await idle.reach("ABORTED")
    assert idle.frames == [START_B, START_B_BACK]


async def test_a_work_order_that_cannot_be_raised_holds(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.approved(1, 2)
    real = room.workorders.raise_order
    _fill_disk(monkeypatch, room)
    await room.reach("HELD")
    assert "the disk is full" in room.run.reason
    assert room.frames == [START_B, STOP_A, OUT_A]
    monkeypatch.setattr(room.workorders, "raise_order", real)
    await room.ordered("resume", "COMPLETE")
    assert (len(room.workorders.all()), room.frames) == (1, [START_B, STOP_A, OUT_A])


async def test_a_work_order_that_cannot_be_raised_goes_where_its_step_says(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await idle.start_with(RAISES_AT_WORK)
    await idle.approved(1, 2)
    _fill_disk(monkeypatch, idle)
    await idle.reach("ABORTED")
    assert idle.run.step("work-order") == "FAILED"
    assert "the disk is full" in idle.run.reason
    assert idle.frames == [START_B, STOP_A, OUT_A]  # the pump in maintenance cannot be started


@pytest.mark.parametrize("kind", ["OpenRun", "opened"])
@pytest.mark.parametrize("recorded_at", [1, 3])
async def test_what_begins_a_case_or_a_run_without_an_answer_begins_it_once(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch, kind: str, recorded_at: int
) -> None:
    """The gate stalls for three attempts, and takes the message at one of them."""
    real, asked, done = LedgerWriter._submit, list[Message](), list[JournalRow]()

    def submit(writer: LedgerWriter, message: Message) -> Sequence[JournalRow]:
        operations = message.operations if isinstance(message, Effects) else ()
        names = {str(getattr(each, "kind", type(each).__name__)) for each in operations}
        if kind not in names or len(asked) > 3:
            return real(writer, message)
        asked.append(message)
        if len(asked) == recorded_at:
            done.extend(real(writer, message))
        if len(asked) <= 3:
            raise SILENT
        return done

    monkeypatch.setattr(LedgerWriter, "_submit", submit)
    await idle.start_agents()
    while not idle.runs():
        await idle.scan()
    await idle.scan(5)
    assert asked == asked[:1] * 4
    assert (idle.runs(), len(idle.cases())) == ([*idle.agents._runs.active], 1)


@pytest.mark.parametrize("event", ["filed", "due"])
async def test_a_fault_of_the_agents_without_an_answer_holds_the_run_later(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    if event == "due":
        await room.settles()
    seen = list[str]()

    record = RecordEvent.apply

    def bad(operation: RecordEvent, *given: Any) -> None:
        is_runs = operation.kind.startswith("run.")
        if is_runs and len(seen) < 3 and (seen or operation.kind == f"run.{event}"):
            seen.append(operation.kind)
            raise RuntimeError("a fault of ours") if len(seen) == 1 else SILENT
        record(operation, *given)

    monkeypatch.setattr(RecordEvent, "apply", bad)
    if event == "due":
        await room.approved(2)
    await room.reach("HELD")
    assert len(seen) == 3
    before = list(room.frames)
    await room.scan(20)
    assert (room.run.state, room.frames) == ("HELD", before)
    await room.ordered("stop", "STOPPED")


async def test_a_run_that_cannot_be_held_at_the_start_is_taken_up_later(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.approved(1)
    await room.kill_agents()
    record = RecordEvent.apply
    failing = _failing(record, SILENT, SILENT)

    def fail_at_held(operation: RecordEvent, *given: Any) -> None:
        (failing if operation.kind == "run.held" else record)(operation, *given)

    monkeypatch.setattr(RecordEvent, "apply", fail_at_held)
    await room.start_agents()
    assert room.run.state != "HELD"
    assert not room.agents._tasks.names
    await room.scan(2)
    assert room.run.state == "HELD"
    await room.ordered("abort", "ABORTED")


async def test_a_decision_read_as_the_ledger_fails_is_followed_and_the_end_of_it_told(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await room.reach_request(1)
    room.say("approve")
    monkeypatch.setattr(OWNERS, _failing(asset_owners, SILENT))
    await room.scan(3)
    assert room.run.state == "RUNNING"
    told = [each.getMessage() for each in caplog.records]
    assert told == [f"the ledger: {SILENT}", "the ledger: the gate answers again"]


async def test_a_case_that_cannot_be_given_back_at_the_start_is_later(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.reach_request(1)
    failing = _failing(SiteCases.note_run, *[SILENT] * 6)
    monkeypatch.setattr(SiteCases, "note_run", failing)
    room.say("reject")
    await room.reach("STOPPED")
    await room.restart_agents()
    assert room.case.run_id
    await room.scan(8)
    assert (room.case.run_id, room.case.returned["state"]) == ("", "STOPPED")


async def test_a_refusal_by_the_limits_stays_in_the_journal(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> Denial:
        return Denial("too many wait", "5 wait already")

    monkeypatch.setattr(LIMITS, full)
    await room.reach("NOT_STARTED")
    assert "5 wait already" in room.run.reason
    refused = [row for row in room.desk.database.journal() if '"request.refused"' in row.text]
    assert len(refused) == 1


async def test_a_deliberation_that_cannot_be_closed_ends_nobody(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def follow(thread: str) -> None:
        raise OSError("disk I/O error")

    await room.reach_request(1)
    monkeypatch.setattr(room.agents.deliberations, "follow", follow)
    room.say("reject")
    await room.reach("STOPPED")
    await room.scan()
