"""Agents that die and come back: a run goes on by a person's word, and nothing is done twice."""

import asyncio
import json
from collections.abc import Collection, Mapping

import pytest

from handwheel.agents.checkpoints import (
    CHECKPOINTS_FILE,
    Checkpoints,
    open_checkpoints,
    read_deliberations,
)

from ..testbed.stepped_agents import OUT_A, START_B, START_B_BACK, STOP_A, AgentsRoom

CUT_OFF = "the process that worked on it has ended"


@pytest.mark.parametrize("what", ["policy", "playbook"])
async def test_a_run_that_began_under_other_files_does_not_go_on(
    room: AgentsRoom, what: str
) -> None:
    await room.approved(1)
    await room.reach_request(2)
    await room.kill_agents()
    if what == "policy":
        hashes: Mapping[str, str] = {**room.stepped_agents.hashes, "policy": "another"}
        room.stepped_agents.hashes = hashes
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


async def test_a_checkpoint_holds_the_deliberation_as_plain_json(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    still_open = _still_open(monkeypatch)
    async with open_checkpoints(idle.site.state) as saver:
        await idle.start_agents(saver)
        await idle.approved(1, 2)
        await idle.reach("COMPLETE")
        assert still_open[0] == set()
        assert {idle.case.case_id, idle.run_id} in still_open
        found = await saver.aget({"configurable": {"thread_id": idle.case.case_id}})
        assert found is not None
        kept = {name: each for name, each in found["channel_values"].items() if ":" not in name}
        assert json.loads(json.dumps(kept)) == kept
        (candidate,) = kept["candidates"]
        assert (kept["plan"]["choice"], kept["outcome"]["state"]) == (candidate["name"], "closed")
        assert [each["id"] for each in candidate["findings"]][:2] == ["bearing", "trend"]
        await idle.kill_agents()
    case_id = idle.case.case_id
    told = await asyncio.to_thread(read_deliberations, idle.site.state, case_id)
    (judged,) = idle.desk.database.find_rows(case_id, "case.judged")
    assert told[judged.fields["body"]["snapshot_at"]]["plan"]["choice"] == candidate["name"]
    (idle.site.state / CHECKPOINTS_FILE).unlink()
    assert await asyncio.to_thread(read_deliberations, idle.site.state, case_id) == {}


def _still_open(patch: pytest.MonkeyPatch) -> list[set[str]]:
    """Notes what stays when old checkpoints are removed, which is every 10 s here."""
    noted = list[set[str]]()

    async def remove_old(_: object, _now: object, still_open: Collection[str]) -> None:
        noted.append(set(still_open))

    patch.setattr(Checkpoints, "remove_old", remove_old)
    patch.setattr("handwheel.agents.site_agents._DAY_S", 10.0)
    return noted
