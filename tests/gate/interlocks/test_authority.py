"""Agents act on what a person has handed over, by a signature that counts now; on nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.approval.administration import revoke_key
from handwheel.tools.guardrails.interlocks.authority import TakenMode, take_authority
from handwheel.tools.guardrails.ledger.lifecycle import move_action
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.signatures.decisions import (
    Reason,
    authority_subject,
    key_subject,
    meaning_of_subject,
)
from handwheel.tools.requests.timestamps import instant_now, stamp

from ...attacks.sql_shell import insert_site_decision, without_triggers
from ...sites.on_disk import PEOPLE, End, enrolled
from ...sites.people import key_id
from ..testbed.authority_grant import AGENTS, give
from ..testbed.served import World

PUMP, PUMPS = "P-101B", "PUMPS-101"
START = "P-101B.run_cmd=true"
STOP = "P-101B.run_cmd=false"
Attack = Callable[[World], Awaitable[None]]


def give_here(
    world: World, equipment: str = PUMP, *, by: str = "carl", lasts_s: float = 60.0
) -> str:
    with world.decision_context() as context:
        return give(context, equipment, instant_now(), by=by, lasts_s=lasts_s)


def take(world: World, equipment: str = PUMP, mode: TakenMode = "OPERATOR") -> list[str]:
    with world.ledger() as database:
        return take_authority(database, world.site, equipment, mode, "dora", instant_now())


async def agents_ask(world: World, assignment: str = START) -> RequestRecord:
    """A request of an agent, as a run files it; the gate reads what it needs."""
    honest, _ = await world.ask(assignment)
    return world.file_altered(honest.request, lambda draft: draft.update(AGENTS), is_signed=False)


def approve(world: World, record: RequestRecord) -> None:
    """Ben approves, and the run says that it is time."""
    card = world.card(record)
    world.decide(world.sign(record.request, card), card)
    with world.ledger() as database, database.transaction(instant_now()) as transaction:
        name = record.request.commands[0].action_id
        move_action(transaction, name, ActionState.PLANNED, ActionState.DUE, "its turn")


async def end_of(world: World, record: RequestRecord) -> End:
    approve(world, record)
    return await world.end(record)


async def goes_through(world: World, assignment: str = START) -> None:
    """The twin: handed over as it should be, the same request moves the pump with one frame."""
    before = world.frames
    give_here(world, by="anna")
    record = await agents_ask(world, assignment)
    end = await end_of(world, record)
    assert end.action is ActionState.VERIFIED, end
    assert world.frames == [*before, record.request.commands[0].wire]


async def nobody_handed_over(world: World) -> None:
    """Nothing."""


async def another_pump(world: World) -> None:
    give_here(world, "P-101A")


async def it_is_over(world: World) -> None:
    give_here(world, lasts_s=0.2)
    await asyncio.sleep(0.3)


async def the_key_was_revoked(world: World) -> None:
    give_here(world)
    subject = key_subject(key_id("carl"))
    meaning = meaning_of_subject("revoke-key", subject)
    signed = world.sign(None, None, "root", verdict="revoke-key", subject=subject, meaning=meaning)
    with world.decision_context() as context:
        revoke_key(context, signed, instant_now())


async def the_person_left(world: World) -> None:
    give_here(world)
    world.enrol(*(enrolled(world.site, each) for each in PEOPLE if each != "carl"))


async def another_has_the_role(world: World) -> None:
    give_here(world)
    roles = {each: "fitter" if each == "carl" else "" for each in PEOPLE}
    world.enrol(*(enrolled(world.site, each, role) for each, role in roles.items()))


def in_an_hour() -> str:
    return stamp(instant_now().wall + timedelta(hours=1))


async def somebody_wrote_the_row(world: World) -> None:
    with world.raw() as shell:
        shell.execute(
            "INSERT INTO authority VALUES (?, 1, 'AGENT', 'carl', ?)", (PUMP, in_an_hour())
        )


async def somebody_wrote_it_everywhere(world: World) -> None:
    """Row, journal and decision; only the signature is not carl's."""
    until = in_an_hour()
    with world.raw() as shell:
        shell.execute("INSERT INTO authority VALUES (?, 1, 'AGENT', 'carl', ?)", (PUMP, until))
    with world.ledger() as database, database.transaction(instant_now()) as transaction:
        transaction.record("authority.given", PUMP, {"generation": 1, "until": until})
    subject = authority_subject(PUMP, 1, until)
    meaning = meaning_of_subject("hand-over", subject)
    forged = world.sign(
        None, None, "carl", "mallory", key_id=key_id("carl"), verdict="hand-over",
        subject=subject, meaning=meaning,
    )  # fmt: skip
    with world.raw() as shell:
        insert_site_decision(shell, "hand-over", subject, forged, None)


async def somebody_made_it_longer(world: World) -> None:
    give_here(world, lasts_s=0.2)
    await asyncio.sleep(0.3)
    with world.raw() as shell, without_triggers(shell, "authority_counts_up"):
        shell.execute("UPDATE authority SET until = ?", (in_an_hour(),))


async def somebody_put_back_what_was_taken(world: World) -> None:
    until = give_here(world)
    take(world)
    with world.raw() as shell, without_triggers(shell, "authority_counts_up"):
        shell.execute(
            "UPDATE authority SET generation = 1, mode = 'AGENT', person = 'carl', until = ?",
            (until,),
        )


