"""What the agents cannot write down, or do not understand, stops no rollback and no order."""

# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from handwheel.agents.deviations.site_cases import SiteCases
from handwheel.connectors.denial import Denial
from handwheel.playbooks.engine.inputs import FiledRequest
from handwheel.playbooks.execution.driver import hold_run
from handwheel.playbooks.execution.event_log import load_run
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.tools.errors import LedgerError, ToolFailed
from handwheel.tools.guardrails.ledger.runs import asset_owners, open_run, record_event
from handwheel.tools.guardrails.ledger.store.database import Transaction
from handwheel.tools.guardrails.ledger.store.journal import JournalRow

from ..testbed.stepped_agents import OUT_A, START_B, START_B_BACK, STOP_A, AgentsRoom

BUSY = LedgerError("database is locked")
OPEN = "handwheel.tools.guardrails.approval.messages.agents.open_run"
LIMITS = "handwheel.tools.guardrails.approval.request_limits._queue_denial"
OWNERS = "handwheel.agents.site_agents.asset_owners"
RECORD = "handwheel.tools.guardrails.approval.messages.agents.record_event"
NOTIFIES = (
    "on_fail: {retry: 0, then: rollback}",
    "on_fail: {then: rollback, notify: shift-supervisor}",
)
RAISES_AT_WORK = (
    "evidence: [{trend: duty.vibration, last: 24 h}, {trend: duty.bearing_temp, last: 24 h}, "
    "{trace: self}]}",
    "evidence: [{trace: self}]}\n    on_fail: {then: rollback}",
)


def _failing(
    real: Callable[..., object], *errors: Exception, at: object = None
) -> Callable[..., object]:
    """A function that fails with each of some errors once, and works then."""
    left = list(errors)

    def fail(*given: object, **more: object) -> object:
        if left and at in (None, *given):
            raise left.pop(0)
        return real(*given, **more)

    return fail


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


@pytest.mark.parametrize("event", ["aborting", "undone", "due"])
async def test_a_busy_ledger_stops_no_rollback(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    await room.reach_request(1)
    room.fault("F16", pump="P-101B")
    room.say("approve")
    await room.reach_step("start-standby", "VERIFY")
    monkeypatch.setattr(RECORD, _failing(record_event, BUSY, BUSY, at=event))
    await room.reach("ABORTED")
    assert room.frames == [START_B, START_B_BACK]


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


async def test_a_trigger_is_not_lost_on_a_busy_ledger(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OPEN, _failing(open_run, BUSY))
    await idle.start_agents()
    for _ in range(150):
        with suppress(LedgerError):  # which `SiteAgents.work` reports
            await idle.scan()
        if idle.runs():
            break
    await idle.approved(1)
    assert (len(idle.runs()), idle.frames) == (1, [START_B])


@pytest.mark.parametrize("event", ["filed", "due"])
async def test_a_fault_of_the_agents_on_a_busy_ledger_holds_the_run_later(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    if event == "due":
        await room.settles()
    seen = list[str]()

    def bad(database: object, run_id: str, kind: str, *given: object, **more: object) -> object:
        if len(seen) < 3 and (seen or kind == event):
            seen.append(kind)
            raise RuntimeError("a fault of ours") if len(seen) == 1 else BUSY
        return record_event(database, run_id, kind, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(RECORD, bad)
    if event == "due":
        await room.approved(2)
    await room.reach("HELD")
    assert len(seen) == 3
    before = list(room.frames)
    await room.scan(20)
    assert (room.run.state, room.frames) == ("HELD", before)
    await room.ordered("stop", "STOPPED")


async def test_a_run_that_a_busy_ledger_keeps_from_being_held_is_taken_up_later(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.approved(1)
    await room.kill_agents()
    monkeypatch.setattr(RECORD, _failing(record_event, BUSY, BUSY, at="held"))
    await room.start_agents()
    assert room.run.state != "HELD"
    assert not room.agents._tasks.names
    await room.scan(2)
    assert room.run.state == "HELD"
    await room.ordered("abort", "ABORTED")


async def test_a_ledger_busy_as_a_run_wakes_up_ends_nobody(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looked = LedgerPort.requests, list[bool]()

    def busy_once(ledger: LedgerPort, names: Sequence[str]) -> list[FiledRequest]:
        looked.append(len(looked) % 5 == 0)
        if looked[-1]:
            raise BUSY
        return real(ledger, names)

    monkeypatch.setattr(LedgerPort, "requests", busy_once)
    await room.approved(1, 2)
    await room.reach("COMPLETE")
    assert looked.count(True) > 5
    assert room.frames[:2] == [START_B, STOP_A]


@pytest.mark.parametrize("event", ["case.opened", "case.judged", "case.returned", "case.closed"])
async def test_a_ledger_busy_about_a_case_loses_nothing(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    failing = _failing(Transaction.record, BUSY, BUSY, at=event)
    monkeypatch.setattr(Transaction, "record", failing)
    await room.approved(1, 2)
    await room.reach("COMPLETE")
    await room.scan(3)
    assert (room.case.is_closed, len(room.runs())) == (True, 1)
    assert room.frames == [START_B, STOP_A, OUT_A]


async def test_a_decision_read_as_the_ledger_fails_is_followed(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.reach_request(1)
    room.say("approve")
    monkeypatch.setattr(OWNERS, _failing(asset_owners, BUSY))
    await room.scan(2)
    assert room.run.state == "RUNNING"


async def test_a_case_that_cannot_be_given_back_at_the_start_is_later(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.reach_request(1)
    busy = _failing(SiteCases.note_run, *[BUSY] * 6)
    monkeypatch.setattr(SiteCases, "note_run", busy)
    room.say("reject")
    await room.reach("STOPPED")
    await room.restart_agents()
    assert room.case.run_id
    await room.scan(8)
    assert (room.case.run_id, room.case.returned["state"]) == ("", "STOPPED")


@pytest.mark.parametrize("event", ["run.filed", "run.step"])
async def test_an_event_that_was_not_anchored_is_recorded_once(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    anchors, left = room.desk.database.anchors, [event]
    real = anchors.note

    def note(rows: Sequence[JournalRow], *, waits: bool = True) -> None:
        real(rows, waits=waits)
        if left and any(row.fields["kind"] == event for row in rows):
            raise LedgerError(f"{left.pop()} is not anchored")

    monkeypatch.setattr(anchors, "note", note)
    await room.approved(1)
    await room.reach_step("settle", "PERFORM")
    assert (load_run(room.desk.database, room.run_id), left) == (room.run, [])


async def test_a_hold_that_fails_hides_no_row_from_its_run(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.reach_request(1)
    ledger, run_id = room.agents._context.ledger, room.run_id
    log = room.agents._runs.active[run_id].driver.log
    with monkeypatch.context() as patch, suppress(LedgerError):
        patch.setattr(RECORD, _failing(record_event, BUSY, at="held"))
        hold_run(log, ledger, "a test")
    head = room.desk.database.head()
    assert head is not None
    assert (ledger._seq, log.run.state) == (head.seq, "WAITING_APPROVAL")


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
