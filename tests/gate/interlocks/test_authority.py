"""Agents act on what a person has handed over, by a signature that counts now; on nothing else."""

import pytest

from handwheel.tools.guardrails.interlocks.authority import TakenMode
from handwheel.tools.guardrails.ledger.lifecycle import move_action
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.requests.timestamps import instant_now

from ..testbed.authority_grant import end, give, make_agents
from ..testbed.served import World
from ..testbed.words import take_authority

PUMP = "P-101B"
START = "P-101B.run_cmd=true"
STOP = "P-101B.run_cmd=false"


def give_here(world: World, equipment: str = PUMP) -> None:
    with world.decision_context() as context:
        give(context, equipment, instant_now(), lasts_s=60.0)


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
    give_here(world)
    record = await agents_ask(world, assignment)
    make_due(world, record)
    end = await world.end(record)
    assert end.action is ActionState.VERIFIED, end
    assert world.frames == [*before, record.request.commands[0].wire]


async def test_an_agent_needs_a_hand_over_of_the_very_pump(world: World) -> None:
    """How long one counts is tried by the tests of authority itself."""
    give_here(world, "P-101A")
    record = await agents_ask(world)
    make_due(world, record)
    assert await world.stopped(record) == "P-101B was not granted to agents"
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
