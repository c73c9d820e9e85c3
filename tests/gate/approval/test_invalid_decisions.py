"""Decisions that must not count: refused when they come, and again by the gate if forced in."""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.card_model import Card
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, Reason, Signed
from handwheel.tools.requests.timestamps import instant_now, parse_stamp, stamp

from ...attacks.cases import tried
from ..testbed.served import World

START, STOP = "P-101B.run_cmd=true", "P-101B.run_cmd=false"
PENDING = (RequestState.PENDING, ActionState.PLANNED)

Forge = Callable[[World, RequestRecord, Card], Signed]


def by(person: str, **more: Any) -> Forge:
    return lambda world, record, card: world.sign(record.request, card, person, **more)


def before_it_was_filed(world: World, record: RequestRecord, card: Card) -> Signed:
    now = instant_now()
    since_s = (now.wall - parse_stamp(record.request.filed_at)).total_seconds() + 1.0
    signed_at = stamp(now.wall - timedelta(seconds=since_s))
    boot_ms = now.boot_ms - round(since_s * 1000.0)
    return world.sign(record.request, card, signed_at=signed_at, boot_ms=boot_ms)


FORGED: Mapping[str, tuple[Forge, Reason]] = {
    "ben's name on a stranger's key": (by("ben", key="mallory"), Reason.UNKNOWN_KEY),
    "an unknown operator": (by("mallory"), Reason.UNKNOWN_KEY),
    "one from before the request": (before_it_was_filed, Reason.TOO_LATE),
    "one from before a restart": (by("ben", boot_id="another boot"), Reason.REBOOTED),
}
"""All others come with the flood."""
WAYS = {
    "ben's name on a stranger's key": "A6",
    "an unknown operator": "A6",
    "one from before a restart": "T4",
}


@pytest.mark.parametrize(("forge", "reason"), tried(FORGED, WAYS))
async def test_a_forged_decision_moves_nothing(world: World, forge: Forge, reason: Reason) -> None:
    record, card = await world.ask(START)
    forged = forge(world, record, card)
    with pytest.raises(GuardrailError, match=str(reason)):
        world.decide(forged, card)
    assert str(reason) in world.journal("decision.refused")[-1]["reason"]
    assert world.state(record) == PENDING

    world.force(record, (forged, card))
    assert str(reason) in await world.stopped(record)

    # The same way in, with nothing forged.
    record, card = await world.ask(START)
    world.force(record, (world.sign(record.request, card), card))
    await world.carried_out(record)


@pytest.mark.usefixtures("plant")
@pytest.mark.way_in("D15")
async def test_a_decision_counts_once(world: World) -> None:
    record, card = await world.ask(START)
    signed = world.sign(record.request, card)
    assert world.decide(signed, card) is RequestState.APPROVED
    await world.carried_out(record)

    world.refused(signed, card, Reason.SAME_NONCE)
    with pytest.raises(sqlite3.IntegrityError, match="decision: such a row is there"):
        world.force(record, (signed, card))
    with pytest.raises(sqlite3.IntegrityError, match="illegal transition"):
        world.force(record)
    await world.go_through(STOP)
    assert len(world.frames) == 2


async def test_an_action_that_was_sent_is_never_sent_again(world: World) -> None:
    """Not even by somebody who takes the schema's guards away and puts everything back."""
    record = await world.go_through(START)
    world.server.simulation.plant.write("P-101B.run_cmd", value=False)
    await world.server.step()
    world.force(record, without=("request_moves", "action_moves"))
    end = await world.end(record)
    assert (end.action, end.request) == (ActionState.INVALIDATED, RequestState.INVALIDATED)
    assert "a frame may have been sent, and none is sent again" in end.reason
    assert world.frames == [record.request.commands[0].wire]
    await world.go_through(START)


@pytest.mark.way_in("D14")
async def test_a_signature_is_worth_nothing_on_another_request(world: World) -> None:
    meant, card = await world.ask(START)
    other, other_card = await world.ask(START)
    signed = world.sign(meant.request, card)
    world.force(other, (Signed(signed.text, signed.signature_hex), other_card))
    assert str(Reason.OTHER_DIGEST) in await world.stopped(other)
    with pytest.raises(DecisionRefused, match=str(Reason.SAME_NONCE)):
        world.decide(signed, card)

    assert world.decide(world.sign(meant.request, card), card) is RequestState.APPROVED
    await world.carried_out(meant)


@pytest.mark.parametrize("which", ["none", "another request's", "altered afterwards", "lost"])
async def test_nobody_approves_what_they_were_not_shown(world: World, which: str) -> None:
    record, card = await world.ask(START)
    _, others = await world.ask(START)
    altered = Card.model_validate(card.model_dump(by_alias=True) | {"reason": "it is safe"})
    signed_on, kept = {
        "none": (None, None),
        "another request's": (others, others),
        "altered afterwards": (card, altered),
        "lost": (card, None),
    }[which]
    signed = world.sign(record.request, signed_on)
    world.refused(signed, kept, Reason.NO_CARD)
    assert world.state(record) == PENDING

    world.force(record, (signed, kept))
    assert str(Reason.NO_CARD) in await world.stopped(record)
    await world.go_through(START)
