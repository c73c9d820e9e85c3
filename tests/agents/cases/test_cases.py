"""A deviation stays open until it is gone or a run has answered it, and people are told why."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.session.protocols import Survey
from handwheel.hmi.cases.case_view import commands_of
from handwheel.playbooks.engine.states import RunState
from handwheel.tools.maintenance.work_order_database import Closing
from handwheel.tools.requests.timestamps import stamp

from ...playbooks.sample_playbook import loaded
from ..testbed.stepped_agents import START_B, STOP_A, AgentsRoom

CHANGEOVER = "pump-bearing-changeover"
FREE = f"{CHANGEOVER}: "
UNDECIDED = (
    "  - {when: held,    after: 10 min, to: shift-supervisor}",
    "  - {when: undecided, after: 2 min, to: shift-supervisor}",
)

NEVER_DECIDED = """\
schema: playbook/1
id: cw/never-decided
version: 1.0.0
title: A deviation that stands on its own
plant: cw-100
owner: operations
style: computer-assisted
trigger: {any: [{when: "PT-102.pv > 100 kPa", for: 1 s}], rearm: "PT-102.pv < 50 kPa"}
concurrency: {key: [PUMPS-101], policy: reject}
diagnosis: {for: [{id: never, that: "PT-102.pv > 590 kPa"}]}
steps: [{id: tell, notify: {to: operations, text: "high"}}]
limits: {max_writes: 1, max_duration: 30 min}
"""


async def test_a_standby_unreadable_for_61_s_ends_in_an_approved_change_over(
    room: AgentsRoom,
) -> None:
    """The standby's mode is unreadable at the moment of the alarm, and the alarm stays."""
    room.plant.lies["P-101B.mode"] = None
    await room.until(room.cases, "a case")
    await room.scan(61)
    assert (room.runs(), room.requests()) == ([], [])
    (found,) = room.cases()
    assert found.condition.startswith("VAH-101A.active")
    (candidate,) = found.judgement["candidates"]
    (open_,) = candidate["conditions"]
    assert (open_["id"], open_["truth"]) == ("standby-ready", "unknown")
    assert "P-101B.mode is - (BadNoCommunication)" in open_["shown"]
    room.plant.lies.clear()
    await room.scan(2)
    await room.approved(1, 2)
    await room.reach("COMPLETE")
    assert room.judged() == [f"{CHANGEOVER}: permissive", FREE]
    assert (room.case.is_closed, room.frames[:2]) == (True, [START_B, STOP_A])
    assert room.run.opening["trigger"] == room.case.case_id


async def test_a_judgement_is_recorded_when_it_changes_and_not_with_values(
    room: AgentsRoom,
) -> None:
    room.plant.lies["P-101B.mode"] = None
    await room.until(room.cases, "a case")
    await room.scan(40)
    assert room.judged() == [f"{CHANGEOVER}: permissive"]
    room.plant.lies["P-101B.mode"] = 2
    await room.scan(2)
    assert room.judged() == [f"{CHANGEOVER}: permissive"] * 2  # not known, then not met
    for _ in range(5):  # a value that turns about its limit does not fill the journal
        room.plant.lies["P-101B.mode"] = None
        await room.scan(2)
        room.plant.lies["P-101B.mode"] = 2
        await room.scan(2)
    assert len(room.judged()) == 2
    assert room.runs() == []


async def test_a_case_without_history_says_what_it_waits_for(idle: AgentsRoom) -> None:
    idle.past = []
    await idle.start_agents()
    await idle.until(idle.cases, "a case")
    await idle.scan(9)
    assert idle.judged() == [f"{CHANGEOVER}: history"]  # once, and not with every scan
    assert idle.case.judgement["reason"].startswith("history for trend, ")
    assert "of plant time" in idle.case.judgement["reason"]
    await idle.wait(1350.0)
    await idle.approved(1)
    assert idle.frames == [START_B]


async def test_evidence_against_a_candidate_begins_the_other(room: AgentsRoom) -> None:
    room.plant.lies["PDT-101.pv"] = 30.0
    await room.until(room.runs, "the other one")
    assert room.judged()[0] == f"{CHANGEOVER}: evidence, strainer-blocked: "
    await room.reach("COMPLETE")
    assert [each.asset for each in room.workorders.all()] == ["S-101"]
    await room.scan(90)
    assert (len(room.runs()), room.requests()) == (1, [])
    (left,) = room.cases()  # the bearing still shakes, and its playbook is still prevented
    assert left.done == {"cw/strainer-blocked"}


async def _plug(room: AgentsRoom, number: int) -> None:
    """The strainer is plugged until the run of that number has ordered the work."""
    room.plant.lies |= {"PDT-101.pv": 30.0 + number, "PDAH-101.active": True}
    await room.until(lambda: len(room.runs("strainer")) == number, f"run {number}")
    await room.reach("COMPLETE")
    room.plant.lies |= {"PDT-101.pv": 5.0, "PDAH-101.active": False}
    await room.scan(90)


