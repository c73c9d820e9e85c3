"""Agents act on what a person has handed over, by a signature that counts now; on nothing else."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from time import sleep

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.interlocks.authority import TakenMode, take_authority
from handwheel.tools.guardrails.ledger.lifecycle import move_action
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.signatures.decisions import Reason, authority_subject
from handwheel.tools.requests.timestamps import instant_now, stamp

from ...attacks.past_the_checks import append_row, record_decision
from ...sites.on_disk import PEOPLE, enrolled
from ...sites.people import key_id
from ..testbed.authority_grant import end, give, make_agents
from ..testbed.served import World

PUMP, PUMPS = "P-101B", "PUMPS-101"
START = "P-101B.run_cmd=true"
STOP = "P-101B.run_cmd=false"
Attack = Callable[[World], object]


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
    return world.file_altered(honest.request, make_agents, is_signed=False)


def make_due(world: World, record: RequestRecord) -> None:
    """Ben approves, and the run says that it is time."""
    world.sign_through(record)
    with world.ledger() as database, database.transaction(instant_now()) as transaction:
        name = record.request.commands[0].action_id
        move_action(transaction, name, ActionState.PLANNED, ActionState.DUE, "its turn")


async def goes_through(world: World, assignment: str = START) -> None:
    """The twin: handed over as it should be, the same request moves the pump with one frame."""
    before = world.frames
    give_here(world, by="anna")
    record = await agents_ask(world, assignment)
    make_due(world, record)
    end = await world.end(record)
    assert end.action is ActionState.VERIFIED, end
    assert world.frames == [*before, record.request.commands[0].wire]


def another_pump(world: World) -> None:
    give_here(world, "P-101A")


def it_is_over(world: World) -> None:
    give_here(world, lasts_s=0.2)
    sleep(0.3)


def the_key_was_revoked(world: World) -> None:
    give_here(world)
    world.revoke_key("carl")


def the_person_left(world: World) -> None:
    give_here(world)
    world.enrol(*(enrolled(world.site, each) for each in PEOPLE if each != "carl"))


def somebody_wrote_it_everywhere(world: World) -> None:
    """Row and decision; only the signature is not carl's."""
    until = stamp(instant_now().wall + timedelta(hours=1))
    subject = authority_subject(PUMP, 1, until)
    forged = world.word("grant-authority", subject, "carl", key="mallory", key_id=key_id("carl"))
    body: dict[str, object] = {
        "generation": 1, "mode": "AGENT", "person": "carl", "until": until,
    }  # fmt: skip
    world.is_forged = True
    with world.ledger() as database:
        record_decision(database, instant_now(), subject, forged)
        append_row(database, instant_now(), "authority.given", PUMP, body)


def the_whole_was_taken_over(world: World) -> None:
    give_here(world)
    take(world, PUMPS)


DOES_NOT_COUNT = "P-101B was granted to agents, which does not count: "
ATTACKS: Mapping[Attack, str] = {
    another_pump: "P-101B was not granted to agents",
    it_is_over: f"{DOES_NOT_COUNT}it ended 2",
    the_key_was_revoked: f"{DOES_NOT_COUNT}{Reason.REVOKED_KEY}",
    the_person_left: f"{DOES_NOT_COUNT}{Reason.UNKNOWN_KEY}",
    somebody_wrote_it_everywhere: f"{DOES_NOT_COUNT}{Reason.BAD_SIGNATURE}",
    the_whole_was_taken_over: "P-101B is OPERATOR, set by dora",
}
"""All others come with the authority's own tests."""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_an_agent_needs_a_hand_over_that_counts_now(world: World, attack: Attack) -> None:
    attack(world)
    record = await agents_ask(world)
    make_due(world, record)
    assert (await world.stopped(record)).startswith(ATTACKS[attack])
    take(world)  # after a hand in the ledger, this makes a generation that none has written
    await goes_through(world)


async def test_taking_over_ends_what_an_agent_asked_for_and_nothing_of_peoples(
    world: World,
) -> None:
    give_here(world, PUMPS)
    agents, (peoples, card) = await agents_ask(world), await world.ask(START)
    shown = world.card(agents)
    signed = world.sign(agents.request, shown)
    assert take(world, "site") == [agents.request.request_id]
    with pytest.raises(PermitRefused, match="dora has taken site over: OPERATOR"):
        world.decide(signed, shown)
    assert world.state(agents) == (RequestState.INVALIDATED, ActionState.INVALIDATED)
    told = world.journal("request.INVALIDATED", agents.request.request_id)
    assert [each["reason"] for each in told] == ["dora has taken site over: OPERATOR"]
    assert world.frames == []
    world.approve(peoples, card)
    assert (await world.end(peoples)).action is ActionState.VERIFIED
    await goes_through(world, STOP)


@pytest.mark.usefixtures("plant")
async def test_what_is_taken_over_on_the_way_is_not_sent(world: World) -> None:
    give_here(world)
    record = await agents_ask(world)
    world.on_open = lambda: take(world)
    make_due(world, record)
    assert await world.stopped(record) == "the request ended while the action was executed"
    world.on_open = lambda: None
    await goes_through(world)


@pytest.mark.way_in("C20")
@pytest.mark.parametrize(("equipment", "mode"), [(PUMP, "LOCAL"), ("site", "MAINTENANCE")])
async def test_where_somebody_works_nobody_acts_until_it_is_given_back(
    world: World, equipment: str, mode: TakenMode
) -> None:
    give_here(world)
    before, _ = await world.ask(START)
    take(world, "P-101A", mode)  # the other pump's, which is nobody's business here
    assert take(world, equipment, mode) == [before.request.request_id]
    peoples = await world.propose(START)
    card = world.sign_in_spite(peoples)
    assert f"{equipment} is {mode}, set by dora" in card.problems
    assert await world.stopped(peoples) == f"{equipment} is {mode}, set by dora"
    if mode == "LOCAL":
        take(world, equipment)
    else:
        with world.decision_context() as context:
            end(context, equipment, instant_now(), by="dora")
    await world.go_through(START)
    await goes_through(world, STOP)
