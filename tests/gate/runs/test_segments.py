"""A run's requests at the gate: what was approved moves when the run says so, and nothing else."""

import pytest

from handwheel.tools.errors import LedgerError, PermitRefused
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.ledger.runner_lock import release_runner_lock
from handwheel.tools.guardrails.ledger.store.database import LostRace

from ...plants.in_memory import Fault
from ..testbed.authority_grant import give
from ..testbed.effects import take_runner_lock
from ..testbed.runner import Runner, command, wires


async def test_a_run_says_when_and_takes_everything_back(runner: Runner) -> None:
    request = await runner.begun("c1", "c2")
    assert runner.states(request) == "VERIFIED VERIFIED PLANNED PLANNED PLANNED"
    assert runner.state(request) == "APPROVED"
    await runner.carry_out(request, "r1", "r2", "r3")
    assert runner.states(request) == " ".join(["VERIFIED"] * 5)
    assert runner.room.wires == wires(request, "c1", "c2", "r1", "r2", "r3")
    runner.end(request)
    runner.end(request)
    assert runner.state(request) == "CLOSED"
    assert runner.room.faults() == ()


@pytest.mark.way_in("D6")
async def test_due_is_said_by_whoever_holds_the_lease(runner: Runner) -> None:
    request, room = runner.approved(), runner.room
    for step in (
        lambda: runner.due(f"{request.request_id}/c1"),
        lambda: runner.skip(f"{request.request_id}/c1"),
        lambda: runner.end(request),
        lambda: runner.file(*runner.made(runner.segment(proposal_key="another segment 2"))),
        lambda: runner.file(request),
    ):
        holder, runner.holder = runner.holder, "somebody else"
        with pytest.raises(LostRace, match="its lock is over"):
            step()
        runner.holder = holder
    release_runner_lock(room.desk.database, runner.holder, room.clock.now())
    with pytest.raises(LostRace, match="its lock is over"):
        runner.due(f"{request.request_id}/c1")
    assert runner.states(request) == " ".join(["PLANNED"] * 5)
    await room.act()
    assert runner.room.wires == []
    runner.holder = take_runner_lock(room.desk.database, room.clock.now())
    with pytest.raises(PermitRefused, match="another process works on this site's runs"):
        take_runner_lock(room.desk.database, room.clock.now())
    await runner.carry_out(request, "c1")
    with pytest.raises(LostRace):  # whoever holds it: once
        runner.due(f"{request.request_id}/c1")
    assert runner.reason(request, "c1") == "P-101A.run_cmd reads true"
    assert runner.room.wires == wires(request, "c1")


@pytest.mark.way_in("C16")
async def test_a_command_before_its_turn_is_refused_and_sent_in_its_turn(runner: Runner) -> None:
    request = runner.approved()
    with pytest.raises(PermitRefused, match="c1 comes before it and is not done"):
        runner.due(f"{request.request_id}/c2")
    assert runner.room.wires == []
    await runner.carry_out(request, "c1")
    await runner.carry_out(request, "c2")
    assert runner.room.wires == wires(request, "c1", "c2")


async def test_commands_come_in_their_order(runner: Runner) -> None:
    request = runner.approved()
    c1, c2 = (f"{request.request_id}/{name}" for name in ("c1", "c2"))
    runner.room.force_due(c2)
    await runner.room.act()
    assert runner.reason(request, "c2") == f"{c1} comes before it and is not done"
    assert (runner.room.wires, runner.state(request)) == ([], "APPROVED")


async def test_a_command_that_is_skipped_lets_the_next_one_go(runner: Runner) -> None:
    request = runner.approved()
    runner.skip(f"{request.request_id}/c1")
    await runner.carry_out(request, "c2")
    assert runner.states(request).startswith("SKIPPED VERIFIED")
    with pytest.raises(LostRace):
        runner.skip(f"{request.request_id}/c2")
    await runner.carry_out(request, "r2")
    assert f"{request.request_id}/c1 was not sent" in runner.reason(request, "r2")
    assert runner.room.wires == wires(request, "c2")
    assert runner.room.faults() == ()


@pytest.mark.way_in("V5")
async def test_after_a_refused_command_only_recovery_is_left(runner: Runner) -> None:
    request = runner.approved()
    runner.room.plant.fault = "refused"
    await runner.carry_out(request, "c1")
    assert runner.states(request) == "REFUSED CANCELLED PLANNED PLANNED PLANNED"
    assert runner.reason(request, "c1").endswith("exception 4")
    assert runner.reason(request, "c2") == runner.reason(request, "c1")
    assert runner.state(request) == "APPROVED"
    with pytest.raises(PermitRefused, match="c1 comes before it"):
        runner.due(f"{request.request_id}/c2")
    await runner.carry_out(request, "r2", "r3")
    assert runner.states(request) == "REFUSED CANCELLED PLANNED VERIFIED VERIFIED"
    assert runner.room.wires == wires(request, "c1", "r2", "r3")
    assert runner.room.faults() == ()


