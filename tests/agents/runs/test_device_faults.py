"""What the device or the way to it does wrong, and where that leaves a run."""

import pytest

from ...plants.in_memory import Fault
from ..testbed.stepped_agents import OUT_A, START_B, START_B_BACK, STOP_A, AgentsRoom


async def test_a_refused_start_goes_where_its_step_says(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.plant.fault = "refused"
    room.say("approve")
    run = await room.reach("ABORTED")
    assert run.step("start-standby") == "FAILED"
    assert run.reason.startswith("step start-standby failed: P-101B.run_cmd = true: REFUSED")
    assert room.frames == [START_B, START_B_BACK]  # who knows what a refusal did
    assert room.value("P-101A.running")


async def test_a_start_that_never_left_is_not_taken_back(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.plant.fault = "not sent"
    room.say("approve")
    run = await room.reach("ABORTED")
    assert run.reason.startswith("step start-standby failed: P-101B.run_cmd = true: REFUSED")
    assert room.plant.frames == []
    assert room.request(1).actions[1].state == "CANCELLED"
    assert room.value("P-101A.running")


@pytest.mark.parametrize(("fault", "state"), [("ignored", "MISMATCH"), ("frame lost", "UNKNOWN")])
async def test_a_frame_that_did_nothing_is_resolved_and_asked_for_anew(
    room: AgentsRoom, fault: Fault, state: str
) -> None:
    await room.reach_request(1)
    room.plant.fault = fault
    room.say("approve")
    await room.reach("HELD")
    assert (room.request(1).actions[0].state, room.frames) == (state, [START_B])
    assert room.run.is_cut_off is False
    room.order("resume")
    await room.scan(2)
    (refused,) = room.rows("order_refused")
    assert f"is {state}: look at the plant" in refused.body["reason"]
    room.desk.resolve(room.run.due[0], "resolve-not-applied")
    await room.scan(10)  # until the tag has cooled down
    room.order("resume")
    await room.approved(2)
    await room.approved(3)
    await room.reach("COMPLETE")
    assert room.frames == [START_B, START_B, STOP_A, OUT_A]


async def test_a_lost_answer_that_took_effect_is_not_asked_for_again(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.plant.fault = "answer lost"
    room.say("approve")
    await room.reach("HELD")
    assert room.request(1).actions[0].state == "UNKNOWN"
    assert room.value("P-101B.running")
    room.desk.resolve(room.run.due[0], "resolve-applied")
    room.order("resume")
    await room.approved(2)
    await room.reach("COMPLETE")
    assert (room.frames, room.run.step("settle")) == ([START_B, STOP_A, OUT_A], "DONE")


async def test_nothing_is_taken_back_before_what_is_unknown_is_resolved(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.plant.fault = "answer lost"
    room.say("approve")
    await room.reach("HELD")
    room.order("abort")
    await room.scan(5)
    assert "resolve it first; brought into the safe state" in room.run.reason
    assert (room.run.state, room.frames) == ("HELD", [START_B])
    room.desk.resolve(room.run.due[0], "resolve-applied")
    await room.scan(10)  # until the tag has cooled down
    await room.ordered("abort", "ABORTED")
    assert room.frames == [START_B, START_B_BACK]


async def test_a_gate_that_takes_nothing_up_holds_the_run(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.is_gate_idle = True
    room.say("approve")
    await room.scan(8)
    assert (room.run.state, len(room.due())) == ("RUNNING", 1)
    await room.reach("HELD", within_s=10.0)
    assert "within 10 s" in room.run.reason
    assert str(room.request(1).actions[0].state) == "INVALIDATED"
    room.is_gate_idle = False
    await room.restart_gate()  # it carries out nothing that was approved before
    await room.scan(20)
    assert (room.run.state, room.frames) == ("HELD", [])
    room.order("resume")
    await room.approved(2)
    assert room.frames == [START_B]


async def test_an_undo_that_no_gate_takes_up_is_over(room: AgentsRoom) -> None:
    await room.approved(1)
    await room.reach_request(2)
    room.is_gate_idle = True
    room.order("abort")
    await room.until(lambda: any("/r" in each for each in room.due()), "due")
    await room.scan(8)
    assert room.run.state == "ABORTING"
    await room.reach("HELD", "ABORTED", within_s=90.0)
    assert not any(str(each.state) == "DUE" for each in room.request(1).actions)
    assert "no gate" in room.run.reason  # a person must look: it was not undone
    room.is_gate_idle = False
    await room.scan(20)
    assert room.frames == [START_B]


async def test_equipment_that_is_taken_over_holds_the_run(room: AgentsRoom) -> None:
    await room.settles()
    room.take_over("P-101A")
    await room.reach("HELD")
    assert (room.frames, len(room.requests())) == ([START_B], 1)
    room.order("abort")
    await room.reach("ABORTED", "HELD")
    assert room.frames == [START_B]


async def test_a_safe_state_that_a_device_ignores_says_so(room: AgentsRoom) -> None:
    await room.settles()
    room.plant.lies["TT-202.pv"] = 56.0
    room.plant.fault = "ignored"
    run = await room.reach("HELD", within_s=30.0)
    assert "rollback: FIC-201.sp = 30: MISMATCH" in run.reason
    assert [each.body["state"] for each in room.rows("undone")] == ["SKIPPED", "MISMATCH"]
