"""A heartbeat beside actions, at devices that fail, and over the life of a gate."""
# pyright: reportPrivateUsage=false

from handwheel.tools.guardrails.gate.steps.execute import execute_action

from ..testbed.heartbeat import PUMP, BeatingRoom, at_once, take

HOUR_S = 3600.0


async def test_it_lets_an_action_go_first_and_does_not_stop_for_it(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    request = room.desk.propose(("P-101A.run_cmd", True))
    room.desk.approve(request)
    points: list[str] = []

    def reach(point: str) -> None:
        if point in {"connect", "fresh look", "frame leaves", "frame executed", "read"}:
            points.append(point)
            room.heartbeat._due_ms = 0  # at each of them it is time
            del room.fuse.reach  # what the heartbeat itself passes
            before = len(room.plant.frames)
            at_once(room.heartbeat.look())
            points.extend(["beat"] * (len(room.plant.frames) - before))
            room.fuse.reach = reach  # type: ignore[method-assign]

    room.fuse.reach = reach  # type: ignore[method-assign]
    execution = room.execution()
    assert execution is not None
    await execute_action(execution)
    del room.fuse.reach
    assert points == [
        "connect", "beat", "connect", "beat", "fresh look", "beat", "read", "beat",
        "frame leaves", "frame executed",  # from the intent to the answer it keeps away
        "connect", "beat", "read", "beat",  # while the action is read back it need not
    ]  # fmt: skip
    assert room.desk.states(request) == ["VERIFIED"]
    assert room.counts == list(range(7))


async def test_a_device_that_refuses_is_told_once_and_tried_on(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    for _ in range(5):
        room.plant.fault = "refused"
        await room.pass_s(1.0)
    ((_, failed),) = room.told("failed")
    assert (failed["count"], failed["times"]) == (4, 3)
    assert "refused by the device" in failed["reason"]
    await room.pass_s(1.0)
    assert room.counts == [0, 1, 2, 3, 4, 5, 6]  # each of them once
    assert [kind for kind, _ in room.told()] == ["started", "failed"]


async def test_a_count_in_doubt_is_not_sent_again(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    room.plant.fault = "answer lost"
    await room.pass_s(1.0, 0.2)
    assert room.counts == [0, 1]
    await room.pass_s(0.8)
    assert room.counts == [0, 1, 2]
    take(PUMP, "OPERATOR")(room)
    await room.pass_s(1.0)
    assert room.told("stopped")[0][1]["unanswered"] == 1


async def test_a_plant_that_is_away_gets_its_heartbeat_back(room: BeatingRoom) -> None:
    room.give()
    room.plant.is_down = True
    await room.pass_s(1.0, 1.0, 1.0, 1.0)
    assert [kind for kind, _ in room.told()] == ["failed"]
    room.plant.is_down = False
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1]


async def test_another_device_gets_none_until_it_is_handed_over_anew(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0)
    room.plant.names["pkg"], room.plant.fault = "somebody else's", "not sent"
    await room.pass_s(1.0, 1.0, 1.0)
    assert room.counts == [0]
    assert "its device is another one now" in room.told("stopped")[0][1]["reason"]
    room.give()
    await room.pass_s(1.0)
    assert room.counts == [0, 2]


async def test_a_gate_that_starts_again_begins_anew(room: BeatingRoom) -> None:
    """A hand-over outlasts a restart of the gate, whether it was killed or stopped."""
    room.give()
    await room.pass_s(1.0, 1.0)
    await room.restart_gate()
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1, 0, 1]
    assert [kind for kind, _ in room.told()] == ["started", "started"]
    room.kill_gate()
    room.clock.forward(HOUR_S)  # the twin: it ended meanwhile
    await room.start_gate()
    await room.pass_s(1.0, 1.0)
    assert room.counts == [0, 1, 0, 1]


async def test_after_the_last_count_comes_the_first(room: BeatingRoom) -> None:
    room.give()
    room.heartbeat._count = 32766
    await room.pass_s(1.0, 1.0, 1.0)
    assert room.counts == [32766, 32767, 0]


async def test_an_action_that_comes_while_the_way_is_opened(room: BeatingRoom) -> None:
    room.give()
    room.clock.forward(1.0)
    room.on_open = room.context.write_slot.take
    await room.heartbeat.look()
    await room.pass_s(1.0)
    assert room.counts == []
    room.context.write_slot.release()
    await room.heartbeat.look()
    assert room.counts == [0]
