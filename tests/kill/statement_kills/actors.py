"""Who takes part in a round of a kill run at each statement; each is forked, and may be killed."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.gate.server.ledger_server import LedgerServer
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import Anchors, JournalRow

from ..process_group import GivenUp
from ..site import World
from .ledger_view import DOUBTS, UNDER_WAY, standing_of, states_of_actions
from .operators import LIFE_S, POLL_S, People, has_left
from .sender import send_again

FEW_POLLS_S = 0.04
"""In which a gate in a hurry looks at its ledger several times."""

_OPEN = DOUBTS | UNDER_WAY


async def stand(site: Site, people: int) -> None:
    """A gate at its post until the other end of a pipe is closed, and a few looks longer."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(people, over.set)
    async with AsyncExitStack() as stack:
        gate = await stack.enter_async_context(open_gate(site))
        served = LedgerServer(gate.decision_context, gate.ledger)
        await stack.enter_async_context(served)
        work = asyncio.create_task(gate.run())
        await over.wait()
        asyncio.get_running_loop().remove_reader(people)
        await asyncio.sleep(FEW_POLLS_S)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def at_commit(do: Callable[[str], object]) -> None:
    """Does something with the kind of each row, for good, as soon as it is on the disk."""
    note = Anchors.note

    def note_and_do(self: Anchors, rows: Sequence[JournalRow], **more: Any) -> None:
        note(self, rows, **more)
        for row in rows:
            do(row.fields["kind"])

    setattr(Anchors, "note", note_and_do)  # noqa: B010 (this process has it for good)


def lock_out_at_intent(state: Path) -> None:
    """Has somebody make the lockout file just when an intent is on the disk, and nothing left."""

    def lock_out(kind: str) -> None:
        if kind == "action.SENDING":
            (state / "lockout" / "site").touch()

    at_commit(lock_out)


def approve(people: People, gate: int, *, asks_for: int) -> None:
    """Approves when the gate shows the plant, and waits for the end.

    Args:
        asks_for: So many writes are asked for first; none, if the request is there.
    """
    view = people.client
    standing = None if asks_for else standing_of(view)
    name = standing.request_id if standing else people.ask(asks_for)
    is_approved = False
    until_s = monotonic() + LIFE_S
    while monotonic() < until_s:
        try:
            is_approved = is_approved or people.is_approved(name)
        except GuardrailError:
            return  # it was over before
        standing = standing_of(view)
        assert standing is not None
        if standing.doubtful or (standing.state not in {"PENDING", "APPROVED"}) or has_left(gate):
            return
        sleep(POLL_S)
    raise GivenUp(f"no end: {standing_of(view)}")


def resolve(people: People, gate: int) -> None:
    """Says what became of every write that nobody knew, when the gate shows the tag."""
    until_s = monotonic() + LIFE_S
    while not has_left(gate):
        standing = standing_of(people.client)
        if standing is None or not standing.doubtful:
            return
        known = people.known_of(standing.doubtful)
        if known.reading.quality == "good":
            people.resolve_by(known)
        elif monotonic() > until_s:
            raise GivenUp(f"{standing.doubtful} is not shown: {known.reading}")
        sleep(POLL_S)


@dataclass
class Aftermath:
    """What people made, at the next gate, of what they found.

    Attributes:
        resolved: What was read of each write that a person resolved.
    """

    resolved: dict[str, str] = field(default_factory=dict[str, str])
    faults: list[str] = field(default_factory=list[str])


def clear_up(people: People, result: Path) -> None:
    """Sends again what had no answer, resolves what nobody knows, and waits until nothing moves."""
    found = Aftermath(faults=send_again(people.client, people.kept))
    until_s = monotonic() + LIFE_S
    while left := [each for each in states_of_actions(people.client) if each[1] in _OPEN]:
        for name in [name for name, state in left if state in DOUBTS]:
            known = people.known_of(name)
            if known.reading.quality == "good":
                found.resolved[name] = known.found
                people.resolve_by(known)
        if monotonic() > until_s:
            raise GivenUp(f"it does not end: {left}")
        sleep(POLL_S)
    result.write_text(json.dumps(vars(found)), encoding="utf-8")


def take_stock(site: Site, world: World, export: Path, result: Path) -> None:
    """Reads the file that nobody has open any more, exports the journal and has it verified."""
    with Database(site.state, site.id, read_only=True) as ledger:
        actions = states_of_actions(ledger)
        rows = list(ledger.journal())
    faults = [f"{name} is left {state}" for name, state in actions if state in _OPEN]
    faults += _unread(rows)
    export.write_text(world.export(), encoding="utf-8")
    faults += world.audited()
    result.write_text(json.dumps(faults), encoding="utf-8")


def _unread(rows: Sequence[JournalRow]) -> list[str]:
    """Returns which doubts the gate has raised, or a person has ended, with nothing in hand."""
    faults: list[str] = []
    for row in [row.fields for row in rows]:
        name, kind, body = row["subject"], row["kind"], row["body"]
        if kind in {"action.UNKNOWN", "action.MISMATCH"} and not body.get("readback"):
            faults.append(f"{name} is {kind}, and no reading is attached: {body}")
        if kind == "decision" and "resolve-" in body["text"]:
            card = json.loads(body["card"])
            if not card["found"] or card["reading"]["quality"] != "good":
                faults.append(f"{name} was resolved with no reading in hand: {card}")
    return faults
