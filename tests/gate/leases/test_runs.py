"""Leases of a run's requests: they outlive the run's end, and end with whoever looked after it."""

import pytest

from handwheel.tools.errors import InvalidArguments, PermitRefused
from handwheel.tools.guardrails.approval.messages.run_events import OpenRun, RecordEvent
from handwheel.tools.guardrails.ledger.runner_lock import (
    RUNNER_LOCK_S,
    release_runner_lock,
    renew_runner_lock,
)
from handwheel.tools.requests.request import ActionRequest

from ..testbed.effects import take_runner_lock
from ..testbed.runner import (
    RUN,
    SAFE,
    SETPOINT,
    SETPOINT_BACK,
    START,
    START_BACK,
    Runner,
    command,
    recovery,
    wires,
)
from .test_expiry import pass_time

FOR_S = 7200.0


async def in_lease(runner: Runner, lease_s: float = FOR_S) -> ActionRequest:
    """Returns a run's request whose two commands are verified."""
    request = runner.approved(runner.segment(lease_s=lease_s))
    await runner.carry_out(request, "c1", "c2")
    return request


async def live(runner: Runner, seconds: float) -> None:
    """Lets time pass while the process that works on the runs renews its lease."""
    room, left_s = runner.room, seconds
    while left_s > 0.0:
        room.clock.forward(min(left_s, RUNNER_LOCK_S - 1.0))
        left_s -= RUNNER_LOCK_S - 1.0
        renew_runner_lock(room.desk.database, runner.holder, room.clock.now())
    await pass_time(room, 0.0)


async def test_a_runs_lease_is_over_after_its_last_command(runner: Runner) -> None:
    room = runner.room
    request = runner.approved(runner.segment(lease_s=60.0))
    await runner.carry_out(request, "c1")
    await live(runner, 50.0)
    await runner.carry_out(request, "c2")
    await live(runner, 50.0)
    assert room.wires == wires(request, "c1", "c2")
    await live(runner, 11.0)
    assert room.wires == wires(request, "c1", "c2", "r1", "r2")
    assert runner.state(request) == "CLOSED"
    assert runner.states(request) == "VERIFIED VERIFIED VERIFIED VERIFIED CANCELLED"
    assert room.faults() == ()


@pytest.mark.parametrize("lease_s", [600.0, FOR_S], ids=["in time", "after the hand-over"])
async def test_the_end_of_a_run_leaves_the_way_back_with_the_gate(
    runner: Runner, lease_s: float
) -> None:
    """Equipment is handed over to agents for an hour; what may not be written then stays, and
    that is told."""
    room, database = runner.room, runner.room.desk.database
    opening = OpenRun(run_id=RUN.run_id, playbook=RUN.playbook, assets=("P-101A",), body={})
    runner.make(opening)
    request = await in_lease(runner, lease_s)
    runner.end(request)
    assert runner.state(request) == "APPROVED"
    assert runner.states(request) == "VERIFIED VERIFIED PLANNED PLANNED CANCELLED"
    runner.make(RecordEvent(subject=RUN.run_id, kind="run.completed", body={}))
    release_runner_lock(database, runner.holder, room.clock.now())
    await pass_time(room, lease_s - 10.0)
    assert room.wires == wires(request, "c1", "c2")
    await pass_time(room, 20.0)
    if lease_s == FOR_S:
        assert room.wires == wires(request, "c1", "c2")
        assert "granted" in runner.reason(request, "r1")
        assert len(room.rows("lease.open")) == 2
    else:
        assert room.wires == wires(request, "c1", "c2", "r1", "r2")
        assert (runner.state(request), room.rows("lease.open")) == ("CLOSED", [])
        assert room.faults() == ()


@pytest.mark.parametrize("how", ["unheard of", "given back", "another one"])
async def test_when_the_agent_is_gone_the_gate_takes_back_at_once(runner: Runner, how: str) -> None:
    room, database = runner.room, runner.room.desk.database
    request = await in_lease(runner)
    await live(runner, 60.0)
    assert room.wires == wires(request, "c1", "c2")
    room.oracle.are_agents_gone = True
    if how == "unheard of":
        room.clock.forward(RUNNER_LOCK_S + 1.0)
    else:
        release_runner_lock(database, runner.holder, room.clock.now())
    if how == "another one":
        take_runner_lock(database, room.clock.now())
    await pass_time(room, 0.0)
    assert room.wires == wires(request, "c1", "c2", "r1", "r2")
    assert runner.state(request) == "CLOSED"
    lost = room.rows("lease.lost")
    assert [each["of"] for each in lost] == [request.request_id]
    assert room.faults() == ()


async def test_a_run_that_takes_back_needs_no_end_of_its_lease(runner: Runner) -> None:
    room = runner.room
    request = await in_lease(runner)
    room.oracle.due |= {f"{request.request_id}/{name}" for name in ("r1", "r2")}
    await runner.carry_out(request, "r1", "r2")
    assert room.wires == wires(request, "c1", "c2", "r1", "r2")
    await live(runner, 60.0)
    assert runner.state(request) == "APPROVED"
    runner.end(request)
    assert (runner.state(request), len(room.wires)) == ("CLOSED", 4)
    assert room.rows("lease.open") == []


async def test_a_request_with_a_lease_stands_for_itself(runner: Runner) -> None:
    site = runner.room.site
    with pytest.raises(InvalidArguments, match=r"P-101A\.run_cmd cannot have a lease"):
        runner.made(runner.segment(lease_s=60.0, recovery=(recovery(site, SETPOINT_BACK, 1),)))
    request = await in_lease(runner)
    later = runner.segment(
        proposal_key="another segment 2", supersedes=request.request_id,
        commands=(command(site, SAFE),), recovery=(),
    )  # fmt: skip
    with pytest.raises(PermitRefused, match="is in its lease, and nothing takes its place"):
        runner.file(*runner.made(later))
    earlier = recovery(site, START_BACK, f"{request.request_id}/c1", expects=True)
    back = recovery(site, SETPOINT_BACK, 0)
    leased = runner.segment(
        lease_s=60.0, commands=(command(site, SETPOINT),), recovery=(back, earlier)
    )
    with pytest.raises(InvalidArguments, match="undoes its own commands only"):
        runner.made(leased)
    assert START[0] in {each.tag for each in request.commands}
