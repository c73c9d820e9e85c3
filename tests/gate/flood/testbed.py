"""A control room through which a flood goes, with somebody in it who writes into the ledger.

Whatever was refused on its way is put into the ledger by hand, as somebody could who has the
file, so that the gate judges it as well.
"""
# The connections of the ledger are set by the test; no option of the product does that.
# pyright: reportPrivateUsage=false

import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from shutil import rmtree
from typing import Any

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Value
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.decide import decide
from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.gate.gate import Gate
from handwheel.tools.guardrails.identity.roster import Roster
from handwheel.tools.guardrails.interlocks.authority import take_authority
from handwheel.tools.guardrails.ledger.lifecycle import file_request
from handwheel.tools.guardrails.ledger.runner_lock import renew_runner_lock, take_runner_lock
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.guardrails.signatures.decisions import (
    Decision,
    Signed,
    meaning_of,
    new_nonce,
    sign,
)
from handwheel.tools.requests.canonical import digest, parse_canonical
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import stamp

from ...attacks.sql_shell import insert_decision
from ...sites import people
from ..testbed.authority_grant import give
from ..testbed.in_memory import Room
from .site import VALUES

HANDED_OVER_S = 30 * 86400.0


class FloodRoom:
    """A room, its people, and the shell of somebody who has the ledger's file.

    Args:
        site: From `make_flood_site`; every ledger gets a folder in its state folder.
        is_quick: Whether the disk is not waited for.
    """

    def __init__(self, site: Site, *, is_quick: bool) -> None:
        self.site = site
        self.policy_text = (site.root / "policy.yaml").read_text(encoding="utf-8")
        self._is_quick = is_quick
        self._room: Room | None = None
        self._shell: sqlite3.Connection | None = None
        self._forged = set[str]()
        self._holder = ""
        self._left = 0

    @property
    def room(self) -> Room:
        assert self._room is not None
        return self._room

    async def open(self, name: str) -> None:
        room = Room(replace(self.site, state=self.site.state / name))
        room.plant.values = dict(VALUES)
        self._room, self._forged = room, set()
        self._shell = sqlite3.connect(room.site.state / "ledger.db", isolation_level=None)
        self._shell.execute("PRAGMA synchronous = OFF")
        if self._is_quick:
            room.desk.database._connection.execute("PRAGMA synchronous = OFF")
        await self.start_gate()
        room.desk.revoke_key("nora")
        for scope in ("site", "PUMPS-101"):
            give(room.desk.decision_context, scope, room.clock.now(), lasts_s=HANDED_OVER_S)
        take_authority(
            room.desk.database, self.site, "P-101B", "OPERATOR", "otto", room.clock.now()
        )

    async def start_gate(self) -> None:
        """Starts a gate that asks this flood who the people are."""
        room = self.room
        await room.start_gate()
        if self._is_quick:
            room.context.database._connection.execute("PRAGMA synchronous = OFF")
        self.set_people(room.desk.decision_context.roster)

    def set_people(self, roster: Roster) -> None:
        """Lets the gate find these people from now on."""
        room = self.room
        suspensions = room.context.suspensions
        room._context = replace(room.context, people=lambda: roster, suspensions=suspensions)
        room.gate = Gate(room.context)

    def hand_over(self) -> None:
        """Hands P-101A over to agents, after somebody took it over."""
        give(
            self.room.desk.decision_context, "P-101A", self.room.clock.now(), lasts_s=HANDED_OVER_S
        )

    def take_over(self) -> None:
        """Takes P-101A over, which ends what agents ask for."""
        desk, now = self.room.desk, self.room.clock.now()
        take_authority(desk.database, self.site, "P-101A", "OPERATOR", "otto", now)

    def holder(self) -> str:
        """Returns who works on the runs: the lease is renewed, or taken once it is over."""
        database, now = self.room.desk.database, self.room.clock.now()
        try:
            renew_runner_lock(database, self._holder, now)
        except LostRace:
            self._holder = take_runner_lock(database, now)
        return self._holder

    def leave(self) -> int:
        """Looks at a ledger as a whole, and leaves it; returns how many frames it had.

        Where the disk is not waited for, one ledger of five is looked at row by row.
        """
        desk, frames = self.room.desk, len(self.room.plant.frames)
        assert desk.database.all("SELECT count(*) FROM intent")[0][0] == frames
        self._left += 1
        if not self._is_quick or self._left % 5 == 1:
            satisfies = desk.decision_context.policy.satisfies
            found = audit(desk.database, desk.site, desk.decision_context.roster, satisfies)
            assert [each for each in found.faults if not self._is_forged(each)] == []
            assert found.intents == frames
        assert self._shell is not None
        self._shell.close()
        self.room.close()
        rmtree(self.room.site.state)
        self._room = None
        return frames

    def _is_forged(self, fault: str) -> bool:
        found = re.search(r"R-[0-9A-Z]{8}", fault)
        return found is None or found[0] in self._forged

    def ask(self, *writes: tuple[str, Value], terms: Terms = NO_TERMS) -> ActionRequest:
        """Gina asks for something that she may ask for."""
        request = self.made(*writes, terms=terms)
        self.room.desk.file(request)
        return request

    def made(self, *writes: tuple[str, Value], terms: Terms = NO_TERMS) -> ActionRequest:
        """Makes such a request, and does not file it."""
        request, denial = self.room.desk.request(writes, "gina", terms)
        assert not denial
        return request

    def file(self, request: ActionRequest) -> str:
        """Files what gina signs; returns why it is refused, and then files it by hand."""
        try:
            self.room.desk.file(request)
        except HandwheelError as refusal:
            with suppress(HandwheelError):
                self.file_by_hand(request)
                meaning = meaning_of("propose", request)
                signed = self.word(request, "gina", verdict="propose", meaning=meaning, card=None)
                self.insert(request, signed, None)
            return str(refusal)
        return ""

    def file_by_hand(self, request: ActionRequest) -> None:
        """Files past everything that looks at a request first."""
        self._forged.add(request.request_id)
        assert file_request(self.room.desk.database, request, "", self.room.clock.now())

    def approve(self, request: ActionRequest, *names: str) -> str:
        """Lets people approve, or puts it in by hand what they sign; returns why it is refused."""
        said = ""
        for name in names:
            said = self.decide(request, self.word(request, name)) or said
        return said

    def decide(self, request: ActionRequest, signed: Signed, card: str | None = None) -> str:
        """Brings a decision in, by hand if it is refused; returns why it is."""
        card = self.room.desk.card(request) if card is None else card
        try:
            decide(self.room.desk.decision_context, signed, card, self.room.clock.now())
        except GuardrailError as refusal:
            self.insert(request, signed, card)
            return str(refusal)
        return ""

    def word(
        self, request: ActionRequest, by: str = "anna", key: str = "", **changes: Any
    ) -> Signed:
        """What a person signs with a key, or with anything else in it."""
        desk, now = self.room.desk, self.room.clock.now()
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
        return sign(Decision.model_validate(said | changes), people.key_of(key or by))

    def insert(self, request: ActionRequest, signed: Signed, card: str | None) -> None:
        """Puts a decision into the ledger by hand; one that is there already stays alone."""
        assert self._shell is not None
        self._forged.add(request.request_id)
        with suppress(sqlite3.IntegrityError):
            insert_decision(self._shell, request.request_id, signed, card)

    async def take_up(self, request: ActionRequest, due: int = 0) -> str:
        """Lets the gate do whatever of a request is due; returns what became of the action.

        What waits is first approved by hand, and set due.
        """
        assert self._shell is not None
        now, name = self.room.clock.now(), request.request_id
        forged = self._shell.execute(
            "UPDATE request SET state = 'APPROVED', approved_at = ?, approved_boot_ms = ? "
            "WHERE request_id = ? AND state IN ('PENDING', 'PARTIAL')",
            (stamp(now.wall), now.boot_ms, name),
        )
        if forged.rowcount:
            return await self.by_hand(request, due)
        for _ in request.commands:
            await self.room.act()
        found = self.room.desk.record(name).actions[due]
        return f"{found.state}: {found.reason}"

    async def by_hand(self, request: ActionRequest, due: int = 0) -> str:
        """Sets an action of an approved request due by hand, and lets the gate take it up."""
        assert self._shell is not None
        self._forged.add(request.request_id)
        with suppress(sqlite3.IntegrityError):  # the request is over
            self._shell.execute(
                "UPDATE action SET state = 'DUE', due_boot_ms = ? WHERE action_id = ?",
                (self.room.clock.now().boot_ms, request.actions[due].action_id),
            )
        await self.room.act()
        found = self.room.desk.record(request.request_id).actions[due]
        return f"{found.state}: {found.reason}"


def altered(request: ActionRequest, change: Callable[[dict[str, Any]], object]) -> ActionRequest:
    """Returns a request with something else in it.

    Raises:
        ValueError: It is none any more.
    """
    draft = parse_canonical(request.text)
    change(draft)
    return ActionRequest.model_validate(draft)
