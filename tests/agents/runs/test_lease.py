"""Writes of a playbook with a lease, which the gate takes back when the run is over or gone."""

from handwheel.playbooks.binding.bind import bind

from ...playbooks.sample_playbook import loaded
from ..testbed.stepped_agents import AgentsRoom

STEP = """\
schema: playbook/1
id: test/step
version: 1.0.0
title: Lower the set point for a while
owner: tests
style: automated
trigger: {any: [{manual: true}]}
concurrency: {key: [E-101], policy: reject}
approval: {role: operator, within: 15 min, on_timeout: stop}
steps:
  - id: step-down
    write: {TIC-202.sp: "TIC-202.sp - 1 K"}
    verify: {that: "TIC-202.sp < before(TIC-202.sp)", within: 10 s}
    undo: {write: {TIC-202.sp: "before(TIC-202.sp)"}}
    on_fail: {then: rollback}
  - id: look
    wait: {until: "TIC-202.op > 1 %", hold: 20 s, within: 40 s}
    on_fail: {then: rollback}
limits: {max_writes: 1, max_duration: 30 min, lease: 90 s}
"""
DOWN, BACK = "TIC-202.sp=47", "TIC-202.sp=48"


async def _stepped(room: AgentsRoom) -> None:
    """Starts agents, has the step approved, and lets it be written."""
    room.library = [loaded(room.site.state, STEP, "step.yaml")]
    await room.start_agents()
    room.desk.order_start(bind(room.library[0], room.site), {}, "anna")
    await room.approved(1)
    request = room.request(1).request
    assert (request.lease and request.lease.for_s, request.risk_class) == (90.0, "R1")
    await room.reach_step("look", "PERFORM")
    assert room.frames == [DOWN]


async def test_a_lease_ends_after_its_run_and_the_gate_writes_what_was_there_before(
    idle: AgentsRoom,
) -> None:
    await _stepped(idle)
    await idle.reach("COMPLETE", within_s=60.0)
    assert (idle.request(1).state, idle.frames) == ("APPROVED", [DOWN])
    await idle.until(lambda: idle.request(1).state == "CLOSED", "lease is over", 90.0)
    assert idle.frames == [DOWN, BACK]


async def test_a_lease_ends_with_the_agents_that_asked_for_it(idle: AgentsRoom) -> None:
    await _stepped(idle)
    await idle.kill_agents()
    for _ in range(3):
        idle.clock.forward(1.0)
        idle.watch()
        await idle.act()
    assert idle.frames == [DOWN, BACK]
