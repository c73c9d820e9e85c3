"""A value that is not known lets no run act; a plant that is not seen stops no clock."""

from ..testbed.stepped_agents import START_B, STOP_A, AgentsRoom

_TITLE = "    title: Let the header settle"
_IF = (_TITLE, f'    if: "LT-101.pv > 10 %"\n{_TITLE}')
_NO_INVARIANTS = (
    '  - {that: "PT-102.pv > 280 kPa", grace: 5 s,  on_violation: rollback}\n'
    '  - {that: "TT-202.pv < 55 degC", grace: 10 s, on_violation: safe_state}\n',
    '  - {that: "P-101B.run_cmd or not P-101B.run_cmd", grace: 1 h, on_violation: hold}\n',
)


async def test_a_run_is_not_resumed_for_ever(room: AgentsRoom) -> None:
    await room.reach_request(1)
    room.order("hold")
    room.plant.lies["PDT-101.pv"] = 30.0
    for number in range(1, 22):
        await room.reach("HELD")
        room.order("resume")
        await room.until(lambda: room.run.restarts == number and room.run.state == "HELD", number)  # noqa: B023
    assert room.run.reason == "it was resumed 20 times; abort it or stop it"
    assert len(room.requests()) == 1


async def test_an_unknown_if_holds(idle: AgentsRoom) -> None:
    await idle.start_with(_IF)
    await idle.approved(1)
    idle.plant.lies["LT-101.pv"] = None
    await idle.reach("HELD")
    assert idle.run.reason.startswith("step settle: unknown: LT-101.pv > 10 %")
    assert (idle.run.step("settle"), idle.frames) == ("PENDING", [START_B])


async def test_an_if_that_is_false_leaves_its_step_out(idle: AgentsRoom) -> None:
    await idle.start_with((_IF[0], _IF[1].replace(">", "<")))
    await idle.approved(1)
    await idle.reach_request(2)
    assert idle.run.step("settle") == "SKIPPED"


async def test_a_plant_that_is_lost_violates_what_must_hold(room: AgentsRoom) -> None:
    await room.approved(1, 2)
    await room.reach_step("stop-duty", "VERIFY")
    room.plant.is_unseen = True
    await room.reach("HELD", within_s=20.0)
    assert "unknown" in room.run.reason
    assert (room.run.step("stop-duty"), room.frames) == ("VERIFY", [START_B, STOP_A])


async def test_what_is_not_seen_is_not_verified(idle: AgentsRoom) -> None:
    await idle.start_with(_NO_INVARIANTS)
    await idle.approved(1, 2)
    await idle.reach_step("stop-duty", "VERIFY")
    idle.plant.is_unseen = True
    await idle.reach_step("stop-duty", "FAILED")
    await idle.reach("HELD")
    assert (idle.run.step("stop-duty"), idle.frames) == ("FAILED", [START_B, STOP_A])


async def test_a_break_in_what_must_hold_begins_its_time_anew(room: AgentsRoom) -> None:
    await room.settles()
    begun_s = room.stepped_agents.scanned_s
    await room.scan(25)
    room.plant.lies["VT-101B.pv"] = None
    await room.scan(3)
    room.plant.lies.clear()
    await room.reach_step("settle", "DONE")
    assert room.stepped_agents.scanned_s - begun_s > 25 + 3 + 29
