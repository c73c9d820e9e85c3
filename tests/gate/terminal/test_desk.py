"""What an operator types at their desk, and what a key that was followed by another still does."""

from collections.abc import Generator

import pytest

from handwheel.hmi.people.signing import Signer
from handwheel.hmi.requests import approve as asking
from handwheel.hmi.shell.terminal.prompt import PromptAnswer
from handwheel.hmi.shift.changes import ChangeTracker
from handwheel.hmi.shift.key_holder import ConsoleLocked, KeyHolder
from handwheel.hmi.shift.lock_states import ConsoleEvent
from handwheel.hmi.shift.typed_commands import ConsoleContext, run_typed
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.timestamps import instant_now

from ...sites.people import key_of
from ..testbed.served import World

START = "P-101B.run_cmd=true"


@pytest.fixture
def desk(world: World) -> Generator[ConsoleContext]:
    """Ben's desk, with his key open."""
    with world.ledger() as database:
        holder = KeyHolder(world.site, database, "ben", 300.0)
        holder.unlock(lambda operator: Signer(operator, key_of("ben"), True))
        yield ConsoleContext(world.site, database, holder, ChangeTracker(world.site, database))


@pytest.mark.usefixtures("plant")
async def test_what_is_approved_at_the_desk_moves_the_plant(
    world: World, desk: ConsoleContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "confirm", _yes)
    record, _ = await world.ask(START)
    name = record.request.request_id
    assert [line.split()[0] for line in desk.changes.updates(instant_now())] == [name]
    assert desk.changes.updates(instant_now()) == []
    run_typed(desk, f"a {name}")
    await world.carried_out(record)
    assert "CLOSED" in "".join(desk.changes.updates(instant_now()))


def _yes(*_: object) -> PromptAnswer:
    return PromptAnswer.YES


@pytest.mark.parametrize("event", [ConsoleEvent.SUSPENDED, ConsoleEvent.LOCK_ASKED])
async def test_a_seat_that_locks_after_the_word_signs_nothing(
    world: World, desk: ConsoleContext, monkeypatch: pytest.MonkeyPatch, event: ConsoleEvent
) -> None:
    def meanwhile(*_: object) -> PromptAnswer:
        desk.holder.handle(event)
        return PromptAnswer.YES

    record, _ = await world.ask(START)
    monkeypatch.setattr(asking, "confirm", meanwhile)
    with pytest.raises(ConsoleLocked, match="nothing was signed"):
        run_typed(desk, f"approve {record.request.request_id}")
    assert world.state(record)[0] is RequestState.PENDING
    assert (world.frames, world.journal("decision.refused")) == ([], [])
    monkeypatch.setattr(asking, "confirm", _yes)
    desk.holder.unlock(lambda operator: Signer(operator, key_of("ben"), True))
    run_typed(desk, f"approve {record.request.request_id}")
    assert (await world.end(record)).action is ActionState.VERIFIED


async def test_who_rejects_at_the_desk_says_why(world: World, desk: ConsoleContext) -> None:
    record, _ = await world.ask(START)
    run_typed(desk, f"reject {record.request.request_id} the seal drips")
    assert world.state(record)[0] is RequestState.REJECTED
    assert "the seal drips" in world.journal("decision")[-1]["text"]
    assert world.frames == []
