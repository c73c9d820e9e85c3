"""People at the gate: one person as two, keys taken back, roles lost, and whoever says no first."""

from typing import Any

import pytest

from handwheel.tools.errors import GuardrailError, LedgerError, PermitRefused
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
    Signed,
    meaning_of,
)

from ...sites.on_disk import PEOPLE, enrolled
from ..testbed.served import World

START, STOP = "P-101B.run_cmd=true", "P-101B.run_cmd=false"
PENDING = (RequestState.PENDING, ActionState.PLANNED)


def people(world: World, **changed: Any) -> None:
    """Writes everybody anew, some of them otherwise, some not at all."""
    records = [changed.get(person, enrolled(world.site, person)) for person in PEOPLE]
    more = [record for person, record in changed.items() if person not in PEOPLE]
    world.enrol(*(record for record in [*records, *more] if record is not None))


def word(world: World, record: RequestRecord, verdict: Any, by: str, **more: Any) -> Signed:
    meaning = meaning_of(verdict, record.request)
    return world.sign(record.request, None, by, verdict=verdict, meaning=meaning, **more)


async def refused(
    world: World, record: RequestRecord, signed: Signed, card: Card, why: str
) -> None:
    """It does not count when it comes, nor when it is forced past that."""
    with pytest.raises(GuardrailError, match=why):
        world.decide(signed, card)
    assert why in world.journal("decision.refused")[-1]["reason"]
    world.force(record, (signed, card))
    assert why in await world.stopped(record)


@pytest.mark.way_in("A6")
@pytest.mark.way_in("P1")
@pytest.mark.way_in("P2")
async def test_a_key_or_a_name_more_makes_nobody_somebody_else(world: World) -> None:
    everybody = {each: enrolled(world.site, each) for each in PEOPLE}
    zoe = enrolled(world.site, "zoe", "operator", key="anna")
    mallory = enrolled(world.site, "mallory", "operator", by="mallory")
    for changes, by, key, why in (
        ({"anna": enrolled(world.site, "anna", key="new")}, "anna", "new", Reason.OWN_REQUEST),
        ({"anna": None, "zoe": zoe}, "zoe", "anna", Reason.OWN_REQUEST),
        # Whoever has two keys at a time signs with neither.
        ({"more": enrolled(world.site, "ben", key="2nd")}, "ben", "2nd", Reason.UNKNOWN_KEY),
        # A record that a stranger signed enrols nobody.
        ({"mallory": mallory}, "mallory", "", Reason.UNKNOWN_KEY),
    ):
        record, card = await world.ask(START)
        world.enrol(*filter(None, (everybody | changes).values()))
        signed = world.sign(record.request, card, by, key=key)
        await refused(world, record, signed, card, str(why))
        people(world)
    await world.go_through(START)


@pytest.mark.way_in("P1")
async def test_what_nobody_has_commissioned_needs_two_people(idle: World) -> None:
    world = idle
    world.edit("policy.yaml", r"(run_cmd.*), commissioned: \{[^}]*\}", r"\1")
    await world.start()
    record, card = await world.ask(START)
    assert (record.request.risk_class, record.request.quorum) == ("R3", 2)
    assert world.approve(record, card, "ben") is RequestState.PARTIAL
    with pytest.raises(PermitRefused, match=str(Reason.SAME_PERSON)):
        world.approve(record, card, "ben")
    assert str(Reason.SAME_PERSON) in world.journal("decision.refused")[-1]["reason"]
    with pytest.raises(PermitRefused, match=str(Reason.OWN_REQUEST)):
        world.approve(record, card, "anna")
    assert world.state(record) == (RequestState.PARTIAL, ActionState.PLANNED)
    assert world.frames == []
    assert world.approve(record, card, "dora") is RequestState.APPROVED
    await world.carried_out(record)


@pytest.mark.usefixtures("plant")
@pytest.mark.way_in("A7")
async def test_a_revoked_key_approves_nothing(world: World) -> None:
    record, card = await world.ask(START)
    signed = world.sign(record.request, card)
    world.revoke_key("ben")
    await refused(world, record, signed, card, str(Reason.REVOKED_KEY))
    record = await world.approved(START, by="carl")
    await world.carried_out(record)


