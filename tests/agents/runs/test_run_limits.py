"""What bounds a run: its permissives, promises and time, how it sees the plant, its lease."""

import asyncio
from typing import Any

import pytest

from handwheel.connectors.denial import Denial
from handwheel.hmi.runs.run_view import find_run, view_run
from handwheel.tools.guardrails.approval.build_request import policy_denial
from handwheel.tools.guardrails.ledger.store.database import LostRace

from ...gate.testbed.effects import take_runner_lock
from ..testbed.stepped_agents import START_B, STOP_A, AgentsRoom

_PROMISE = ('["standby.running", "PT-102.pv in 330 kPa .. 390 kPa"]', '["TT-106.pv > 40 degC"]')
_SHORT = ("max_duration: 30 min", "max_duration: 25 s")


def _waits_for(room: AgentsRoom) -> str:
    database, now = room.desk.database, room.clock.now()
    return view_run(database, find_run(database, room.run_id), now).waits_for(now)


async def test_a_broken_promise_holds_before_the_next_write(idle: AgentsRoom) -> None:
    await idle.start_with(_PROMISE)
    await idle.approved(1, 2)
    await idle.reach("HELD")
    assert idle.run.reason.startswith("expected result not met: TT-106.pv > 40 degC")
    assert [each.body["kept"] for each in idle.rows("expected")] == [False]
    await idle.scan(30)
    assert (idle.frames, len(idle.due())) == ([START_B], 1)


