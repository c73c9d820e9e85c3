"""Who takes part in a round of a kill run at each statement; each is forked, and may be killed."""

import asyncio
import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.ledger.store.journal import Anchors, JournalRow

from ..process_group import GivenUp
from ..site import World
from .ledger_view import LedgerView
from .operators import LIFE_S, POLL_S, People, has_left

FEW_POLLS_S = 0.04
"""In which a gate in a hurry looks at its ledger several times."""

_DOUBTS = {"UNKNOWN", "MISMATCH"}
_OPEN = _DOUBTS | {"DUE", "CLAIMED", "SENDING"}


async def stand(site: Site, people: int) -> None:
    """A gate at its post until the other end of a pipe is closed, and a few looks longer."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(people, over.set)
    async with open_gate(site) as gate:
        work = asyncio.create_task(gate.run())
        await over.wait()
        asyncio.get_running_loop().remove_reader(people)
        await asyncio.sleep(FEW_POLLS_S)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def lock_out_at_intent(state: Path) -> None:
    """Has somebody make the lockout file just when an intent is on the disk, and nothing left."""
    note = Anchors.note

    def note_and_lock(self: Anchors, rows: list[JournalRow], **more: Any) -> None:
        note(self, rows, **more)
        if any(row.fields["kind"] == "action.SENDING" for row in rows):
            (state / "lockout" / "site").touch()

    setattr(Anchors, "note", note_and_lock)  # noqa: B010 (this process has it for good)


def approve(people: People, world: World, gate: int, *, asks_for: int) -> None:
    """Approves when the gate shows the plant, and waits for the end.

    Args:
        asks_for: So many writes are asked for first; none, if the request is there.
    """
    view = LedgerView(world.ledger)
    standing = None if asks_for else view.standing()
    name = standing.request_id if standing else people.ask(asks_for)
    is_approved = False
    until_s = monotonic() + LIFE_S
    while monotonic() < until_s:
        try:
            is_approved = is_approved or people.is_approved(name)
        except GuardrailError:
            return  # it was over before
        standing = view.standing()
        assert standing is not None
        if standing.doubtful or (standing.state not in {"PENDING", "APPROVED"}) or has_left(gate):
            return
        sleep(POLL_S)
    raise GivenUp(f"no end: {view.standing()}")


def resolve(people: People, world: World, gate: int) -> None:
    """Says what became of every write that nobody knew, when the gate shows the tag."""
    view = LedgerView(world.ledger)
    until_s = monotonic() + LIFE_S
    while (standing := view.standing()) and standing.doubtful and not has_left(gate):
        known = people.known_of(standing.doubtful)
        if known.reading.quality == "good":
            people.resolve_by(known)
        elif monotonic() > until_s:
            raise GivenUp(f"{standing.doubtful} is not shown: {known.reading}")
        sleep(POLL_S)


@dataclass
class Aftermath:
    """What was found after a death, and what people and the next gate made of it.

    Attributes:
        state: Of the action that moved last, as the ledger had it at the death.
        resolved: What was read of each write that a person resolved.
    """

    state: str = ""
    resolved: dict[str, str] = field(default_factory=dict[str, str])
    faults: list[str] = field(default_factory=list[str])


def clear_up(site: Site, people: People, world: World, export: Path, result: Path) -> None:
    """Starts the next gate, has a person resolve what nobody knows, and exports the journal."""
    found = Aftermath(state_of(world))
    asyncio.run(_next_gate(site, people, world, found))
    actions = LedgerView(world.ledger).actions()
    found.faults += [f"{name} is left {state}" for name, state in actions if state in _OPEN]
    found.faults += _unread(people)
    export.write_text(world.export(), encoding="utf-8")
    found.faults += world.audited()
    result.write_text(json.dumps(vars(found)), encoding="utf-8")


def state_of(world: World) -> str:
    """Returns the state of the action, else of the request, that moved last."""
    if not world.ledger.exists():
        return "no ledger"
    try:
        return LedgerView(world.ledger).state()
    except sqlite3.OperationalError:  # its tables were not there yet
        return "no ledger"


async def _next_gate(site: Site, people: People, world: World, found: Aftermath) -> None:
    async with open_gate(site) as gate:
        work = asyncio.create_task(gate.run())
        await asyncio.sleep(FEW_POLLS_S)
        for name, state in LedgerView(world.ledger).actions():
            if state in _DOUBTS:
                await _resolve(people, name, found)
        await asyncio.sleep(FEW_POLLS_S)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def _resolve(people: People, name: str, found: Aftermath) -> None:
    until_s = monotonic() + LIFE_S
    while (known := people.known_of(name)).reading.quality != "good":
        if monotonic() > until_s:
            raise GivenUp(f"{name} is not shown: {known.reading}")
        await asyncio.sleep(POLL_S)
    found.resolved[name] = known.found
    people.resolve_by(known)


def _unread(people: People) -> list[str]:
    """Returns which doubts the gate has raised, or a person has ended, with nothing in hand."""
    faults: list[str] = []
    for row in people.rows():
        name, kind, body = row["subject"], row["kind"], row["body"]
        if kind in {"action.UNKNOWN", "action.MISMATCH"} and not body.get("readback"):
            faults.append(f"{name} is {kind}, and no reading is attached: {body}")
        if kind == "decision" and "resolve-" in body["text"]:
            card = json.loads(body["card"])
            if not card["found"] or card["reading"]["quality"] != "good":
                faults.append(f"{name} was resolved with no reading in hand: {card}")
    return faults