async def the_next_generation_is_not_signed(world: World) -> None:
    until = give_here(world)
    take(world)
    with world.raw() as shell:
        shell.execute(
            "UPDATE authority SET generation = 3, mode = 'AGENT', person = 'carl', until = ?",
            (until,),
        )
    with world.ledger() as database, database.transaction(instant_now()) as transaction:
        transaction.record("authority.given", PUMP, {"generation": 3, "until": until})


async def it_was_taken_over(world: World) -> None:
    give_here(world)
    take(world)


async def the_whole_was_taken_over(world: World) -> None:
    give_here(world)
    take(world, PUMPS)


async def it_was_taken_before_the_whole_was_handed_over(world: World) -> None:
    take(world)
    give_here(world, PUMPS)


DOES_NOT_COUNT = "P-101B was granted to agents, which does not count: "
ATTACKS: Mapping[Attack, str] = {
    nobody_handed_over: "P-101B was not granted to agents",
    another_pump: "P-101B was not granted to agents",
    it_is_over: f"{DOES_NOT_COUNT}it ended 2",
    the_key_was_revoked: f"{DOES_NOT_COUNT}{Reason.REVOKED_KEY}",
    the_person_left: f"{DOES_NOT_COUNT}{Reason.UNKNOWN_KEY}",
    another_has_the_role: f"{DOES_NOT_COUNT}{Reason.ROLE_NOT_HELD}",
    somebody_wrote_the_row: "the journal does not tell that P-101B was granted to agents",
    somebody_wrote_it_everywhere: f"{DOES_NOT_COUNT}{Reason.BAD_SIGNATURE}",
    somebody_made_it_longer: "no person has signed that P-101B was granted to agents",
    somebody_put_back_what_was_taken: "the journal does not tell that P-101B was granted",
    the_next_generation_is_not_signed: "no person has signed that P-101B was granted to agents",
    it_was_taken_over: "P-101B is OPERATOR, set by dora",
    the_whole_was_taken_over: "P-101B is OPERATOR, set by dora",
    it_was_taken_before_the_whole_was_handed_over: "P-101B is OPERATOR, set by dora",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_an_agent_needs_a_hand_over_that_counts_now(world: World, attack: Attack) -> None:
    await attack(world)
    record = await agents_ask(world)
    end = await end_of(world, record)
    assert (end.action, end.request) == (ActionState.INVALIDATED, RequestState.INVALIDATED)
    assert end.reason.startswith(ATTACKS[attack])
    assert world.frames == []
    take(world)  # after a hand in the ledger, this makes a generation that none has written
    await goes_through(world)


@pytest.mark.parametrize("equipment", [PUMP, PUMPS, "site"])
async def test_a_hand_over_of_the_whole_is_one_of_its_parts(world: World, equipment: str) -> None:
    give_here(world, equipment)
    record = await agents_ask(world)
    assert (await end_of(world, record)).action is ActionState.VERIFIED
    assert world.frames == [record.request.commands[0].wire]


@pytest.mark.parametrize("equipment", [PUMP, PUMPS, "site"])
async def test_taking_over_ends_what_an_agent_asked_for_and_nothing_of_peoples(
    world: World, equipment: str
) -> None:
    give_here(world)
    agents, (peoples, card) = await agents_ask(world), await world.ask(START)
    shown = world.card(agents)
    signed = world.sign(agents.request, shown)
    assert take(world, equipment) == [agents.request.request_id]
    with pytest.raises(PermitRefused, match=f"dora has taken {equipment} over: OPERATOR"):
        world.decide(signed, shown)
    assert world.state(agents) == (RequestState.INVALIDATED, ActionState.INVALIDATED)
    told = world.journal("request.INVALIDATED", agents.request.request_id)
    assert [each["reason"] for each in told] == [f"dora has taken {equipment} over: OPERATOR"]
    assert world.frames == []
    world.approve(peoples, card)
    assert (await world.end(peoples)).action is ActionState.VERIFIED
    await goes_through(world, STOP)


@pytest.mark.usefixtures("plant")
async def test_what_is_taken_over_on_the_way_is_not_sent(world: World) -> None:
    give_here(world)
    record = await agents_ask(world)
    world.on_open = lambda: take(world)
    end = await end_of(world, record)
    world.on_open = lambda: None
    assert (end.action, end.request) == (ActionState.INVALIDATED, RequestState.INVALIDATED)
    assert end.reason == "the request ended while the action was executed"
    assert world.frames == []
    await goes_through(world)


@pytest.mark.way_in("C20")
@pytest.mark.parametrize("mode", ["LOCAL", "MAINTENANCE"])
@pytest.mark.parametrize("equipment", [PUMP, PUMPS, "site"])
async def test_where_somebody_works_nobody_acts_until_it_is_given_back(
    world: World, equipment: str, mode: TakenMode
) -> None:
    give_here(world)
    before, _ = await world.ask(START)
    assert take(world, equipment, mode) == [before.request.request_id]
    peoples = await world.propose(START)
    card = world.sign_in_spite(peoples)
    assert f"{equipment} is {mode}, set by dora" in card.problems
    end = await world.end(peoples)
    assert (end.action, end.reason) == (
        ActionState.INVALIDATED, f"{equipment} is {mode}, set by dora",
    )  # fmt: skip
    assert world.frames == []
    take(world, equipment)
    await world.go_through(START)
    await goes_through(world, STOP)


async def test_people_need_no_hand_over(world: World) -> None:
    await world.go_through(START)
    take(world)
    await world.go_through(STOP)
    give_here(world)
    await world.go_through(START)
