"""A ledger into which one proposal comes after the other, past everything that judges it.

Whatever was refused on its way is recorded by hand, so that the gate's steps judge it as well.
"""

import struct
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Value
from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.approval.decide import Decide
from handwheel.tools.guardrails.gate.server.messages import apply_once, read_message
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.lifecycle import file_request, move_action, move_request
from handwheel.tools.guardrails.ledger.store.states import (
    WAITING_REQUESTS,
    ActionState,
    RequestState,
)
from handwheel.tools.guardrails.signatures.decisions import Decision, meaning_of, new_nonce, sign
from handwheel.tools.guardrails.signatures.message import Message
from handwheel.tools.guardrails.socket_server.rejections import Rejected
from handwheel.tools.requests.canonical import digest, parse_canonical
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import stamp

from ...attacks.past_the_checks import WHY, record_decision
from ...plants.in_memory import Frame
from ...sites import people
from ..testbed.in_memory import Room
from ..testbed.words import decide
from .site import VALUES, frame_of

PAUSE_S = 21.0  # longer than the cool-down


@dataclass(frozen=True, slots=True)
class Told:
    """What a proposal came to.

    Attributes:
        said: The first reason that was given against it.
        at_the_gate: What the gate said of it; empty if nothing of it could be set due.
        frames: What may leave, and must; nothing but for honest ones.
    """

    said: str = ""
    at_the_gate: str = ""
    frames: Sequence[Frame] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of proposal, by which alone is told what may leave.

    Attributes:
        reason: Part of what must be said first, unless nobody looks before the gate does.
        gate: Part of what the gate must say; empty where nothing of it can be set due.
    """

    name: str
    take: Callable[["Flood"], Awaitable[Told]]
    reason: str = ""
    gate: str = ""
    is_honest: bool = False


class Flood(Room):
    """A room and its people, and a gate that records what it has refused.

    Args:
        site: From `make_flood_site`, with a state folder of the ledger's own.
        rng: Draws everything but names and keys.
    """

    def __init__(self, site: Site, rng: Random) -> None:
        super().__init__(site)
        self.plant.values = dict(VALUES)
        self.rng = rng

    async def open(self) -> None:
        await self.start_gate()
        self.desk.database.tables.connection.execute("PRAGMA log.synchronous = OFF")

    async def take(self, kind: Kind) -> None:
        """Lets a proposal come, and judges what has become of it."""
        before = len(self.plant.frames)
        told = await kind.take(self)
        where = f"{kind.name}: {told}"
        assert self.plant.frames[before:] == list(told.frames), where
        assert bool(told.frames) == kind.is_honest, where
        assert kind.reason in told.said, where
        assert kind.gate in told.at_the_gate, where
        self.clock.forward(PAUSE_S)

    def ask(self, *writes: tuple[str, Value], terms: Terms = NO_TERMS) -> ActionRequest:
        """Gina asks for something that she may ask for."""
        request = self.made(*writes, terms=terms)
        self.desk.file(request)
        return request

    def made(self, *writes: tuple[str, Value], terms: Terms = NO_TERMS) -> ActionRequest:
        """Makes such a request, and does not file it. The plant reads something else before it."""
        for name, value in writes:
            present = self.plant.values[name]
            if _as_held(present) == _as_held(value) and name != "P-101A.mode":
                is_switch = isinstance(present, bool)
                self.plant.values[name] = not present if is_switch else float(present) + 1.0
        request, denial = self.desk.request(writes, "gina", terms)
        assert not denial
        return request

    def file(self, request: ActionRequest) -> str:
        """Files what gina signs; returns why it is refused, and then files it by hand."""
        try:
            self.desk.file(request)
        except HandwheelError as refusal:
            with suppress(HandwheelError):
                assert file_request(self.desk.database, request, "", self.clock.now())
                meaning = meaning_of("propose", request)
                signed = self.word(request, "gina", verdict="propose", meaning=meaning, card=None)
                self._insert(request, signed, None)
            return str(refusal)
        return ""

    def approve(self, request: ActionRequest, *names: str) -> str:
        """Lets people approve, or puts it in by hand what they sign; returns why it is refused."""
        said = ""
        for name in names:
            said = self.decide(request, self.word(request, name)) or said
        return said

    def decide(self, request: ActionRequest, signed: Signed) -> str:
        """Brings a decision in, by hand if it is refused; returns why it is."""
        card = self.desk.card(request)
        try:
            decide(self.desk.decision_context, signed, card, self.clock.now())
        except GuardrailError as refusal:
            self._insert(request, signed, card)
            return str(refusal)
        return ""

    def post(self, sent: Message | bytes, kind: type[Message] = Decide) -> str:
        """Sends a message, or bytes to where some kind of it is taken; returns why it is refused.

        As the gate's server takes it, but for the socket.
        """
        if isinstance(sent, Message):
            kind, sent = type(sent), sent.text.encode()
        try:
            message = read_message(kind, sent, self.site.id)
            apply_once(self.desk.decision_context, message, self.clock.now())
        except Rejected as rejected:
            return f"{rejected.denial.code}: {rejected.denial.reason}"
        except HandwheelError as refusal:
            return str(refusal)
        return ""

    def word(self, request: ActionRequest, by: str = "anna", **changes: Any) -> Signed:
        """What a person signs, with anything else in it."""
        desk, now = self.desk, self.clock.now()
        head = desk.database.head()
        operator = desk.decision_context.roster.with_key(people.key_id(by))[0]
        assert head is not None
        until = now.wall.replace(year=now.wall.year + 1)
        said: dict[str, Any] = {
            "schema": "decision/1", "site": self.site.id, "digest": request.digest,
            "verdict": "approve", "meaning": meaning_of("approve", request), "person": by,
            "key_id": operator.key_id, "role": min(operator.roles), "nonce": new_nonce(),
            "signed_at": stamp(now.wall), "valid_until": stamp(until), "boot_id": now.boot_id,
            "boot_ms": now.boot_ms, "head": head.hash, "attended": True,
            "card": digest("card", desk.card(request)),
        }  # fmt: skip
        return sign(Decision.model_validate(said | changes), people.key_of(by))

    def _insert(self, request: ActionRequest, signed: Signed, card: str | None) -> None:
        """Records a decision by hand; one that is there already stays alone."""
        with suppress(LedgerError):
            record_decision(self.desk.database, self.clock.now(), request.request_id, signed, card)

    async def take_up(self, request: ActionRequest) -> str:
        """Lets the gate do whatever of a request is due; returns what became of the first action.

        What waits is first approved by hand, and set due.
        """
        name = request.request_id
        if self.desk.record(name).state in WAITING_REQUESTS:
            with self.desk.database.transaction(self.clock.now()) as transaction:
                move_request(transaction, name, RequestState.APPROVED, WHY)
            return await self.by_hand(request)
        await self.act(len(request.commands))
        found = self.desk.record(name).actions[0]
        return f"{found.state}: {found.reason}"

    async def by_hand(self, request: ActionRequest) -> str:
        """Sets the first action of an approved request due by hand; the gate takes it up."""
        first, database = request.actions[0].action_id, self.desk.database
        with suppress(LedgerError), database.transaction(self.clock.now()) as transaction:
            # A request that is over lets it go nowhere.
            move_action(transaction, first, ActionState.PLANNED, ActionState.DUE, WHY)
        await self.act()
        found = self.desk.record(request.request_id).actions[0]
        return f"{found.state}: {found.reason}"

    async def carried_out(self, request: ActionRequest) -> Told:
        """Lets the gate carry out what was honestly asked and approved."""
        end = await self.take_up(request)
        frames = [frame_of(each.tag, each.value) for each in request.commands]
        return Told(at_the_gate=end, frames=frames)


def _as_held(value: Value) -> Value:
    """A number as a device holds it."""
    if isinstance(value, bool | str):
        return value
    held: float = struct.unpack(">f", struct.pack(">f", value))[0]
    return held


def altered(request: ActionRequest, change: Callable[[dict[str, Any]], object]) -> ActionRequest:
    """Returns a request with something else in it.

    Raises:
        ValueError: It is none any more.
    """
    draft = parse_canonical(request.text)
    change(draft)
    return ActionRequest.model_validate(draft)
