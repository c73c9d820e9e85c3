"""A person's hold or stop is the last word: whenever it comes, nothing more is written."""

import pytest

from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import RunLog
from handwheel.tools.guardrails.approval.run_orders import FreeOrder

from ..testbed.stepped_agents import OUT_A, START_B, START_B_BACK, STOP_A, AgentsRoom

LATE_STOP = (
    'expect: ["not duty.running", "PT-102.pv > 310 kPa", '
    '"abs(FT-103.pv - before(FT-103.pv)) < 6 m3/h"]',
    'expect: [{that: "TT-106.pv > 40 degC", within: 120 s}]',
)
LATE_OUT = (
    "    verify: {that: \"duty.mode == 'maintenance'\", within: 10 s}",
    '    expect: [{that: "TT-106.pv > 40 degC", within: 120 s}]\n'
    "    verify: {that: \"duty.mode == 'maintenance'\", within: 10 s}",
)
TWO_WRITES = (
    (
        "    write: {duty.run_cmd: false}\n",
        "    write: {duty.run_cmd: false, FIC-201.sp: 35 m3/h}\n",
    ),
    ("{duty.run_cmd: true}", "{duty.run_cmd: true, FIC-201.sp: 37 m3/h}"),
)
LESS_LOAD = "FIC-201.sp=35"
AT_REST = {"hold": "HELD", "stop": "STOPPED"}


def _order_when(
    patch: pytest.MonkeyPatch, room: AgentsRoom, order: FreeOrder, step: str, to: str
) -> None:
    """Lets a person order the run about in the very moment in which a step has come so far."""
    record, ordered = RunLog.record, list[str]()

    def recording(log: RunLog, kind: EventKind, **body: object) -> None:
        record(log, kind, **body)
        if kind is EventKind.STEP and (body["step"], body["to"]) == (step, to) and not ordered:
            ordered.append(step)
            room.order(order)

    patch.setattr(RunLog, "record", recording)


async def _comes_to_rest(room: AgentsRoom, order: FreeOrder, within_s: float = 130.0) -> None:
    """The run comes to where the order wants it, and nothing is written on the way or later."""
    before = list(room.frames)
    await room.reach("HELD", "STOPPED", "ABORTED", "COMPLETE", within_s=within_s)
    assert room.run.state == AT_REST[order]
    await room.scan(20)
    assert (room.run.state, room.frames) == (AT_REST[order], before)


@pytest.mark.parametrize(("order", "change", "step", "frames"), [
    ("stop", LATE_STOP, "stop-duty", [START_B, STOP_A]),
    ("hold", LATE_OUT, "work-order", [START_B, STOP_A, OUT_A]),
])  # fmt: skip
async def test_while_what_was_promised_is_awaited(
    idle: AgentsRoom, order: FreeOrder, change: tuple[str, str], step: str, frames: list[str]
) -> None:
    await idle.start_with(change)
    await idle.approved(1, 2)
    await idle.reach_step(step, "DONE")
    await idle.scan(2)
    assert idle.run.state == "RUNNING"
    idle.order(order)
    await idle.scan(3)
    idle.plant.lies["TT-106.pv"] = 41.0
    await _comes_to_rest(idle, order)
    if order == "hold":
        await idle.ordered("resume", "COMPLETE")
    assert idle.frames == frames


@pytest.mark.parametrize(("order", "step", "to"), [
    ("hold", "start-standby", "COMMAND"), ("stop", "stop-duty", "DONE"),
    ("hold", "inhibit", "COMMAND"),
])  # fmt: skip
async def test_between_one_step_and_the_next_write(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, order: FreeOrder, step: str, to: str
) -> None:
    _order_when(monkeypatch, room, order, step, to)
    await room.approved(1)
    if step != "start-standby":
        await room.approved(2)
        await room.reach_step("stop-duty", "DONE")
    await _comes_to_rest(room, order)
    assert room.frames == ([] if step == "start-standby" else [START_B, STOP_A])
    assert room.due() == [] or step != "start-standby"


async def test_while_the_plant_is_seen_too_seldom(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.speed = 2.0  # more than a third of the shortest grace
    await room.scan(6)
    room.say("approve")
    await room.scan(4)
    assert (room.run.state, room.due()) == ("RUNNING", [])
    room.order("stop")
    await room.scan(2)
    room.speed = 1.0
    await _comes_to_rest(room, "stop")
    assert (room.due(), room.frames) == ([], [])


async def test_between_two_writes_of_a_step(idle: AgentsRoom) -> None:
    await idle.start_with(*TWO_WRITES)
    await idle.approved(1)
    await idle.reach_request(2)
    idle.say("approve")
    await idle.until(lambda: STOP_A in idle.frames, "the first write")
    assert idle.frames == [START_B, STOP_A]
    idle.order("hold")
    await _comes_to_rest(idle, "hold")
    assert str(idle.request(2).actions[0].state) == "VERIFIED"
    await idle.scan(60)  # the header swings while one pump stops
    idle.order("resume")
    await idle.reach_request(3)
    assert [each.tag for each in idle.request(3).request.commands] == ["FIC-201.sp", "P-101A.mode"]
    idle.say("approve")
    await idle.reach("COMPLETE")
    assert idle.frames == [START_B, STOP_A, LESS_LOAD, OUT_A]


@pytest.mark.parametrize(("order", "is_sent"), [("hold", False), ("stop", True)])
async def test_what_was_due_already_is_verified_first(
    room: AgentsRoom, order: FreeOrder, *, is_sent: bool
) -> None:
    await room.reach_request(1)
    room.say("approve")
    room.is_gate_idle = not is_sent
    await room.until(lambda: room.frames if is_sent else room.due(), "due or sent")
    room.order(order)
    await room.scan(2)
    room.is_gate_idle = False
    await room.reach(AT_REST[order])
    assert (room.frames, room.run.step("start-standby")) == ([START_B], "DONE")


@pytest.mark.parametrize(("order", "state", "back"), [
    ("stop", "STOPPED", []), ("hold", "ABORTED", [START_B_BACK]),
])  # fmt: skip
async def test_a_step_that_fails_is_taken_back_after_a_hold_and_not_after_a_stop(
    room: AgentsRoom, order: FreeOrder, state: str, back: list[str]
) -> None:
    await room.reach_request(1)
    room.fault("F16", pump="P-101B")
    room.say("approve")
    await room.reach_step("start-standby", "VERIFY")
    await room.ordered(order, state)
    await room.scan(20)
    assert (room.run.step("start-standby"), room.frames) == ("FAILED", [START_B, *back])
