"""What is so already is not sent, and a run takes back only what it has sent itself."""

import pytest

from ..testbed.stepped_agents import OUT_A, START_B, STOP_A, AgentsRoom

_SO = "P-101B.run_cmd is already true"


def _start_in_the_field(room: AgentsRoom) -> None:
    """Somebody starts the standby at the plant; the header settles on two pumps."""
    room.plant.simulation.plant.write("P-101B.run_cmd", True)
    room.plant.advance(1.0)


async def test_one_approved_write_then_only_the_stop_is_asked(idle: AgentsRoom) -> None:
    """The tutorial's story: a person starts P-101B, and the agents change over later."""
    request = idle.desk.propose(("P-101B.run_cmd", True))
    idle.desk.approve(request)
    await idle.act()
    assert idle.desk.states(request) == ["VERIFIED"]
    await idle.start_agents()
    first = await idle.reach_request(1)
    assert [each.tag for each in first.request.commands] == ["P-101A.run_cmd", "P-101A.mode"]
    assert [each.undoes for each in first.request.recovery if each.tag == "P-101B.run_cmd"] == [
        None  # the safe state's
    ]
    step = [each.body for each in idle.rows("step") if each.body["step"] == "start-standby"]
    assert [each["to"] for each in step] == ["COMMAND", "VERIFY", "SKIPPED"]
    assert step[-1]["reason"] == _SO
    idle.say("approve")
    await idle.reach("COMPLETE")
    assert idle.frames == [START_B, STOP_A, OUT_A]


@pytest.mark.parametrize("order", ["abort", ""])
async def test_what_becomes_so_after_the_request_is_not_sent(room: AgentsRoom, order: str) -> None:
    await room.reach_request(1)
    _start_in_the_field(room)
    room.say("approve")
    await room.reach_step("start-standby", "SKIPPED")
    command = room.request(1).actions[0]
    assert (command.state, room.frames) == ("SKIPPED", [])
    assert command.reason == "already so; nothing was sent: P-101B.run_cmd reads true"
    if order:
        await room.ordered("abort", "ABORTED")
        assert (room.frames, room.value("P-101B.run_cmd")) == ([], True)
    else:
        await room.reach_request(2)


async def test_what_was_so_and_is_not_verified_is_not_undone(idle: AgentsRoom) -> None:
    _start_in_the_field(idle)
    await idle.start_agents()
    idle.plant.lies["P-101B.speed"] = 10.0
    await idle.reach("ABORTED")
    assert "step start-standby failed: not within 30 s" in idle.run.reason
    assert (idle.requests(), idle.frames, idle.value("P-101B.run_cmd")) == ([], [], True)


async def test_what_is_not_so_any_more_is_asked_for_after_a_resume(idle: AgentsRoom) -> None:
    keep = ("  - id: stop-duty", "  - id: keep\n    title: Keep the header\n"
            "    write: {PIC-102.sp: 350 kPa}\n    undo: none\n"
            '    verify: {that: "PIC-102.sp > 349 kPa", within: 5 s}\n'
            "    on_fail: {then: hold}\n  - id: stop-duty")  # fmt: skip
    await idle.start_with(keep)
    await idle.settles()
    assert [each.tag for each in idle.request(1).request.commands] == ["P-101B.run_cmd"]
    idle.plant.simulation.plant.write("PIC-102.sp", 345.0)
    await idle.reach("HELD")
    assert idle.run.reason == "PIC-102.sp is not 350 kPa any more; resume the run to ask for it"
    idle.order("resume")
    second = await idle.reach_request(2)
    assert [each.tag for each in second.request.commands] == ["PIC-102.sp"]
    assert idle.frames == [START_B]
