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
from handwheel.tools.requests.canonical import digest, signed_bytes
from handwheel.tools.requests.timestamps import instant_now, parse_stamp, stamp

from ...attacks.cases import tried
from ...sites.people import key_id, key_of
from ..testbed.served import World

START, STOP = "P-101B.run_cmd=true", "P-101B.run_cmd=false"
PENDING = (RequestState.PENDING, ActionState.PLANNED)

Forge = Callable[[World, RequestRecord, Card], Signed]


def by(person: str, **more: Any) -> Forge:
    return lambda world, record, card: world.sign(record.request, card, person, **more)


def seconds_off(wall: float, boot: float, valid: float = 300.0) -> Forge:
    """Signed at another time than now, as the two clocks would show it."""

    def forge(world: World, record: RequestRecord, card: Card) -> Signed:
        now = instant_now()
        signed_at = now.wall + timedelta(seconds=wall)
        more: dict[str, Any] = {
            "signed_at": stamp(signed_at),
            "valid_until": stamp(signed_at + timedelta(seconds=valid)),
            "boot_ms": now.boot_ms + round(boot * 1000.0),
        }
        return world.sign(record.request, card, **more)

    return forge


def before_it_was_filed(world: World, record: RequestRecord, card: Card) -> Signed:
    since_s = (instant_now().wall - parse_stamp(record.request.filed_at)).total_seconds()
    return seconds_off(-since_s - 1.0, -since_s - 1.0)(world, record, card)


def flipped(world: World, record: RequestRecord, card: Card) -> Signed:
    signed = world.sign(record.request, card)
    return Signed(
        signed.text, f"{int(signed.signature_hex[0], 16) ^ 1:x}{signed.signature_hex[1:]}"
    )


def spelled_otherwise(world: World, record: RequestRecord, card: Card) -> Signed:
    text = world.sign(record.request, card).text.replace(":", ": ", 1)
    return Signed(text, key_of("ben").sign(signed_bytes("decision", text)).hex())


FORGED: Mapping[str, tuple[Forge, Reason]] = {
    "a signature that does not fit": (flipped, Reason.BAD_SIGNATURE),
    "ben's name on a stranger's key": (by("ben", key="mallory"), Reason.UNKNOWN_KEY),
    "ben's name on carl's key": (by("ben", key="carl"), Reason.OTHER_PERSON),
    "ben's key id on a stranger's signature": (
        by("ben", key="mallory", key_id=key_id("ben")),
        Reason.BAD_SIGNATURE,
    ),
    "an unknown operator": (by("mallory"), Reason.UNKNOWN_KEY),
    "the proposer": (by("anna"), Reason.OWN_REQUEST),
    "an administrator": (by("root"), Reason.ADMINISTRATOR),
    "a role not held": (by("ben", role="shift-supervisor"), Reason.ROLE_NOT_HELD),
    "a decision that approves nothing": (by("ben", verdict="release"), Reason.NOT_APPROVED),
    "other words": (by("ben", meaning="I like it"), Reason.OTHER_MEANING),
    "another site": (by("ben", site="elsewhere"), Reason.OTHER_SITE),
    "another request": (by("ben", digest="0" * 64), Reason.OTHER_DIGEST),
    "another spelling": (spelled_otherwise, Reason.NOT_CANONICAL),
    "an expired decision": (seconds_off(-10.0, -10.0, valid=5.0), Reason.EXPIRED),
    "one from before the request": (before_it_was_filed, Reason.TOO_LATE),
    "one from the future": (seconds_off(1.5, 1.5), Reason.FUTURE),
    "one from before the clock was set": (seconds_off(-5.0, 0.0), Reason.CLOCK_STEP),
    "one from before a restart": (by("ben", boot_id="another boot"), Reason.REBOOTED),
}


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


async def test_a_decision_that_saw_another_ledger_does_not_count(world: World) -> None:
    record, card = await world.ask(START)
    elsewhere = world.sign(record.request, card, head=digest("journal", "another ledger"))
    world.refused(elsewhere, card, Reason.OTHER_LEDGER)
    assert world.state(record) == PENDING
    assert world.frames == []
    assert world.decide(world.sign(record.request, card), card) is RequestState.APPROVED
    await world.carried_out(record)
