"""Agents that die and come back: a run goes on by a person's word, and nothing is done twice."""

from collections.abc import Mapping

import pytest

from handwheel.agents.checkpoints import CHECKPOINTS_FILE, open_checkpoints

from ..testbed.stepped_agents import OUT_A, START_B, START_B_BACK, STOP_A, AgentsRoom

CUT_OFF = "the process that worked on it has ended"


async def test_a_run_is_held_after_a_death_and_asks_anew(room: AgentsRoom) -> None:
    await room.settles()
    await room.restart_agents()
    assert (room.run.state, room.run.reason) == ("HELD", CUT_OFF)
    assert room.run.is_cut_off is False
    await room.scan(60)
    assert (room.run.state, len(room.requests()), room.frames) == ("HELD", 1, [START_B])
    room.order("resume")
    await room.approved(2)
    await room.reach("COMPLETE")
    assert room.frames == [START_B, STOP_A, OUT_A]
    assert [each.body["to"] for each in room.rows("step") if each.body["step"] == "settle"] == [
        "PERFORM", "PENDING", "PERFORM", "DONE",
    ]  # fmt: skip


async def test_what_waited_for_a_decision_is_over_after_a_death(room: AgentsRoom) -> None:
    await room.reach_request(1)
    await room.kill_agents()
    room.say("approve")
    await room.start_agents()
    await room.scan(30)
    assert (room.run.state, room.due(), room.frames) == ("HELD", [], [])
    room.order("resume")
    await room.approved(2)
    assert room.frames == [START_B]


@pytest.mark.way_in("D2")
async def test_a_death_after_due_sends_nothing_twice(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.is_gate_idle = True
    room.say("approve")
    await room.scan(2)
    assert len(room.due()) == 1
    await room.kill_agents()
    room.is_gate_idle = False
    await room.start_agents()
    await room.scan(5)
    assert (room.run.state, room.frames) == ("HELD", [])
    (over, *_) = room.request(1).actions
    assert (over.state, room.reason_of(over)) == ("INVALIDATED", "no gate took it up within 10 s")
    room.order("resume")
    await room.approved(2)
    await room.reach_step("start-standby", "DONE")
    assert room.frames == [START_B]


@pytest.mark.parametrize("what", ["policy", "playbook"])
async def test_a_run_that_began_under_other_files_does_not_go_on(
    room: AgentsRoom, what: str
) -> None:
    await room.approved(1)
    await room.reach_request(2)
    await room.kill_agents()
    if what == "policy":
        hashes: Mapping[str, str] = {**room.hashes, "policy": "another"}
        room.hashes = hashes
        await room.start_agents()
    else:
        await room.start_with(("title: Start the standby pump", "title: Start the other pump"))
    room.order("resume")
    await room.scan(2)
    (refused,) = room.rows("order_refused")
    assert refused.body["reason"] == f"changed since it began: {what}; abort it or stop it"
    assert (room.run.state, room.frames) == ("HELD", [START_B])
    await room.ordered("abort", "ABORTED")
    assert room.frames == [START_B, START_B_BACK]


async def test_a_run_whose_playbook_is_gone_owns_its_equipment_still(room: AgentsRoom) -> None:
    await room.reach_request(1)
    await room.kill_agents()
    library, room.library = room.library, []
    await room.start_agents()
    assert (room.run.state, room.request(1).state) == ("HELD", "INVALIDATED")
    assert "its playbook cannot be used" in room.run.reason
    await room.kill_agents()
    room.library = library
    await room.start_agents()
    assert room.run.state == "HELD"
    await room.scan(90)
    assert len(room.runs()) == 1


@pytest.mark.way_in("F7")
async def test_checkpoints_on_the_disk_may_be_lost(idle: AgentsRoom) -> None:
    state = idle.site.state
    async with open_checkpoints(state) as saver:
        await idle.start_agents(saver)
        await idle.approved(1)
        await idle.reach_request(2)
        await idle.kill_agents()
    assert (state / CHECKPOINTS_FILE).exists()
    for each in state.glob(f"{CHECKPOINTS_FILE}*"):
        each.unlink()
    async with open_checkpoints(state) as saver:
        await idle.start_agents(saver)
        assert (idle.run.state, idle.frames) == ("HELD", [START_B])
        (over, *_) = idle.request(2).actions
        assert over.state == "INVALIDATED"
        assert idle.reason_of(over) == f"the run is held: {CUT_OFF}"
        idle.order("resume")
        await idle.approved(3)
        await idle.reach("COMPLETE")
        await idle.kill_agents()
    assert idle.frames == [START_B, STOP_A, OUT_A]


async def test_a_checkpoint_holds_a_name_and_a_number(idle: AgentsRoom) -> None:
    async with open_checkpoints(idle.site.state) as saver:
        await idle.start_agents(saver)
        await idle.reach_request(1)
        found = await saver.aget({"configurable": {"thread_id": idle.run_id}})
        assert found is not None
        kept = found["channel_values"]
        assert {"run_id", "offset"} == {each for each in kept if ":" not in each}
        assert isinstance(kept["offset"], int)
        await idle.kill_agents()
