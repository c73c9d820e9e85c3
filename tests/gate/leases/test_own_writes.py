"""An undo leaves by what this gate did itself, finds exactly what it wrote, and knows when."""
# pyright: reportPrivateUsage=false

from dataclasses import replace

import pytest

from handwheel.tools.errors import InterlockActive
from handwheel.tools.guardrails.ledger.write_leases import open_writes
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation

from ..testbed.runner import SAFE, Runner, command, recovery, wires
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched
from .test_expiry import FOR_S, WHILE, in_lease, pass_time, standing

EFFECT = Terms(effects=(parse_expectation("PT-102.pv < 400 kPa within 1 min"),))


def invalidated(room: Watched) -> list[str]:
    return [str(each["reason"]) for each in room.rows("action.INVALIDATED")]


@pytest.mark.parametrize("value", [349.0, 361.0])
async def test_a_way_back_leaves_somebody_elses_value_alone(room: Watched, value: float) -> None:
    """Within 2 % of the span of 600 kPa, and not what was written: a person has trimmed it."""
    request = await in_lease(room)
    room.plant.values["PIC-102.sp"] = value
    await pass_time(room, FOR_S + 1.0)
    assert room.wires == wires(request, "c1")
    assert invalidated(room)[:1] == [f"PIC-102.sp reads {value:g} kPa; 360 was expected"]
    assert [each["tag"] for each in room.rows("lease.open")] == ["PIC-102.sp"]
    assert [each.tolerance for undo in request.recovery for each in undo.expected] == [None]
    room.clock.forward(60.0)
    room.plant.values["PIC-102.sp"] = 350.0
    twin = await in_lease(room)
    room.plant.values["PIC-102.sp"] = 350.0  # as the undo would leave it
    await pass_time(room, FOR_S + 1.0)
    assert standing(room, twin) == "CLOSED VERIFIED VERIFIED"


async def test_what_was_read_before_the_write_says_nothing_of_what_came_of_it(
    room: Watched,
) -> None:
    watched = room.approved(START_B, terms=EFFECT)
    before = room.plant.read(list(room.site.tags.values()))
    await room.act()
    room.running._look_on(before)
    assert room.rows("effect.CAME") == []
    room.watch()
    assert [each["of"] for each in room.rows("effect.CAME")] == [f"{watched.request_id}/c1"]
    request = room.approved(SETPOINT, terms=WHILE)
    before = room.plant.read(list(room.site.tags.values()))
    await room.act()
    room.desk.say("revoke", request, "anna")
    room.running._look_on(before)
    assert room.rows("lease.seen_back") == []
    assert [each.tag for each in open_writes(room.desk.database)] == ["PIC-102.sp"]
    room.plant.values["PIC-102.sp"] = 350.0
    room.watch()
    assert len(room.rows("lease.seen_back")) == 1


async def test_a_lease_bars_no_safe_state_and_takes_no_tag_of_another(runner: Runner) -> None:
    room, site = runner.room, runner.room.site
    room.plant.values["P-101B.run_cmd"] = True
    waiting = room.desk.propose(("P-101B.run_cmd", False), terms=WHILE)
    room.oracle.note(waiting)
    parts = runner.segment(commands=(command(site, START),), recovery=(recovery(site, SAFE),))
    run = runner.approved(parts)
    reason = f"P-101B.run_cmd cannot be in a lease now: {run.request_id} is approved"
    with pytest.raises(InterlockActive, match=reason):
        room.oracle.approve(waiting, "anna")
    with pytest.raises(InterlockActive, match=reason):
        room.desk.propose(("P-101B.run_cmd", False), terms=WHILE)
    runner.end(run)
    lease = await room.carried_out(("P-101B.run_cmd", False), terms=WHILE)
    again = runner.approved(replace(parts, proposal_key="another segment 2"))
    await runner.carry_out(again, "c1", "r1")
    assert room.wires == [*wires(lease, "c1"), *wires(again, "c1", "r1")]


@pytest.mark.parametrize("steps", [(-1.8, -1.8), (-1.8,)], ids=["part", "agree"])
async def test_a_lease_whose_time_nobody_can_tell_ends_and_is_told(
    room: Watched, steps: tuple[float, ...]
) -> None:
    """Each step is less than a clock that was set; together they part the clocks of the lease."""
    room.clock.set(1.8)
    room.watch()
    request = await in_lease(room)
    for each in steps:
        room.clock.set(each)
        room.watch()
    await pass_time(room, FOR_S + 4.0)
    if len(steps) == 1:
        assert room.wires == wires(request, "c1", "r1")
        return
    assert room.wires == wires(request, "c1")
    assert standing(room, request) == "INVALIDATED VERIFIED INVALIDATED"
    (told,) = room.rows("lease.open")
    assert "the clocks disagree since it was written" in str(told["reason"])