async def test_work_that_is_ordered_already_is_not_ordered_again(sound: AgentsRoom) -> None:
    await _plug(sound, 1)
    await _plug(sound, 2)
    (first,) = sound.workorders.all()
    (added,) = sound.workorders.additions()[first.workorder_id]
    assert (added.run_id, added.trend[0].tag) == (sound.runs("strainer")[1], first.trend[0].tag)
    at = stamp(sound.clock.now().wall)
    sound.workorders.close_order(Closing(key=first.workorder_id, at=at, by="carl"))
    await _plug(sound, 3)
    earlier, again, later = (sound.rows("raised", each)[0].body for each in sound.runs("strainer"))
    assert again["workorder"] == earlier["workorder"]
    assert (again["raised_by"], "raised_by" in earlier) == (first.run_id, False)
    assert [each.workorder_id for each in sound.workorders.open_orders()] == [later["workorder"]]


@pytest.mark.parametrize("end", ["reject", "stop"])
async def test_a_case_that_was_given_back_is_asked_for_again_later(
    room: AgentsRoom, end: str
) -> None:
    await room.reach_request(1)
    if end == "reject":
        room.say("reject")
    else:
        room.order("stop")
    await room.reach("STOPPED")
    await room.wait(570.0)
    (case,) = room.cases()
    assert (len(room.requests()), case.returned["run_id"]) == (1, room.run_id)
    assert "gave it back" in case.judgement["reason"]
    await room.wait(45.0)
    await room.reach_request(1)
    assert len(room.runs()) == 2


async def test_a_case_that_was_given_back_is_asked_for_when_its_evidence_changes(
    room: AgentsRoom,
) -> None:
    await room.reach_request(1)
    room.say("reject")
    await room.reach("STOPPED")
    room.plant.lies["P-101B.mode"] = 2
    await room.scan(30)
    room.plant.lies.clear()
    await room.scan(3)
    assert len(room.runs()) == 1  # its evidence is the same as when it was rejected
    room.plant.lies["LT-101.pv"] = 95.0
    room.plant.lies["TT-111A.pv"] = 39.0
    await room.scan(15)
    room.plant.lies.clear()
    await room.wait(590.0)
    await room.reach_request(1)
    assert len(room.runs()) == 2


async def test_a_deviation_that_is_over_closes_its_case(room: AgentsRoom) -> None:
    room.plant.lies["P-101B.mode"] = None
    await room.until(room.cases, "a case")
    room.plant.lies |= {"VT-101A.pv": 3.0, "VAH-101A.active": False}
    await room.scan(9)
    assert len(room.cases()) == 1  # a value at its limit does not open one case after the other
    await room.scan(4)
    assert (room.cases(), room.case.is_closed, room.runs()) == ([], True, [])


async def test_an_undecided_case_escalates_once(idle: AgentsRoom) -> None:
    await idle.start_with(UNDECIDED)
    idle.plant.lies["P-101B.mode"] = None
    await idle.until(idle.cases, "a case")
    await idle.scan(100)
    assert idle.workorders.notices() == []
    await idle.scan(60)
    (notice,) = idle.workorders.notices()
    assert (notice.to, notice.run_id) == ("shift-supervisor", idle.case.case_id)
    assert "not answered: standby-ready is not known" in notice.text


async def test_open_cases_outlive_their_agents(room: AgentsRoom) -> None:
    room.obstacle = "no gate is running"
    await room.scan(30)
    (case,) = room.cases()
    assert (case.judgement["reason"], room.judged()) == (
        "no gate is running", [f"{CHANGEOVER}: test"],
    )  # fmt: skip
    await room.restart_agents()
    await room.scan(12)
    assert [each.case_id for each in room.cases()] == [case.case_id]
    room.obstacle = ""
    await room.scan(11)
    await room.reach(RunState.WAITING_APPROVAL)
    assert room.case.run_id == room.run_id


async def test_a_refusal_by_the_gates_rules_is_not_repeated_at_once(room: AgentsRoom) -> None:
    room.desk.lock_out("P-101B")  # the plan's check of this room knows no lockout
    await room.reach("NOT_STARTED")
    await room.wait(570.0)
    assert len(room.runs()) == 1
    assert "locked out: P-101B" in room.case.judgement["reason"]
    room.desk.release("P-101B")
    await room.wait(60.0)
    await room.reach_request(1)
    assert len(room.runs()) == 2


async def test_a_case_with_two_candidates_given_back_rests(idle: AgentsRoom) -> None:
    idle.library = [idle.changed(), idle.changed(("id: cw/pump-bearing", "id: cw/other-pump"))]
    await idle.start_agents()
    await idle.reach_request(1)
    idle.say("reject")
    await idle.reach("STOPPED")
    await idle.scan(60)
    assert len(idle.runs()) == 1


