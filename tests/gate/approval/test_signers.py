"""People at the gate: one person as two, keys taken back, roles lost, and whoever says no first."""

from typing import Any

import pytest

from handwheel.tools.errors import GuardrailError, PermitRefused
from handwheel.tools.guardrails.approval.card_model import Card
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


@pytest.mark.way_in("P2")
async def test_a_new_key_does_not_make_the_proposer_somebody_else(world: World) -> None:
    record, card = await world.ask(START)
    people(world, anna=enrolled(world.site, "anna", key="annas new key"))
    signed = world.sign(record.request, card, "anna", key="annas new key")
    await refused(world, record, signed, card, str(Reason.OWN_REQUEST))
    people(world)
    await world.go_through(START)


@pytest.mark.way_in("P2")
async def test_a_new_name_does_not_make_the_proposer_somebody_else(world: World) -> None:
    record, card = await world.ask(START)
    people(world, anna=None, zoe=enrolled(world.site, "zoe", "operator", key="anna"))
    signed = world.sign(record.request, card, "zoe", key="anna")
    await refused(world, record, signed, card, str(Reason.OWN_REQUEST))
    people(world)
    await world.go_through(START)


@pytest.mark.way_in("P1")
async def test_whoever_has_two_keys_at_a_time_signs_with_neither(world: World) -> None:
    record, card = await world.ask(START)
    records = [enrolled(world.site, person) for person in PEOPLE]
    world.enrol(*records, enrolled(world.site, "ben", key="bens second key"))
    signed = world.sign(record.request, card, key="bens second key")
    await refused(world, record, signed, card, str(Reason.UNKNOWN_KEY))
    people(world)
    await world.go_through(START)


@pytest.mark.way_in("A6")
async def test_a_record_that_a_stranger_signed_enrols_nobody(world: World) -> None:
    record, card = await world.ask(START)
    people(world, mallory=enrolled(world.site, "mallory", "operator", by="mallory"))
    signed = world.sign(record.request, card, "mallory")
    await refused(world, record, signed, card, str(Reason.UNKNOWN_KEY))
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
@pytest.mark.parametrize(
    ("ben", "why"),
    [
        (None, Reason.UNKNOWN_KEY),
        ("fitter", Reason.ROLE_NOT_HELD),
        ("administrator", Reason.ROLE_NOT_HELD),
    ],
)
async def test_a_person_who_is_taken_off_the_list_approves_nothing(
    world: World, ben: str | None, why: Reason
) -> None:
    record = await world.approved(START, by="ben")
    people(world, ben=enrolled(world.site, "ben", ben) if ben else None)
    assert f"ben: {why}" in await world.stopped(record)
    people(world)
    await world.go_through(START)


async def test_a_list_of_people_that_cannot_be_read_lets_nothing_through(world: World) -> None:
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
    record, card = await world.ask(START)
    signed = world.sign(record.request, card, attended=False)
    if unattended == "never":
        world.refused(signed, card, Reason.UNATTENDED)
        world.force(record, (signed, card))
        assert "a script approved it" in await world.stopped(record)
        await world.go_through(START)
    else:
        assert world.decide(signed, card) is RequestState.APPROVED
        await world.carried_out(record)


async def test_a_script_does_not_approve_a_device_that_is_no_simulator(idle: World) -> None:
    world = idle
    world.edit("policy.yaml", "unattended: never", "unattended: simulated")
    await world.start()
    honest, _ = await world.ask(START)
    real = world.file_altered(
        honest.request, lambda draft: draft["commands"][0]["identity"].update(is_simulator=False)
    )
    card = world.card(real)
    signed = world.sign(real.request, card, attended=False)
    with pytest.raises(DecisionRefused, match=str(Reason.UNATTENDED)):
        world.decide(signed, card)
    world.force(real, (signed, card))
    assert "a script approved it" in await world.stopped(real)
    await world.go_through(START)


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


@pytest.mark.parametrize("by", ["ben", "carl", "anna", "root"])
async def test_an_approval_that_is_taken_back_before_the_claim_moves_nothing(
    world: World, by: str
) -> None:
    record = await world.approved(START)
    assert world.decide(word(world, record, "revoke", by), None) is RequestState.REVOKED
    end = await world.end(record)
    assert (end.action, end.request) == (ActionState.CANCELLED, RequestState.REVOKED)
    assert end.reason == f"revoked by {by}"
    assert world.frames == []
    await world.go_through(START)