async def test_a_plant_that_is_seen_too_seldom_is_not_moved(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.speed = 2.0  # more than a third of the shortest grace, 5 s
    await room.scan(5)
    room.say("approve")
    await room.scan(20)
    assert (room.run.state, room.due()) == ("RUNNING", [])
    (slow,) = room.rows("slow")  # told at once, and once
    assert slow.body["reason"].startswith("scans are 2 s of process time apart; at most 1.67 s")
    assert _waits_for(room).startswith("faster scans: scans are 2 s of process time apart; at most")
    await room.reach("HELD", within_s=400.0)
    assert room.run.reason == "scans are 2 s of process time apart; at most 1.67 s can be followed"
    assert (room.due(), room.frames) == ([], [])


async def test_a_plant_that_is_too_fast_for_a_moment_is_waited_for(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.speed = 120.0
    await room.scan(2)
    room.say("approve")
    room.speed = 1.0
    await room.scan(3)
    assert (room.run.state, room.due()) == ("RUNNING", [])
    await room.scan(5)
    assert room.frames == [START_B]
    assert len(room.rows("slow")) == 1
    assert "scan" not in _waits_for(room)


async def test_a_run_that_takes_too_long_holds(idle: AgentsRoom) -> None:
    await idle.start_with(_SHORT)
    await idle.approved(1)
    await idle.reach("HELD", within_s=40.0)
    assert idle.run.reason == "the run has taken longer than 25 s"
    assert (idle.run.step("settle"), idle.frames) == ("PERFORM", [START_B])
    idle.order("resume")
    await idle.reach("RUNNING")  # nothing is to be written: no request
    await idle.reach("HELD", within_s=40.0)
    assert (len(idle.requests()), idle.frames) == (1, [START_B])


async def test_a_plant_that_begins_anew_stops_no_clock(room: AgentsRoom) -> None:
    await room.approved(1)
    await room.reach_step("start-standby", "VERIFY")
    room.plant.lies["P-101B.running"] = False
    room.plant.clock_set_back_s = 3600.0
    await room.reach("ABORTED", "HELD", within_s=60.0)
    assert "start-standby failed: not within 30 s" in room.run.reason


async def test_the_crew_works_until_another_process_does(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handwheel.playbooks.execution.ledger_writer._KEEP_MS", 0)
    await room.reach_request(1)
    tags, before = list(room.site.tags.values()), room.stepped_agents.view.scans
    work = asyncio.create_task(
        room.agents.work(lambda: room.plant.read(tags), lambda: asyncio.sleep(0.005))
    )
    for _ in range(4):
        room.clock.forward(5.0)  # the lease is for ten
        await asyncio.sleep(0.1)
    assert not work.done()
    assert room.stepped_agents.view.scans > before + 5
    room.clock.forward(11.0)
    take_runner_lock(room.desk.database, room.clock.now())
    room.say("approve")
    told = room.told()
    with pytest.raises(LostRace, match="its lock is over"):
        await asyncio.wait_for(work, 50)
    assert (room.told(), room.due(), room.frames) == (told, [], [])


LESS_LOAD_FIRST = (
    "steps:\n  - id: start-standby",
    "steps:\n  - id: less-load\n    title: Less load\n"
    '    if: "TT-202.pv > 60 degC"\n    write: {FIC-201.sp: 35 m3/h}\n'
    '    verify: {that: "FIC-201.sp < 36 m3/h", within: 30 s}\n    undo: none\n'
    "    on_fail: {then: hold}\n  - id: start-standby",
)


async def test_a_first_command_that_is_skipped_has_checked_nothing(idle: AgentsRoom) -> None:
    idle.plant.lies["TT-202.pv"] = 61.0
    await idle.start_with(LESS_LOAD_FIRST)
    await idle.reach_request(1)
    tags = [each.tag for each in idle.request(1).request.commands]
    assert tags == ["FIC-201.sp", "P-101B.run_cmd"]
    idle.plant.lies |= {"TT-202.pv": 50.0, "LT-101.pv": 5.0}  # there is no water to be pumped
    idle.say("approve")
    await idle.reach("HELD", "ABORTED")
    await idle.scan(10)
    assert (idle.run.step("less-load"), idle.frames) == ("SKIPPED", [])
    assert "LT-101.pv" in idle.run.reason


async def test_a_first_command_that_is_skipped_lets_the_second_go(idle: AgentsRoom) -> None:
    idle.plant.lies["TT-202.pv"] = 61.0
    await idle.start_with(LESS_LOAD_FIRST)
    await idle.reach_request(1)
    del idle.plant.lies["TT-202.pv"]
    idle.say("approve")
    await idle.reach_step("start-standby", "DONE")
    assert idle.frames == [START_B]


@pytest.mark.parametrize("step", ["VERIFY", "DONE"])
async def test_a_broken_promise_outlives_a_death(idle: AgentsRoom, step: str) -> None:
    await idle.start_with(_PROMISE)
    await idle.approved(1)
    await idle.reach_step("start-standby", step)
    await idle.restart_agents()
    assert idle.run.state == "HELD"
    idle.order("resume")
    await idle.scan(2)
    for _ in range(90):
        await idle.scan()
        if idle.run.state == "HELD":
            break
        if idle.run.state == "WAITING_APPROVAL" and str(idle.request().state) == "PENDING":
            idle.say("approve")
    assert idle.run.state == "HELD"
    assert idle.run.reason.startswith("expected result not met: TT-106.pv > 40 degC")
    assert [each.body["kept"] for each in idle.rows("expected")] == [False]
    assert idle.frames == [START_B]


async def test_a_broken_promise_is_told_once(idle: AgentsRoom) -> None:
    """A person who resumes has seen it; the run does not hold for ever."""
    await idle.start_with(_PROMISE)
    await idle.approved(1, 2)
    await idle.reach("HELD")
    idle.order("resume")
    await idle.approved(3)
    await idle.reach("COMPLETE")
    assert idle.frames[:2] == [START_B, STOP_A]
    kept = [each.body["kept"] for each in idle.rows("expected")]
    assert kept.count(False) == 1
    effects = idle.desk.database.all("SELECT action_id, verdict FROM effect ORDER BY rowid")
    first = f"{idle.request(1).request.request_id}/c1"
    assert (first, "MISSED") in [tuple(row) for row in effects]
    assert [row[1] == "CAME" for row in effects] == kept


async def test_a_request_that_was_denied_is_asked_for_anew(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.approved(1)
    asked = list[str]()

    def once(*given: Any) -> Denial | None:
        asked.append("")
        if len(asked) == 1:
            return Denial("policy", "PT-102.pv is too low just now")
        return policy_denial(*given)

    monkeypatch.setattr("handwheel.tools.guardrails.approval.build_segment.policy_denial", once)
    await room.reach("HELD")
    assert "PT-102.pv is too low just now" in room.run.reason
    await room.scan(12)
    await room.ordered("resume", "WAITING_APPROVAL", within_s=20.0)
    assert [str(each.state) for each in room.requests()] == ["APPROVED", "DENIED", "PENDING"]
    room.say("approve")
    await room.reach("COMPLETE")


async def test_a_step_that_its_guard_leaves_out_is_not_asked_for(idle: AgentsRoom) -> None:
    await idle.start_with(LESS_LOAD_FIRST)
    first = await idle.reach_request(1)
    assert [each.tag for each in first.request.commands] == ["P-101B.run_cmd"]
    assert idle.run.step("less-load") == "SKIPPED"