async def test_a_case_over_while_it_is_judged_opens_no_run(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliberations, begun, may_end = room.agents.deliberations, asyncio.Event(), asyncio.Event()
    real = deliberations.judge

    async def slow(*given: object, **more: object) -> object:
        begun.set()
        await may_end.wait()
        return await real(*given, **more)  # type: ignore[arg-type]

    async def settle() -> None:
        while not (begun.is_set() or room.agents.is_idle):  # noqa: ASYNC110 (one loop)
            await asyncio.sleep(0)

    with monkeypatch.context() as patch:
        patch.setattr(deliberations, "judge", slow)
        patch.setattr(room.stepped_agents, "settle", settle)
        await room.until(begun.is_set, "a judgement")
        room.plant.lies |= {"VT-101A.pv": 3.0, "VAH-101A.active": False}
        await room.scan(13)
    may_end.set()
    await room.scan(2)
    kinds = [row.fields["kind"] for row in room.desk.database.find_rows(room.case.case_id)]
    assert (kinds, room.runs()) == (["case.opened", "case.closed"], [])


async def test_a_deviation_that_comes_back_is_judged_anew(idle: AgentsRoom) -> None:
    """Its playbook has completed for a case that another deviation has kept open."""
    idle.library = [idle.changed(), loaded(idle.site.state, NEVER_DECIDED)]
    await idle.start_agents()
    await idle.approved(1, 2)
    await idle.reach("COMPLETE")
    await idle.scan(12)
    assert idle.judged()[-1] == "never-decided: evidence"
    idle.plant.lies |= {"VT-101A.pv": 2.0, "VAH-101A.active": False}
    await idle.scan(2)
    idle.plant.lies |= {"VT-101A.pv": 7.0, "VAH-101A.active": True}
    await idle.scan(2)
    assert f"{CHANGEOVER}: evidence" in idle.judged()[-1]
    assert len(idle.case.playbooks) == 2


async def test_a_case_whose_playbook_is_gone_is_not_called_over(room: AgentsRoom) -> None:
    room.plant.lies["P-101B.mode"] = None
    await room.until(room.cases, "a case")
    await room.kill_agents()
    room.library = [each for each in room.library if "bearing" not in each.id]
    await room.start_agents()
    await room.scan()
    (closed,) = room.desk.database.find_rows(room.case.case_id, "case.closed")
    assert "not in use any more" in closed.fields["body"]["reason"]


async def test_a_suggested_playbook_belongs_to_the_case_that_it_answers(room: AgentsRoom) -> None:
    """Its own trigger comes while its run answers the case, and opens no second one."""
    room.plant.lies["PDT-101.pv"] = 30.0
    await room.until(room.runs, "the other one")
    room.plant.lies["PDAH-101.active"] = True
    await room.scan(30)
    (case,) = room.cases()
    assert case.playbooks == ("cw/pump-bearing-changeover (P-101A, P-101B)", "cw/strainer-blocked")
    assert len(room.runs()) == 1


async def test_a_run_tells_its_own_trigger_in_a_case_of_another(
    idle: AgentsRoom, tmp_path: Path
) -> None:
    idle.library = [loaded(tmp_path, NEVER_DECIDED), idle.changed()]
    await idle.start_agents()
    await idle.reach_request(1)
    (case,) = idle.cases()
    assert case.condition.startswith("PT-102.pv > 100 kPa")
    assert idle.run.opening["condition"].startswith("VAH-101A.active")


async def test_an_aborted_run_gives_its_case_back(room: AgentsRoom) -> None:
    room.fault("F16")
    await room.approved(1)
    await room.reach("ABORTED")
    await room.scan(2)
    (case,) = room.cases()
    assert (case.run_id, case.returned["state"]) == ("", "ABORTED")
    assert "start-standby failed" in case.returned["reason"]
    assert "owns its equipment" in case.judgement["reason"]
    assert [each.split(" --site")[0] for each in commands_of(case)] == [
        f"handwheel runs show {room.run_id}"
    ]
    assert len(room.runs()) == 1


async def test_a_run_that_was_not_approved_in_time_may_still_answer_its_case(
    room: AgentsRoom,
) -> None:
    await room.reach_request(1)
    await room.wait(890.0)
    await room.reach("HELD", within_s=15.0)
    await room.scan(2)
    (case,) = room.cases()
    assert (case.run_id, case.returned["state"]) == ("", "HELD")
    room.order("resume")
    await room.approved(2)
    await room.approved(3)
    await room.reach("COMPLETE")
    await room.scan(2)
    assert (room.cases(), set(room.case.done)) == ([], set(case.playbooks))


async def test_a_plant_that_cannot_be_read_for_a_moment_costs_a_minute(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = room.plant.survey, [NotConnected({"pkg": "connection refused"})]

    def survey(*given: Any) -> Survey:
        if left:
            raise left.pop()
        return real(*given)

    monkeypatch.setattr(room.plant, "survey", survey)
    await room.reach("NOT_STARTED")
    await room.scan(50)
    assert len(room.runs()) == 1
    await room.scan(20)
    await room.reach_request(1)
    assert len(room.runs()) == 2
