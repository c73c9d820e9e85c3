"""What may start a run, and when one may not start any more."""

from ..testbed.stepped_agents import AgentsRoom

LIMITS = "limits: {max_writes: 6"
DEADLINE = (LIMITS, f"deadline: {{from: trigger, within: 5 min}}\n{LIMITS}")


async def test_nothing_begins_after_the_deadline(idle: AgentsRoom) -> None:
    await idle.start_with(DEADLINE)
    record = await idle.reach_request(1)
    begin_by = idle.run.opening["begin_by"]
    assert record.request.within_s <= 300.0  # of 15 min, since it ends with the deadline
    (candidate,) = idle.case.judgement["candidates"]
    assert candidate["begin_by"] == begin_by
    await idle.reach("HELD", within_s=320.0)
    late = f"deadline over: it had to begin by {begin_by[:19].replace('T', ' ')} UTC"
    assert (idle.run.reason, idle.request().state) == (late, "INVALIDATED")
    await idle.scan(15)
    assert idle.judged()[-1].endswith(": deadline")
    idle.order("resume")
    await idle.until(lambda: idle.run.restarts and idle.run.state == "HELD", "held again")
    assert idle.run.reason == late
    idle.order("stop")
    await idle.reach("STOPPED")
    await idle.wait(900.0)
    assert (len(idle.runs()), idle.frames) == (1, [])


async def test_what_has_begun_in_time_goes_on_after_it(idle: AgentsRoom) -> None:
    goal = "P-101B.running and PT-102.pv > 500 kPa"
    await idle.start_with(DEADLINE, ("owner:", f'achieves: "{goal}"\nowner:'))
    await idle.settles()
    await idle.scan(300)
    await idle.approved(2)
    await idle.reach("COMPLETE")
    assert idle.run.reason.startswith(f"not achieved: {goal}  [P-101B.running is true, PT-102.pv")
    assert idle.rows("expected")[-1].body["step"] == "achieves"
