"""Recovery at the gate: what was approved to be taken back, if there is anything to take back."""

from typing import Any

import pytest

from handwheel.tools.errors import InterlockActive, LedgerError, PermitRefused
from handwheel.tools.guardrails.ledger.intents import was_not_sent
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import ActionRequest

from ...plants.in_memory import Fault
from ..testbed.runner import (
    OTHER_RUN,
    SAFE,
    START,
    START_BACK,
    Runner,
    command,
    needs,
    recovery,
    wires,
)


async def test_recovery_needs_something_to_undo(runner: Runner) -> None:
    request = await runner.begun("r3")
    assert "there is nothing to undo: run U-00000001" in runner.reason(request, "r3")
    assert runner.room.wires == []
    assert runner.states(request) == "CANCELLED CANCELLED PLANNED PLANNED INVALIDATED"
    again = runner.approved(runner.segment(proposal_key="another segment 2"))
    await runner.carry_out(again, "c1", "r3")
    assert runner.room.wires == wires(again, "c1", "r3")


async def test_an_undo_comes_after_its_command_and_once(runner: Runner) -> None:
    request = await runner.begun("c1", "r1")
    c2 = f"{request.request_id}/c2"
    assert runner.reason(request, "r1") == f"there is nothing to undo: {c2} was not sent"
    assert runner.state(request) == "APPROVED"
    await runner.carry_out(request, "r2")
    assert runner.room.wires == wires(request, "c1", "r2")
    with pytest.raises(LostRace):
        runner.due(f"{request.request_id}/r2")
    again = _undo_again(runner, request)
    await runner.carry_out(again, "r1")
    reason = runner.reason(again, "r1")
    assert reason == f"{request.request_id}/r2 has taken {request.request_id}/c1 back already"
    assert len(runner.room.wires) == 2


def _undo_again(runner: Runner, request: ActionRequest) -> ActionRequest:
    """The open recovery of an earlier request, in a new one that takes its place."""
    return runner.approved(runner.undoing(request, supersedes=request.request_id))


async def test_a_later_request_takes_back_what_an_earlier_one_wrote(runner: Runner) -> None:
    request = await runner.begun("c1")
    again = _undo_again(runner, request)
    assert runner.state(request) == "SUPERSEDED"
    assert runner.states(request) == "VERIFIED CANCELLED CANCELLED CANCELLED CANCELLED"
    with pytest.raises(PermitRefused, match="SUPERSEDED"):
        runner.due(f"{request.request_id}/r2")
    await runner.carry_out(again, "r1")
    assert runner.room.wires == [*wires(request, "c1"), *wires(again, "r1")]
    assert runner.room.faults() == ()


async def test_an_undo_may_be_tried_again_where_the_device_refused_it(runner: Runner) -> None:
    request = await runner.begun("c1")
    runner.room.plant.fault = "refused"
    await runner.carry_out(request, "r2")
    again = _undo_again(runner, request)
    await runner.carry_out(again, "r1")
    assert runner.states(again) == "CANCELLED VERIFIED"
    assert runner.room.faults() == ()


@pytest.mark.parametrize("fault", ["not sent", "refused"])
async def test_what_never_left_is_not_undone_though_somebody_has_written_the_same(
    runner: Runner, fault: Fault
) -> None:
    request = runner.approved()
    c1 = f"{request.request_id}/c1"
    runner.room.plant.fault = fault
    await runner.carry_out(request, "c1")
    assert runner.states(request).startswith("REFUSED ")
    assert was_not_sent(runner.room.desk.database, c1) is (fault == "not sent")
    runner.room.plant.values["P-101A.run_cmd"] = True  # by hand, at the panel
    await runner.carry_out(request, "r2", "r3")
    if fault == "not sent":
        assert runner.reason(request, "r2") == f"there is nothing to undo: {c1} was not sent"
        assert runner.room.wires == wires(request, "r3")  # a safe state undoes nothing
    else:
        assert runner.room.wires == wires(request, "c1", "r2", "r3")
    assert runner.room.faults() == ()


async def test_nobodys_request_supersedes_another_runs(runner: Runner) -> None:
    request = runner.approved()
    foreign = runner.segment(
        run=OTHER_RUN, supersedes=request.request_id, proposal_key="another run's segment"
    )
    with pytest.raises(PermitRefused, match="not an earlier request of the same run"):
        runner.file(*runner.made(foreign))
    made, _ = runner.made(foreign)
    runner.room.force_filed(made)
    with pytest.raises(PermitRefused, match="not an earlier request of the same run"):
        runner.room.desk.approve(made)
    assert (runner.state(request), runner.state(made)) == ("APPROVED", "PENDING")
    missing = runner.segment(supersedes="R-00000000", proposal_key="of nothing at all")
    with pytest.raises(LedgerError, match="is not there"):
        runner.file(*runner.made(missing))


async def test_no_run_takes_back_what_another_one_wrote(runner: Runner) -> None:
    request = await runner.begun("c1")
    foreign = {"run": OTHER_RUN, "proposal_key": "another run's segment"}
    other = runner.approved(runner.undoing(request, **foreign))
    await runner.carry_out(other, "c1", "r1")
    assert f"{request.request_id}/c1 was not sent" in runner.reason(other, "r1")
    assert runner.room.wires == [*wires(request, "c1"), *wires(other, "c1")]


