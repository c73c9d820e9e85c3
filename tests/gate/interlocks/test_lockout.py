"""Lockouts: whatever is locked out stays, and only a signed release lets new requests pass."""

import asyncio
from time import monotonic

import pytest

from handwheel.tools.errors import GuardrailError, InterlockActive, LedgerError
from handwheel.tools.guardrails.approval.administration import release_lockout
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.guardrails.signatures.decisions import lockout_subject
from handwheel.tools.requests.timestamps import instant_now

from ..testbed.served import World

START, SETPOINT = "P-101B.run_cmd=true", "PIC-102.sp=355"
WITHIN_S = 10.0


async def latched(world: World) -> dict[str, int]:
    """What the gate has latched, once it has latched something."""
    until_s = monotonic() + WITHIN_S
    while monotonic() < until_s:
        with world.ledger() as database:
            if found := dict(locked_scopes(database)):
                return found
        await asyncio.sleep(0.02)
    raise AssertionError("nothing was latched")


async def suspended(world: World) -> None:
    """Waits until the gate has waited for the ledger, has given up, and says so."""
    until_s = monotonic() + WITHIN_S
    while monotonic() < until_s:
        picture = read_snapshot(world.site.state, world.clock())
        if picture and any("database is locked" in each.reason for each in picture.suspended):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the gate is not suspended")


def release(world: World, scope: str, generation: int, by: str = "root") -> None:
    signed = world.word("release", lockout_subject(scope, generation), by)
    with world.decision_context() as context:
        release_lockout(context, scope, generation, signed, instant_now())


async def test_a_lockout_before_the_claim_stops_the_action(world: World) -> None:
    for scope in ("site", "PUMPS-101", "P-101B", "whatever-this-is"):
        record = await world.approved(START)
        file = world.lock(scope)
        reason = await world.stopped(record)
        assert "locked out" in reason or "lockout of" in reason, scope

        ((name, generation),) = (await latched(world)).items()
        file.unlink()
        release(world, name, generation)
    world.lock("P-101A")  # the other pump's
    await world.go_through(START)


@pytest.mark.usefixtures("plant")
async def test_a_lockout_while_the_action_is_on_its_way_is_seen_at_the_last_look(
    world: World,
) -> None:
    record, card = await world.ask(START)
    world.on_open = lambda: world.lock("P-101B")
    world.approve(record, card)
    end = await world.end(record)
    world.on_open = lambda: None
    assert end.action in {ActionState.REFUSED, ActionState.INVALIDATED}
    if end.action is ActionState.REFUSED:
        assert end.reason == "locked out: P-101B"
        assert world.journal("action.REFUSED")[-1]["sent"] is False
    else:  # the gate latched it while the device answered
        assert end.reason == "the request ended while the action was executed"
    assert world.frames == []
    assert await latched(world) == {"P-101B": 1}
    await world.go_through(SETPOINT)


@pytest.mark.way_in("S8")
async def test_only_a_signed_release_unlocks_and_what_was_approved_before_stays_dead(
    world: World,
) -> None:
    before, shown = await world.ask(START)
    signed = world.sign(before.request, shown)
    file = world.lock("P-101B")
    assert await latched(world) == {"P-101B": 1}
    file.unlink()
    with pytest.raises(GuardrailError, match="lockout of P-101B"):
        world.decide(signed, shown)

    # The file is gone; a new request is stopped all the same, even one that got past the desk.
    with pytest.raises(InterlockActive, match="locked out: P-101B"):
        await world.propose(START)
    record = world.file_altered(before.request, lambda draft: None)
    warned = world.sign_in_spite(record)
    end = await world.end(record)
    assert (end.action, end.reason) == (ActionState.INVALIDATED, "locked out: P-101B")
    assert end.reason in warned.problems
    with pytest.raises(GuardrailError, match="ben is no administrator"):
        release(world, "P-101B", 1, by="ben")
    with pytest.raises(LedgerError):
        release(world, "P-101B", 2)
    assert await latched(world) == {"P-101B": 1}
    assert world.frames == []

    release(world, "P-101B", 1)
    assert (
        "a lockout came after the request was submitted; ask again" in world.card(before).problems
    )
    with pytest.raises(LedgerError, match="a request does not go from INVALIDATED to APPROVED"):
        world.force(before, (signed, shown))
    await world.go_through(START)
    assert len(world.frames) == 1
