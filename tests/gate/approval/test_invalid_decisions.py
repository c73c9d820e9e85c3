"""Decisions that must not count: refused when they come, and again by the gate if forced in."""

import sqlite3

import pytest

from handwheel.tools.guardrails.approval.card_model import Card
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, Reason, Signed

from ..testbed.served import World

START, STOP = "P-101B.run_cmd=true", "P-101B.run_cmd=false"
PENDING = (RequestState.PENDING, ActionState.PLANNED)


@pytest.mark.way_in("A6")
@pytest.mark.way_in("T4")
async def test_a_forged_decision_moves_nothing(world: World) -> None:
    """All others come with the flood."""
    for by, more, reason in (
        ("ben", {"key": "mallory"}, Reason.UNKNOWN_KEY),
        ("ben", {"boot_id": "another boot"}, Reason.REBOOTED),
    ):
        record, card = await world.ask(START)
        forged = world.sign(record.request, card, by, **more)
        world.refused(forged, card, reason)
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


async def test_nobody_approves_what_they_were_not_shown(world: World) -> None:
    _, others = await world.ask(START)
    for which in ("none", "another request's", "altered afterwards", "lost"):
        record, card = await world.ask(START)
        altered = Card.model_validate(card.model_dump(by_alias=True) | {"reason": "it is safe"})
        signed_on, kept = {
            "none": (None, None),
            "another request's": (others, others),
            "altered afterwards": (card, altered),
            "lost": (card, None),
        }[which]
        signed = world.sign(record.request, signed_on)
        world.refused(signed, kept, Reason.NO_CARD)
        assert world.state(record) == PENDING, which

        world.force(record, (signed, kept))
        assert str(Reason.NO_CARD) in await world.stopped(record), which
    await world.go_through(START)
