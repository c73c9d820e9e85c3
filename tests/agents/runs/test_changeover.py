"""The worn bearing, from the first shaking to the work order, and what else it may come to."""

from ..testbed.stepped_agents import OUT_A, START_B, START_B_BACK, STOP_A, AgentsRoom


async def test_a_worn_bearing_is_answered_by_a_change_over(room: AgentsRoom) -> None:
    await room.reach("WAITING_APPROVAL")
    (opened,) = room.rows("opened")
    assert opened.body["condition"].startswith("VAH-101A.active")
    assert [each.body["blocked_by"] for each in room.rows("judged")] == [[]]
    assert room.frames == []
    assert opened.body["agent"] == room.request(1).request.proposer.name == "control agent"
    assert room.case.judgement["agent"] == "control agent"
    await room.approved(1)
    assert room.frames == [START_B]
    second = await room.reach_request(2)
    assert room.frames == [START_B]
    assert "Standby healthy? Vibration 1.3" in second.request.reason
    assert room.request(1).state == "APPROVED"
    room.say("approve")
    assert room.request(1).state == "SUPERSEDED"
    await room.reach("COMPLETE")
    assert room.frames == [START_B, STOP_A, OUT_A]
    assert [str(each.state) for each in room.requests()] == ["SUPERSEDED", "CLOSED"]
    assert (room.value("P-101A.running"), room.value("P-101B.running")) == (False, True)
    (order,) = room.workorders.all()
    assert (order.asset, order.class_, order.priority) == ("P-101A", "corrective", 2)
    assert "step inhibit: DONE" in order.evidence
    assert order.trend[0].tag == "VT-101A.pv"
    await room.scan(90)
    assert (len(room.runs()), room.frames) == (1, [START_B, STOP_A, OUT_A])


async def test_a_rejected_change_over_is_not_asked_for_again(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.say("reject")
    await room.reach("STOPPED")
    await room.scan(90)
    assert (room.frames, room.due(), len(room.requests())) == ([], [], 1)
    assert (room.request(1).state, len(room.runs())) == ("REJECTED", 1)


async def test_where_nobody_answers_it_holds_escalates_and_asks_anew_when_told(
    room: AgentsRoom,
) -> None:
    await room.reach_request(1)
    await room.wait(890.0)
    assert room.run.state == "WAITING_APPROVAL"
    await room.reach("HELD", within_s=15.0)
    assert room.run.reason.startswith("EXPIRED")
    await room.wait(580.0)
    assert room.notices() == []
    await room.scan(20)
    assert room.notices() == ["shift-supervisor"]
    room.order("resume")
    await room.approved(2)
    await room.approved(3)
    await room.reach("COMPLETE")
    assert [str(each.state) for each in room.requests()] == ["EXPIRED", "SUPERSEDED", "CLOSED"]
    assert room.frames == [START_B, STOP_A, OUT_A]


async def test_a_standby_that_does_not_start_is_taken_back(room: AgentsRoom) -> None:
    room.fault("F16")
    await room.approved(1)
    await room.reach("ABORTED")
    assert room.frames == [START_B, START_B_BACK]
    assert (room.value("P-101A.running"), room.value("P-101B.running")) == (True, False)
    assert "start-standby failed: not within 30 s" in room.run.reason
    await room.scan()
    assert room.notices() == ["shift-supervisor", "rotating-equipment"]
    await room.scan(90)
    assert (len(room.runs()), len(room.requests())) == (1, 1)
    assert not room.run.is_closed
    room.order("clear")
    await room.scan()
    assert (room.run.state, room.run.is_closed) == ("IDLE", True)


async def test_a_plugged_strainer_is_no_case_for_a_change_over(sound: AgentsRoom) -> None:
    sound.fault("F02", plug=28.0)
    await sound.scan(240)
    assert (sound.runs("changeover"), len(sound.runs("strainer-blocked"))) == ([], 1)
    assert [each.asset for each in sound.workorders.all()] == ["S-101"]
    (opened,) = sound.rows("opened", sound.runs("strainer-blocked")[0])
    assert opened.body["agent"] == "maintenance agent"
    assert (sound.requests(), sound.frames) == ([], [])


async def test_more_load_is_nothing_to_act_on(sound: AgentsRoom) -> None:
    sound.fault("D01")
    await sound.wait(3600.0, speed=6.0)
    assert (sound.runs(), sound.requests(), sound.frames) == ([], [], [])