@pytest.mark.way_in("P3")
async def test_a_person_who_is_taken_off_the_list_approves_nothing(world: World) -> None:
    for role, why in ((None, Reason.UNKNOWN_KEY), ("fitter", Reason.ROLE_NOT_HELD)):
        record = await world.approved(START, by="ben")
        people(world, ben=enrolled(world.site, "ben", role) if role else None)
        assert f"ben: {why}" in await world.stopped(record)
        people(world)
    record = await world.approved(START)
    world.edit("operators.yaml", "operators:", "operators")
    assert "operators.yaml" in await world.stopped(record)
    people(world)
    await world.go_through(START)


@pytest.mark.parametrize("unattended", ["never", "simulated"])
async def test_a_script_approves_only_where_the_policy_says_so(
    idle: World, unattended: str
) -> None:
    world = idle
    world.edit("policy.yaml", "unattended: never", f"unattended: {unattended}")
    await world.start()
    honest, shown = record, card = await world.ask(START)
    by_script = world.sign(honest.request, shown, attended=False)
    if unattended == "simulated":  # and the device of this request is none
        real = {"is_simulator": False}
        record = world.file_altered(
            honest.request, lambda draft: draft["commands"][0]["identity"].update(real)
        )
        card = world.card(record)
    signed = world.sign(record.request, card, attended=False)
    world.refused(signed, card, Reason.UNATTENDED)
    world.force(record, (signed, card))
    assert "a script approved it" in await world.stopped(record)
    if unattended == "never":
        await world.go_through(START)
    else:
        assert world.decide(by_script, shown) is RequestState.APPROVED
        await world.carried_out(honest)


@pytest.mark.way_in("A9")
async def test_a_rejection_that_came_first_wins(world: World) -> None:
    record, card = await world.ask(START)
    signed = world.sign(record.request, card)
    assert world.decide(word(world, record, "reject", "carl", comment="not now"), None) is (
        RequestState.REJECTED
    )
    with pytest.raises(PermitRefused, match="REJECTED"):
        world.decide(signed, card)
    assert world.state(record) == (RequestState.REJECTED, ActionState.CANCELLED)
    assert world.journal("request.REJECTED")[-1]["reason"] == "rejected by carl: not now"
    assert world.frames == []
    await world.go_through("PIC-102.sp=355")  # the same may not be asked for again so soon


async def test_a_rejection_beside_an_approval_wins_at_the_gate(world: World) -> None:
    record, card = await world.ask(START)
    no, yes = word(world, record, "reject", "carl"), world.sign(record.request, card)
    world.force(record, (no, None), (yes, card))
    assert str(Reason.REJECTED) in await world.stopped(record)

    # Somebody who is not entitled to it stops nothing.
    record, card = await world.ask(START)
    no, yes = word(world, record, "reject", "mallory"), world.sign(record.request, card)
    world.force(record, (no, None), (yes, card))
    await world.carried_out(record)


async def test_an_approval_that_is_taken_back_before_the_claim_moves_nothing(world: World) -> None:
    for by in ("ben", "carl", "anna", "root"):
        record = await world.approved(START)
        assert world.decide(word(world, record, "revoke", by), None) is RequestState.REVOKED
        end = await world.end(record)
        assert (end.action, end.request) == (ActionState.CANCELLED, RequestState.REVOKED)
        assert end.reason == f"revoked by {by}"
        assert world.frames == []
    await world.go_through(START)


@pytest.mark.usefixtures("plant")
@pytest.mark.way_in("D15")
async def test_a_decision_counts_once(world: World) -> None:
    record, card = await world.ask(START)
    signed = world.sign(record.request, card)
    assert world.decide(signed, card) is RequestState.APPROVED
    await world.carried_out(record)

    world.refused(signed, card, Reason.SAME_NONCE)
    with pytest.raises(LedgerError, match=r"UNIQUE constraint failed: decision\.text"):
        world.force(record, (signed, card))
    with pytest.raises(LedgerError, match="a request does not go from CLOSED to APPROVED"):
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
