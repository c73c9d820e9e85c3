"""A ledger that fails, or a death, between a deed and its note: nothing is done twice."""

import pytest

from handwheel.playbooks.run.event_log import RunLog
from handwheel.playbooks.run.states import EventKind
from handwheel.tools.errors import LedgerError

from ..testbed.frames import OUT_A, START_B, STOP_A
from ..testbed.stepped_agents import AgentsRoom


class Killed(BaseException):
    """The process is gone; nobody may catch it."""


async def test_a_node_that_fails_between_filing_and_recording_files_once(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = _fail_once(monkeypatch, LedgerError("the disk is full"))
    await room.reach_request(1)
    assert failed == [EventKind.FILED]
    assert len(room.requests()) == 1
    room.say("approve")
    await room.scan(2)
    assert room.frames == [START_B]


async def test_a_death_between_filing_and_recording_files_once(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_once(monkeypatch, Killed())
    with pytest.raises(Killed):
        await room.reach_request(1)
    (filed,) = room.requests()
    assert not room.run.requests
    await room.kill_agents()
    room.desk.say("approve", filed.request, "anna")
    await room.start_agents()
    await room.scan(20)
    assert (room.run.state, room.due(), room.frames) == ("HELD", [], [])
    assert room.run.requests == (filed.request.request_id,)
    room.order("resume")
    await room.approved(2)
    assert (room.frames, room.request(1).state) == ([START_B], "SUPERSEDED")


def _fail_once(
    patch: pytest.MonkeyPatch, error: BaseException, at: EventKind = EventKind.FILED
) -> list[EventKind]:
    """Lets the process fail once, when it is about to note something."""
    record, failed = RunLog.record, list[EventKind]()

    def failing(log: RunLog, kind: EventKind, **body: object) -> None:
        if kind is at and not failed:
            failed.append(kind)
            raise error
        record(log, kind, **body)

    patch.setattr(RunLog, "record", failing)
    return failed


@pytest.mark.parametrize("kind", [
    EventKind.JUDGED, EventKind.APPROVED, EventKind.EXPECTED, EventKind.RAISED, EventKind.STEP,
    EventKind.COMPLETING, EventKind.COMPLETED,
])  # fmt: skip
async def test_what_could_not_be_noted_is_noted_later(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, kind: EventKind
) -> None:
    failed = _fail_once(monkeypatch, LedgerError("the disk is full"), kind)
    await room.approved(1, 2)
    await room.reach("COMPLETE")
    assert failed == [kind]
    assert room.frames == [START_B, STOP_A, OUT_A]
    assert len(room.workorders.all()) == 1


@pytest.mark.parametrize("error", [LedgerError("the disk is full"), Killed()])
async def test_what_is_due_and_not_noted_is_not_sent_twice(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    _fail_once(monkeypatch, error, EventKind.DUE)
    await room.reach_request(1)
    room.say("approve")
    if isinstance(error, Killed):
        with pytest.raises(Killed):
            await room.scan(3)
        await room.act()  # the gate does not know of it
        await room.restart_agents()
        await room.reach("HELD")
        room.order("resume")
    await room.approved(2)
    await room.reach("COMPLETE")
    assert room.frames == [START_B, STOP_A, OUT_A]