@pytest.mark.parametrize(("fault", "end"), [("refused", "CLOSED"), ("none", "INVALIDATED")])
async def test_a_failed_command_ends_a_request_that_has_no_recovery(
    runner: Runner, fault: Fault, end: str
) -> None:
    request = runner.approved(runner.segment(recovery=()))
    runner.room.plant.fault = fault
    if fault == "none":
        runner.room.plant.values["P-101A.mode"] = 0
    await runner.carry_out(request, "c1")
    assert runner.state(request) == end


async def test_an_action_that_no_gate_takes_up_ends_alone(runner: Runner) -> None:
    request, room = runner.approved(), runner.room
    runner.due(f"{request.request_id}/c1")
    room.clock.forward(10.1)
    room.watch()
    assert runner.states(request) == "INVALIDATED CANCELLED PLANNED PLANNED PLANNED"
    assert (runner.state(request), runner.reason(request, "c1")) == (
        "APPROVED", "no gate took it up within 10 s",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "wait_s", "last", "reason"),
    [
        ((), 59.0, "c1", ""),
        ((), 61.0, "c1", "the last signature is too old to start on"),
        (("c1",), 3599.0, "c2", ""),
        (("c1",), 3601.0, "c2", "the approval is 3601 s old; it holds for 3600 s"),
        (("c1",), 9000.0, "r2", ""),
        (("skip c1",), 59.0, "c2", ""),
        (("skip c1",), 61.0, "c2", "the last signature is too old to start on"),
    ],
)
async def test_how_long_an_approval_of_a_run_holds(
    runner: Runner, names: tuple[str, ...], wait_s: float, last: str, reason: str
) -> None:
    request = runner.approved()
    for name in names:
        if name.startswith("skip "):
            runner.skip(f"{request.request_id}/{name[5:]}")
        else:
            await runner.carry_out(request, name)
    runner.room.clock.forward(wait_s)
    give_back_and_take(runner)
    await runner.carry_out(request, last)
    assert runner.reason(request, last).startswith(reason or "")
    assert (wires(request, last)[0] in runner.room.wires) == (not reason)


def give_back_and_take(runner: Runner) -> None:
    """The hours pass with the lease renewed and the equipment handed over."""
    room = runner.room
    runner.holder = take_runner_lock(room.desk.database, room.clock.now())
    for scope in ("site", "PUMPS-101"):
        give(room.desk.decision_context, scope, room.clock.now())


@pytest.mark.way_in("D17")
async def test_a_proposal_that_is_made_again_is_the_one_that_is_there(runner: Runner) -> None:
    def propose_again() -> None:
        with pytest.raises(PermitRefused, match=f"was filed before, as {request.request_id}$"):
            runner.file(*runner.made(runner.segment()))

    request = runner.approved()
    propose_again()
    await runner.carry_out(request, "c1")
    assert runner.reason(request, "c1") == "P-101A.run_cmd reads true"
    propose_again()
    assert len(load_requests(runner.room.desk.database)) == 1
    for _ in range(2):
        await runner.room.act()
    assert runner.room.wires == wires(request, "c1")
    runner.end(request)
    runner.room.desk.lock_out("site")
    propose_again()
    assert runner.states(request) == "VERIFIED " + " ".join(["CANCELLED"] * 4)
    assert runner.room.wires == wires(request, "c1")


async def test_what_the_run_ends_before_it_is_approved_is_over(runner: Runner) -> None:
    request = runner.file(*runner.made(runner.segment()))
    runner.end(request)
    assert runner.state(request) == "INVALIDATED"
    assert runner.states(request) == " ".join(["INVALIDATED"] * 5)


def test_what_the_policy_denies_a_run_is_filed_as_denied(runner: Runner) -> None:
    far = command(runner.room.site, ("PIC-102.sp", 500.0))
    request = runner.file(*runner.made(runner.segment(commands=(far,), recovery=())))
    assert (runner.state(request), runner.states(request)) == ("DENIED", "CANCELLED")


async def test_a_persons_request_is_no_runs(runner: Runner) -> None:
    request = runner.room.approved()
    for step in (
        lambda: runner.due(f"{request.request_id}/c1"),
        lambda: runner.skip(f"{request.request_id}/c1"),
        lambda: runner.end(request),
        lambda: runner.file(request),
        lambda: runner.due("R-00000000/c1"),
    ):
        with pytest.raises((PermitRefused, LedgerError), match=r"run|is not there"):
            step()
    await runner.room.act()
    assert runner.room.desk.states(request) == ["VERIFIED"]
