"""A site on a real plant, its people, a gate in this process, and what an attacker would use."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from inspect import isawaitable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from handwheel.connectors.actuation.write_session import (
    WriteSession,
    open_write_session,
)
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.hmi.people.signing import Signer
from handwheel.hmi.requests.approve import sign_approval
from handwheel.hmi.requests.propose import propose_writes
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.cards.outcome_card import Outcome
from handwheel.tools.guardrails.approval.session import ApprovalSession, current_card
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.gate.gate import Gate, open_gate
from handwheel.tools.guardrails.gate.state.execution import OpenWriteSession
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request, load_requests
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    ActionVerdict,
    DecisionRefused,
    Reason,
    SiteVerdict,
    meaning_of_subject,
)
from handwheel.tools.requests.timestamps import instant_now

from ...attacks.stolen_key import Forger
from ...plants.served import frames_of
from ...sites.on_disk import End, PlantHandle, hasten, wire_of
from ...sites.people import key_of
from .words import decide

_WITHIN_S = 50.0
_UNDER_WAY = {ActionState.PLANNED, ActionState.DUE, ActionState.CLAIMED, ActionState.SENDING}
_OPEN_WRITE_SESSION = "handwheel.tools.guardrails.gate.gate.open_write_session"


class World(Forger):
    """One test's site, ledger and gate; the plant is the module's.

    A plant in memory takes the same frames, from a gate and terminals that run as at a server.

    Attributes:
        relays: By a server's own port, the port of the relay that the site names instead.
    """

    def __init__(self, folder: Path, server: PlantHandle, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, server)
        self.on_open: Callable[[], object] = lambda: None
        self.relays: dict[int, int] = {}
        self._log = folder.with_name("frames.jsonl")
        self._before = len(frames_of(self._log))
        self._stack = AsyncExitStack()
        self._open_session: OpenWriteSession = open_write_session
        hasten(patch)
        patch.setattr(_OPEN_WRITE_SESSION, self.open_write_session)
        patch.setattr(connect, "open_ledger", self.opened)

    def opened(self, site: Site) -> AbstractContextManager[Database]:
        """The ledger as commands open it, in the place of `connect.open_ledger`."""
        return self.ledger()

    async def start(self) -> Gate:
        """Starts a gate on the files as they are."""
        self.reload()
        async with AsyncExitStack() as stack:
            gate = await stack.enter_async_context(open_gate(self.site))
            await stack.enter_async_context(_running(gate))
            self._stack = stack.pop_all()
        self.gate_ledger = gate.ledger
        return gate

    async def stop(self) -> None:
        """Stops the gate, if one runs; an action under way comes to its end first."""
        self.gate_ledger = None
        await self._stack.aclose()

    async def open_write_session(
        self, site: Site, connection: str, tags: Sequence[Tag]
    ) -> WriteSession:
        """Opens the write session; the test may act just before it."""
        await _done(self.on_open())
        return await self._open_session(site, connection, tags)

    @contextmanager
    def decision_context(self) -> Generator[DecisionContext]:
        """The ledger, the policy and the people as a terminal opens them."""
        policy, roster = load_policy(self.site), load_roster(self.site)
        with self.ledger() as database:
            yield DecisionContext(self.site, database, policy, roster)

    async def propose(self, *assignments: str, by: str = "anna") -> RequestRecord:
        """Files a request as `handwheel requests propose` does."""
        with self.decision_context() as context:
            await propose_writes(context, assignments, "a test", lambda: signer_of(context, by))
            return load_requests(context.database)[-1]

    async def look(self, record: RequestRecord) -> Card:
        """The card, as soon as the gate has looked for it and nothing is against it."""
        until_s, card = monotonic() + _WITHIN_S, None
        filed_at = record.request.filed_at
        with self.decision_context() as context:
            while monotonic() < until_s:
                card = current_card(context, record, instant_now())
                if card.is_approvable and all((e.read_at or "") > filed_at for e in card.readings):
                    return card
                await asyncio.sleep(0.02)
        raise AssertionError(card.problems if card else "no card")

    async def ask(self, *assignments: str, by: str = "anna") -> tuple[RequestRecord, Card]:
        """Files a request and looks at it, once it can be approved."""
        record = await self.propose(*assignments, by=by)
        return record, await self.look(record)

    def approve(self, record: RequestRecord, card: Card, by: str = "ben") -> RequestState:
        """Approves as `handwheel requests approve` does. The gate has not run when it returns."""
        with self.decision_context() as context:
            return sign_approval(ApprovalSession(context, record, card), signer_of(context, by))

    async def approved(self, *assignments: str, by: str = "ben") -> RequestRecord:
        """Asks, and lets a person approve what the card shows."""
        record, card = await self.ask(*assignments)
        assert self.approve(record, card, by) is RequestState.APPROVED
        return record

    def sign_through(self, record: RequestRecord, by: str = "ben") -> None:
        """Lets a person approve past the terminal, whatever the card warns of."""
        card = self.card(record)
        assert self.decide(self.sign(record.request, card, by), card) is RequestState.APPROVED

    def refused(self, signed: Signed, card: Card | Outcome | None, reason: Reason) -> None:
        """Expects that a decision is refused, and that the journal says why."""
        with pytest.raises(DecisionRefused, match=str(reason)):
            self.decide(signed, card)
        assert self.journal("decision.refused")[-1]["reason"] == str(reason)

    def word(
        self, verdict: SiteVerdict | ActionVerdict, subject: str, by: str = "root", **more: Any
    ) -> Signed:
        """What a person signs about a lockout, a key, a hand-over or an outcome."""
        meaning = meaning_of_subject(verdict, subject)
        return self.sign(None, None, by, verdict=verdict, subject=subject, meaning=meaning, **more)

    def decide(self, signed: Signed, card: Card | Outcome | None) -> RequestState:
        """Puts a decision before the ledger, in the only way that the product has."""
        with self.decision_context() as context:
            return decide(context, signed, card.text if card else None, instant_now())

    async def go_through(self, *assignments: str) -> RequestRecord:
        """Asks and approves with nothing altered: one frame for each write, and all verified."""
        before = self.frames
        record, card = await self.ask(*assignments)
        assert self.approve(record, card) is RequestState.APPROVED
        for number in range(1, len(assignments) + 1):
            end = await self.end(record, number)
            assert end.action is ActionState.VERIFIED, end
        assert self.state(record)[0] is RequestState.CLOSED
        assert self.frames == [*before, *(each.wire for each in record.request.commands)]
        return record

    def card(self, record: RequestRecord) -> Card:
        """The card of a request as it is, whatever speaks against it."""
        with self.decision_context() as context:
            return current_card(context, record, instant_now())

    def sign_in_spite(self, record: RequestRecord, by: str = "ben") -> Card:
        """Signs what the card warns of, past the terminal that refuses to; returns the card."""
        card = self.card(record)
        with pytest.raises(PermitRefused, match="it cannot be approved now"):
            self.approve(record, card, by)
        self.decide(self.sign(record.request, card, by), card)
        return card

    def lock(self, scope: str) -> Path:
        """Locks a scope out as `handwheel lockout` does: with a file."""
        file = lockout_file(self.site.state, scope)
        file.touch()
        return file

    @property
    def frames(self) -> list[str]:
        """The bytes of every write that has reached the plant in this test."""
        return [wire_of(frame) for frame in self.frame_rows]

    @property
    def frame_rows(self) -> Sequence[dict[str, Any]]:
        """The same as the plant has recorded them."""
        return frames_of(self._log)[self._before :]

    def journal(self, kind: str, subject: str | None = None) -> list[Mapping[str, Any]]:
        """The bodies of the journal's rows of a kind, and of a subject if one is given."""
        with self.ledger() as database:
            rows = [row.fields for row in database.journal()]
        return [
            row["body"] for row in rows if row["kind"] == kind and subject in {None, row["subject"]}
        ]

    def state(self, record: RequestRecord) -> tuple[RequestState, ActionState]:
        """Where a request and its first command stand now."""
        with self.ledger() as database:
            found = load_request(database, record.request.request_id)
        return found.state, found.actions[0].state

    async def end(self, record: RequestRecord, number: int = 1) -> End:
        """Waits until a command has come to rest."""
        name, until_s = record.request.request_id, monotonic() + _WITHIN_S
        with self.ledger() as database:
            while True:
                found = load_request(database, name)
                action = found.actions[number - 1]
                if action.state not in _UNDER_WAY:
                    break
                assert monotonic() < until_s, f"{action.action_id} stays {action.state}"
                await asyncio.sleep(0.02)
        told = self.journal(f"action.{action.state}", action.action_id)
        assert told[-1]["reason"] == action.reason
        return End(action.state, found.state, action.reason)

    async def stopped(self, record: RequestRecord, number: int = 1, *, frames: int = 0) -> str:
        """Expects that the gate ends a request before a frame of this command; returns why."""
        end = await self.end(record, number)
        assert (end.action, end.request) == (ActionState.INVALIDATED, RequestState.INVALIDATED)
        assert len(self.frames) == frames
        return end.reason

    async def carried_out(self, record: RequestRecord) -> None:
        """Expects that the first command of a request is verified, by the only frame so far."""
        assert (await self.end(record)).action is ActionState.VERIFIED
        assert self.frames == [record.request.commands[0].wire]


def signer_of(context: DecisionContext, person: str) -> Signer:
    """A person with their key open."""
    operator = context.roster.by_name(person, datetime.now(UTC))
    assert operator is not None
    return Signer(operator, key_of(person), is_attended=True)


async def _done(work: object) -> None:
    if isawaitable(work):
        await work


@asynccontextmanager
async def _running(gate: Gate) -> AsyncGenerator[None]:
    task = asyncio.create_task(gate.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled(), task.exception()  # else it ended by itself, which no attack may do
