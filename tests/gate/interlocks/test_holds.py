"""Who else is in the way: a mode of authority, an outcome in doubt, an action or a gate before."""

import asyncio
import os

import pytest

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.errors import WriteOutcomeUnknown
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.log_file import ledger_file
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.signatures.decisions import (
    ActionVerdict,
    Reason,
    meaning_of_subject,
)

from ..testbed.served import World
from ..testbed.with_oracle import Watched

START, STOP = "P-101B.run_cmd=true", "P-101B.run_cmd=false"
SETPOINT = "PIC-102.sp=355"


async def taken_back_by_another_master(world: World) -> None:
    world.server.simulation.plant.write("P-101B.run_cmd", value=False)
    await world.server.step()


def no_answer(permit: Permit) -> None:
    raise WriteOutcomeUnknown(permit.tag.name, "no answer within 2 s")


async def resolve(
    world: World,
    record: RequestRecord,
    *,
    applied: bool,
    end: RequestState = RequestState.CLOSED,
) -> None:
    """A person has looked at the plant, and signs what they saw."""
    subject = record.request.commands[0].action_id
    card = world.outcome(record, subject)
    verdict: ActionVerdict = "resolve-applied" if applied else "resolve-not-applied"
    more = {"verdict": verdict, "subject": subject, "meaning": meaning_of_subject(verdict, subject)}
    forged = world.sign(record.request, card, "mallory", **more)
    world.refused(forged, card, Reason.UNKNOWN_KEY)
    by_script = world.sign(record.request, card, "carl", attended=False, **more)
    world.refused(by_script, card, Reason.UNATTENDED)
    signed = world.sign(record.request, card, "carl", **more)
    assert world.decide(signed, card) is end
    resolved = ActionState.RESOLVED_APPLIED if applied else ActionState.RESOLVED_NOT_APPLIED
    assert world.state(record) == (end, resolved)


@pytest.mark.parametrize(
    "doubt",
    [
        pytest.param(ActionState.MISMATCH, marks=pytest.mark.way_in("V4")),
        pytest.param(ActionState.UNKNOWN, marks=pytest.mark.way_in("D9")),
    ],
)
async def test_what_is_in_doubt_holds_its_equipment_until_a_person_resolves_it(
    world: World, doubt: ActionState
) -> None:
    is_mismatch = doubt is ActionState.MISMATCH
    world.on_sent = (
        (lambda permit: taken_back_by_another_master(world)) if is_mismatch else no_answer
    )
    record = await world.approved(START)
    end = await world.end(record)
    world.on_sent = lambda permit: None
    assert (end.action, end.request) == (doubt, RequestState.APPROVED)
    expected = "P-101B.run_cmd reads false, not true" if is_mismatch else "no answer within 2 s"
    assert expected in end.reason
    assert world.frames == [record.request.commands[0].wire]

    await asyncio.sleep(0.15)  # the gate has looked several times, and sends nothing again
    again = START if is_mismatch else STOP
    held = await world.propose(again)
    warned = world.sign_in_spite(held, "carl")
    name = record.request.commands[0].action_id
    told = f"P-101B is held: {name} is {doubt}; look at the plant; next: handwheel requests resolve"
    assert await world.stopped(held, frames=1) == f"{told} {name}"
    assert f"{told} {name}" in warned.problems

    await resolve(world, record, applied=not is_mismatch)
    await world.go_through(again)


@pytest.mark.way_in("D4")
async def test_a_second_gate_is_refused_while_the_first_works_on(world: World) -> None:
    told = f"another gate of this site is running \\(process {os.getpid()}\\)"
    with pytest.raises(GuardrailError, match=told):
        async with open_gate(world.site):
            pass
    await world.go_through(START)


def other_lock_file(room: Watched) -> None:
    lock = room.site.state / "gate.lock"
    lock.unlink()
    lock.touch()


@pytest.mark.way_in("D5")
async def test_a_gate_without_its_lock_sends_nothing(room: Watched) -> None:
    request = room.approved()
    other_lock_file(room)
    await room.act()
    (action,) = room.desk.record(request.request_id).actions
    assert (action.state, action.reason) == ("INVALIDATED", "another gate has started since")
    await room.restart_gate()
    await room.go_through()


@pytest.mark.way_in("D5")
async def test_a_gate_whose_lock_file_was_replaced_ends_and_nothing_else(room: Watched) -> None:
    request = room.approved()
    other_lock_file(room)
    with pytest.raises(GuardrailError, match=r"gate.lock was removed or replaced.*this gate has e"):
        await room.running.run()
    assert room.desk.states(request) == ["DUE"]
    await room.restart_gate()
    await room.go_through()


@pytest.mark.way_in("D5")
async def test_a_gate_stops_when_it_is_told_though_its_ledger_fails_it(world: World) -> None:
    await world.go_through(SETPOINT)
    record, card = await world.ask(START)
    begun, ledger = asyncio.Event(), ledger_file(world.site.state)
    kept = ledger.with_name("kept.db")

    async def stop_and_fail() -> None:
        begun.set()
        await asyncio.sleep(0.1)
        ledger.rename(kept)

    world.on_open = stop_and_fail
    world.approve(record, card)
    async with asyncio.timeout(50):
        await begun.wait()
        await world.stop()
    kept.rename(ledger)
    assert len(world.frames) == 1
    world.on_open = lambda: None
    await world.start()
    assert (await world.end(record)).action is ActionState.UNKNOWN
    await resolve(world, record, applied=False, end=RequestState.INVALIDATED)
    await world.go_through(START)
