"""Lockouts: whatever is locked out stays, and only a signed release lets new requests pass."""

import asyncio
from time import monotonic

import pytest

from handwheel.tools.errors import GuardrailError, InterlockActive, LedgerError
from handwheel.tools.guardrails.approval.administration import ReleaseLockout
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.guardrails.signatures.decisions import lockout_subject
from handwheel.tools.requests.timestamps import instant_now

from ..testbed.served import World

START = "P-101B.run_cmd=true"
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


def release(world: World, scope: str, generation: int, by: str = "root") -> None:
    signed = world.word("release", lockout_subject(scope, generation), by)
    with world.decision_context() as context:
        message = ReleaseLockout(
            site=context.site.id, scope=scope, generation=generation, signed=signed
        )
        message.apply(context, instant_now())


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
    await world.go_through(START)
    assert len(world.frames) == 1