@pytest.mark.way_in("V4")
async def test_an_undo_is_refused_where_somebody_has_changed_the_tag(runner: Runner) -> None:
    request = await runner.begun("c1", "c2")
    runner.room.plant.values["PIC-102.sp"] = 390.0
    await runner.carry_out(request, "r1")
    assert runner.reason(request, "r1") == "PIC-102.sp reads 390 kPa; 360 was expected"
    await runner.carry_out(request, "r3")
    assert runner.room.wires == wires(request, "c1", "c2", "r3")


async def test_an_undo_is_sent_where_a_trip_has_dropped_the_command(runner: Runner) -> None:
    request = await runner.begun("c1")
    runner.room.plant.values["P-101A.run_cmd"] = False
    await runner.carry_out(request, "r2")
    assert runner.room.wires == wires(request, "c1", "r2")


async def test_what_may_not_be_taken_back_yet_waits_for_a_person(runner: Runner) -> None:
    request = runner.approved()
    runner.room.plant.fault = "answer lost"
    await runner.carry_out(request, "c1")
    assert runner.states(request).startswith("UNKNOWN PLANNED")
    await runner.carry_out(request, "r2")
    assert "P-101A is held" in runner.reason(request, "r2")
    runner.room.desk.resolve(f"{request.request_id}/c1", "resolve-applied")
    assert runner.state(request) == "APPROVED"
    again = _undo_again(runner, request)
    await runner.carry_out(again, "r1")
    assert runner.room.wires == [*wires(request, "c1"), *wires(again, "r1")]


@pytest.mark.way_in("S6")
async def test_a_lockout_ends_recovery_too(runner: Runner) -> None:
    request = await runner.begun("c1")
    runner.room.desk.lock_out("P-101B")
    runner.room.watch()
    assert runner.state(request) == "INVALIDATED"
    assert {runner.reason(request, each) for each in ("c2", "r1", "r2", "r3")} == {
        "lockout of P-101B"
    }
    with pytest.raises(PermitRefused, match="is INVALIDATED"):
        runner.due(f"{request.request_id}/r3")
    with pytest.raises(InterlockActive, match="locked out: P-101B"):
        runner.approved(runner.segment(proposal_key="another segment 2"))
    runner.room.desk.release("P-101B")
    again = runner.approved(runner.undoing(request, proposal_key="asked for anew, 3"))
    await runner.carry_out(again, "r1")
    assert runner.room.wires == [*wires(request, "c1"), *wires(again, "r1")]


@pytest.mark.parametrize("what", ["restart", "reboot", "clock step"])
async def test_nothing_that_was_approved_before_is_taken_back_by_itself(
    runner: Runner, what: str
) -> None:
    request, room = await runner.begun("c1"), runner.room
    if what == "clock step":
        room.clock.set(-60.0)
        room.watch()
    else:
        room.kill_gate()
        if what == "reboot":
            room.clock.reboot()
        await room.start_gate()
    assert runner.state(request) == "INVALIDATED"
    assert runner.states(request) == "VERIFIED " + " ".join(["INVALIDATED"] * 4)
    assert len(runner.room.wires) == 1


async def test_requirements_of_recovery_are_judged(runner: Runner) -> None:
    site = runner.room.site
    back = recovery(site, START_BACK, 0)
    undo = type(back)(back.write, back.step, needs("P-101B.run_cmd == true"), 0)
    request = runner.approved(
        runner.segment(commands=(command(site, START),), recovery=(undo, recovery(site, SAFE)))
    )
    await runner.carry_out(request, "c1", "r1")
    assert "not true: P-101B.run_cmd == true" in runner.reason(request, "r1")
    runner.room.plant.values["P-101A.mode"] = 0
    await runner.carry_out(request, "r2")
    assert runner.room.wires == wires(request, "c1", "r2")


SET = [{"tag": "PIC-102.sp", "value": 360.0, "shown": "360", "max_age_s": 0.1}]


@pytest.mark.way_in("V6")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"expected": []}, "it does not undo what"),
        ({"expects": False}, "it does not undo what"),
        ({"undoes": "c2"}, "it does not undo what"),
        ({"undoes": "c2", "expected": SET}, "it does not undo what"),
        ({"undoes": "c9"}, "c9 was not sent"),
        ({"undoes": None}, "a safe state expects nothing, and P-101A.run_cmd does"),
    ],
)
async def test_an_undo_that_was_made_up_takes_nothing_back(
    runner: Runner, change: dict[str, Any], reason: str
) -> None:
    """What a program filed past `make_segment`, and a person signed without understanding it."""
    first = await runner.begun("c1", "c2")
    safe = (command(runner.room.site, SAFE),)
    honest, _ = runner.made(runner.undoing(first, commands=safe))
    draft = parse_canonical(honest.text)
    action = draft["recovery"][0]
    action |= {key: value for key, value in change.items() if key != "expects"}
    if "expects" in change:
        action["expected"][0] |= {"value": change["expects"]}
    if change.get("undoes"):
        action["undoes"] = f"{first.request_id}/{change['undoes']}"
    forged = runner.approve(runner.file(ActionRequest.model_validate(draft)))
    await runner.carry_out(forged, "r1")
    assert reason in runner.reason(forged, "r1")
    assert len(runner.room.wires) == (2 if reason else 3)
