"""What people ask of a run at work, and what the plant asks of it while they think."""

from ..testbed.stepped_agents import OUT_A, START_B, START_B_BACK, STOP_A, AgentsRoom


async def test_it_holds_at_the_end_of_its_step_and_asks_for_the_rest(room: AgentsRoom) -> None:
    await room.settles()
    room.order("hold", "max")
    await room.scan(2)
    assert (room.run.state, room.run.step("settle")) == ("HOLDING", "PERFORM")
    await room.reach("HELD")
    assert room.run.step("settle") == "DONE"
    assert not room.run.is_cut_off
    assert "hold ordered by max" in room.run.reason
    await room.scan(30)
    assert len(room.requests()) == 1
    judged = len(room.rows("judged"))
    room.order("resume")
    await room.reach_request(2)
    assert len(room.rows("judged")) == judged + 1
    assert [each.tag for each in room.request(2).request.commands] == [
        "P-101A.run_cmd", "P-101A.mode",
    ]  # fmt: skip
    room.say("approve")
    await room.reach("COMPLETE")
    assert room.frames == [START_B, STOP_A, OUT_A]


async def test_an_abort_in_the_middle_of_a_step_does_not_wait_for_its_end(room: AgentsRoom) -> None:
    await room.settles()
    room.order("abort")
    await room.scan(3)
    assert room.run.state == "ABORTED"
    assert (room.run.step("settle"), room.frames) == ("PERFORM", [START_B, START_B_BACK])


async def test_an_undo_that_does_not_come_true_stops_nothing_else(room: AgentsRoom) -> None:
    await room.approved(1, 2)
    await room.until(lambda: not room.value("P-101A.running"), "at rest")
    assert room.run.step("stop-duty") == "VERIFY"
    room.fault("F16", pump="P-101A")
    await room.ordered("abort", "ABORTED")
    assert "the undo of stop-duty was not verified" in room.run.reason
    assert "brought into the safe state" in room.run.reason
    assert room.frames == [START_B, STOP_A, "P-101A.run_cmd=1"]
    assert room.value("P-101B.running")


async def test_what_it_was_for_may_be_gone_once_something_is_written(room: AgentsRoom) -> None:
    await room.settles()
    await room.ordered("hold", "HELD")
    room.plant.lies["VT-101A.pv"] = 3.0
    room.order("resume")
    await room.approved(2)
    assert room.frames == [START_B, STOP_A]


async def test_an_order_that_nobody_signed_is_none(room: AgentsRoom) -> None:
    await room.settles()
    for order in ("abort", "resume", "clear"):
        with room.desk.database.transaction(room.clock.now()) as transaction:
            transaction.record("run.ordered", room.run_id, {"order": order, "person": "anna"})
        await room.scan()
    assert [each.body["asked"] for each in room.rows("order_refused")] == [
        "abort", "resume", "clear",
    ]  # fmt: skip
    assert (room.run.state, room.frames) == ("RUNNING", [START_B])


async def test_what_nobody_approved_is_not_resumed_and_aborted_without_a_frame(
    room: AgentsRoom,
) -> None:
    await room.reach_request(1)
    room.order("resume")
    await room.scan(2)
    (refused,) = room.rows("order_refused")
    said = (refused.body["asked"], refused.body["reason"])
    assert said == ("resume", "the run is WAITING_APPROVAL")
    assert room.run.state == "WAITING_APPROVAL"
    await room.ordered("abort", "ABORTED")
    assert (room.frames, room.request(1).state) == ([], "INVALIDATED")


async def test_a_broken_invariant_does_not_wait_for_a_decision(room: AgentsRoom) -> None:
    await room.approved(1)
    await room.reach_request(2)
    room.plant.lies["PT-102.pv"] = 270.0
    await room.scan(5)
    room.plant.lies.clear()
    await room.scan(2)
    assert room.run.state == "WAITING_APPROVAL"  # that was less than its grace
    room.plant.lies["PT-102.pv"] = 270.0
    await room.reach("ABORTED", within_s=15.0)
    assert room.run.reason.startswith("invariant false for 5 s: PT-102.pv > 280 kPa")
    assert room.frames == [START_B, START_B_BACK]
    assert room.request(2).state == "INVALIDATED"


async def test_nothing_is_watched_before_the_first_write(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.plant.lies["PT-102.pv"] = 270.0
    await room.scan(20)
    assert room.run.state == "WAITING_APPROVAL"
    room.say("approve")
    await room.reach("HELD")  # the gate looked at the permissives
    assert room.frames == []
    assert "PT-102.pv" in room.run.reason


async def test_a_revoked_approval_holds_the_run_before_its_next_write(room: AgentsRoom) -> None:
    await room.settles()
    room.say("revoke")
    await room.reach("HELD")
    assert (room.frames, room.request(1).state) == ([START_B], "REVOKED")
    assert "is REVOKED" in room.run.reason
