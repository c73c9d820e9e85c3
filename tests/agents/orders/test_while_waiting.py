"""What people ask of a run that waits or is held, and how it is taken into the safe state."""

import pytest

from handwheel.hmi.requests import approve as following
from handwheel.tools.errors import PermitRefused

from ..testbed.stepped_agents import START_B, START_B_BACK, AgentsRoom


async def test_a_run_that_waits_holds_at_once_and_its_request_is_over(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.order("hold")
    await room.scan(2)
    assert (room.run.state, room.request(1).state) == ("HELD", "INVALIDATED")
    with pytest.raises(PermitRefused, match="is INVALIDATED"):
        room.say("approve")
    await room.ordered("stop", "STOPPED")
    assert (room.frames, room.run.is_closed) == ([], True)


async def test_whoever_rejects_is_told_only_what_the_run_has_heard(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(following, "instant_now", room.clock.now)
    request_id = (await room.reach_request(1)).request.request_id
    room.say("reject")
    for heard in ("WAITING_APPROVAL; it hears of the decision with its next scan", "STOPPED"):
        assert not following.follow(room.desk.database, request_id)
        assert f"run {room.run_id} is {heard}\n" in capsys.readouterr().out
        await room.scan()


async def test_after_a_revocation_nothing_is_taken_back_alone(room: AgentsRoom) -> None:
    await room.settles()
    room.say("revoke")
    room.order("abort")
    await room.until(lambda: len(room.run.requests) == 2, "asked")
    room.say("reject", 2)
    await room.reach("HELD")
    assert "REJECTED" in room.run.reason
    assert room.frames == [START_B]
    room.order("resume")
    await room.scan(2)
    (refused,) = room.rows("order_refused")
    assert "it was being rolled back" in refused.body["reason"]
    await room.ordered("stop", "STOPPED")


async def test_an_abort_of_what_no_gate_has_taken_up_waits_for_it(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.say("approve")
    room.is_gate_idle = True
    await room.scan(2)
    assert len(room.due()) == 1
    room.order("abort")
    await room.scan(5)
    assert room.run.state == "ABORTING"
    room.is_gate_idle = False
    await room.reach("ABORTED")
    assert room.frames == [START_B, START_B_BACK]
    assert room.value("P-101B.running") is False


async def test_a_product_that_gets_too_hot_is_brought_into_the_safe_state(room: AgentsRoom) -> None:
    await room.settles()
    room.plant.lies["TT-202.pv"] = 56.0
    await room.reach("ABORTED", within_s=30.0)
    assert room.run.goal == "safe_state"
    assert room.frames == [START_B, "FIC-201.sp=30"]
    assert room.run.reason.startswith("invariant false for 10 s: TT-202.pv < 55 degC")
    skipped = [each.body["state"] for each in room.rows("undone")]
    assert skipped == ["SKIPPED", "VERIFIED"]


async def test_a_change_over_waits_until_it_may_begin(room: AgentsRoom) -> None:
    room.obstacle = "no gate is running"
    await room.scan(90)
    assert room.runs() == []
    room.obstacle = ""
    await room.approved(1)
    assert room.frames == [START_B]


async def test_what_is_taken_over_meanwhile_is_not_asked_for(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.order("hold")
    await room.reach("HELD")
    room.take_over("P-101B")
    room.order("resume")
    await room.until(lambda: (room.run.restarts, room.run.state) == (1, "HELD"), "held again")
    await room.scan(30)
    assert room.frames == []
    with pytest.raises(PermitRefused):
        room.say("approve")


async def test_equipment_that_is_not_handed_over_is_not_asked_for_and_that_is_told_once(
    room: AgentsRoom,
) -> None:
    room.take_over("P-101B")
    await room.scan(90)
    (found,) = room.cases()
    assert "P-101B" in found.judgement["reason"]
    assert (len(room.judged()), room.runs(), room.requests()) == (1, [], [])


async def test_a_run_that_is_held_keeps_its_case(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.order("hold")
    await room.scan(2)
    (case,) = room.cases()
    assert (room.run.state, case.run_id) == ("HELD", room.run_id)
    await room.restart_agents()
    await room.scan(2)
    assert room.cases() == [case]
    await room.ordered("stop", "STOPPED")
    (case,) = room.cases()
    assert (case.run_id, case.returned["state"], len(room.runs())) == ("", "STOPPED", 1)
