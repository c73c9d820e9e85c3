"""A run on the real plant: it starts the standby, stops the duty pump, and takes it all back."""

import pytest

from handwheel.tools.errors import InterlockActive, PermitRefused
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState

from ..testbed.audited import judged
from ..testbed.runner import command, recovery
from ..testbed.served import World
from ..testbed.served_runner import PlantRun

pytestmark = pytest.mark.usefixtures("plant")

START_B, STOP_B = ("P-101B.run_cmd", True), ("P-101B.run_cmd", False)
START_A, STOP_A = ("P-101A.run_cmd", True), ("P-101A.run_cmd", False)


@pytest.fixture
def run(world: World) -> PlantRun:
    return PlantRun(world)


async def start_standby(run: PlantRun) -> RequestRecord:
    """The first segment: the standby pump is started, and may be stopped again."""
    site = run.world.site
    return await run.approved(
        commands=(command(site, START_B),), recovery=(recovery(site, STOP_B, 0),)
    )


async def stop_duty(run: PlantRun, first: RequestRecord) -> RequestRecord:
    """The second segment: the duty pump is stopped; both may be taken back."""
    site, name = run.world.site, first.request.request_id
    back = recovery(site, STOP_B, f"{name}/c1", expects=True)
    return await run.approved(
        commands=(command(site, STOP_A),), recovery=(recovery(site, START_A, 0), back),
        proposal_key="the second segment", supersedes=name,
    )  # fmt: skip


async def test_a_change_over_is_taken_back_in_two_segments(run: PlantRun) -> None:
    first = await start_standby(run)
    assert (await run.carry_out(first, "c1")).action is ActionState.VERIFIED
    await run.until("P-101B.running", True)
    second = await stop_duty(run, first)
    assert run.states(first) == "SUPERSEDED VERIFIED CANCELLED"
    assert (await run.carry_out(second, "c1")).action is ActionState.VERIFIED
    await run.until("P-101A.running", False)
    assert (await run.carry_out(second, "r1")).action is ActionState.VERIFIED
    await run.until("P-101A.running", True)
    assert (await run.carry_out(second, "r2")).action is ActionState.VERIFIED
    sent = [*first.request.commands, *second.request.commands, *second.request.recovery]
    assert run.world.frames == [each.wire for each in sent]
    assert run.audited() == ()
    report = judged(run.world)
    assert report.faults == ()
    assert [each.action_id for each in report.matched] == [each.action_id for each in sent]


async def test_a_limit_across_tags_holds_for_recovery(run: PlantRun) -> None:
    """The standby is not stopped while no other pump runs, though a person has approved it."""
    first = await start_standby(run)
    await run.carry_out(first, "c1")
    await run.until("P-101B.running", True)
    run.world.server.simulation.plant.write("P-101A.run_cmd", value=False)
    await run.world.server.step()
    await run.until("P-101A.running", False)
    end = await run.carry_out(first, "r1")
    assert end.action is ActionState.INVALIDATED
    assert end.reason.startswith("a-pump-runs: ")
    assert run.world.frames == [first.request.commands[0].wire]


async def test_an_undo_before_its_command_moves_nothing(run: PlantRun) -> None:
    first = await start_standby(run)
    end = await run.carry_out(first, "r1")
    assert (end.action, end.request) == (ActionState.INVALIDATED, RequestState.INVALIDATED)
    assert "there is nothing to undo" in end.reason
    assert run.world.frames == []


async def test_recovery_leaves_a_pump_alone_that_somebody_works_on(run: PlantRun) -> None:
    first = await start_standby(run)
    await run.carry_out(first, "c1")
    run.world.server.simulation.plant.act("local-P-101B")
    await run.world.server.step()
    end = await run.carry_out(first, "r1")
    assert "not true: P-101B.mode == 'remote'" in end.reason
    assert len(run.world.frames) == 1


@pytest.mark.way_in("S6")
async def test_a_lockout_stops_recovery(run: PlantRun) -> None:
    first = await start_standby(run)
    await run.carry_out(first, "c1")
    run.world.lock("P-101B")
    end = await run.end(first, "r1")  # the gate latches it, and everything ends
    assert (end.action, end.reason) == (ActionState.INVALIDATED, "lockout of P-101B")
    with pytest.raises(PermitRefused, match="is INVALIDATED: lockout of P-101B"):
        run.due(first, "r1")
    with pytest.raises(InterlockActive, match="locked out: P-101B"):
        await start_standby_again(run)
    assert len(run.world.frames) == 1


async def start_standby_again(run: PlantRun) -> RequestRecord:
    site = run.world.site
    return await run.file(
        commands=(command(site, STOP_B),), recovery=(), proposal_key="another segment 2"
    )


async def test_a_gate_that_starts_takes_nothing_back(run: PlantRun) -> None:
    first = await start_standby(run)
    await run.carry_out(first, "c1")
    await run.world.stop()
    await run.world.start()
    end = await run.end(first, "r1")
    assert (end.action, end.reason) == (
        ActionState.INVALIDATED, "the gate was started after the approval",
    )  # fmt: skip
    with pytest.raises(PermitRefused, match="is INVALIDATED"):
        run.due(first, "r1")
    assert len(run.world.frames) == 1


async def test_recovery_keeps_no_pace_and_a_safe_state_no_step(run: PlantRun) -> None:
    """5 kPa a moment after a write is too fast for operation, and 50 kPa too far."""
    site = run.world.site
    commands = (command(site, ("PIC-102.sp", 355.0)),)
    back = (recovery(site, ("PIC-102.sp", 350.0), 0), recovery(site, ("PIC-102.sp", 300.0)))
    first = await run.approved(commands=commands, recovery=back)
    for name in ("c1", "r1"):
        assert (await run.carry_out(first, name)).action is ActionState.VERIFIED
    again = await run.approved(commands=commands, recovery=(), proposal_key="another segment 2")
    end = await run.carry_out(again, "c1")
    assert "would change faster than 30 kPa/min" in end.reason
    assert (await run.carry_out(first, "r2")).action is ActionState.VERIFIED
    assert run.world.frames == [each.wire for each in first.request.actions]
    far = (command(site, ("PIC-102.sp", 350.0)),)
    denied = await run.file(commands=far, recovery=(), proposal_key="another segment 3")
    assert (denied.state, "a step of 50 kPa" in denied.reason) == (RequestState.DENIED, True)
