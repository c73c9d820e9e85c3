"""Guests of a room in memory, which ask over a real Unix socket."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import Mock

import httpx
import pytest

from handwheel.agents.cases.intentions import Intentions
from handwheel.agents.deviations.case import Case
from handwheel.agents.guests.guest_context import GuestContext
from handwheel.agents.guests.guest_server import GuestServer
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.session.protocols import Survey
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.guardrails.client.guests_socket import (
    GUESTS_SOCKET_FILE,
    MOST_CONNECTIONS,
    NAME_HEADER,
)
from handwheel.tools.guardrails.socket_server import connections, peers
from handwheel.tools.maintenance.work_order_database import WorkOrders

from ...gate.testbed.authority_grant import give
from ...gate.testbed.in_memory import Room
from ...sites.in_memory import build_context

REQUESTS, WORK = "/v1/requests", "/v1/work-requests"
KEY = "margin for the change-over"
PROPOSAL: dict[str, Any] = {
    "key": KEY, "writes": {"PIC-102.sp": "360 kPa"}, "reason": "more margin",
    "expect": ["PT-102.pv > 352 kPa within 2 min"], "lease": "2 h",
}  # fmt: skip
WORK_REQUEST: dict[str, Any] = {"key": KEY, "equipment": "P-101A", "priority": 3, "text": "a leak"}
_FEW = httpx.Limits(max_connections=MOST_CONNECTIONS)
Answer = tuple[int, Any]


@dataclass
class Guests:
    """A room whose agents serve guests, and one guest.

    Attributes:
        scanned: Tags that the agents scan.
        surveyed: Tags of each survey for guests.
        filed: Requests that an answer told of.
        down: Why the plant cannot be read; empty if it can.
        is_surveyed: Set by the first of them.
        is_readable: Cleared for surveys that come to no end.
    """

    room: Room
    client: httpx.AsyncClient
    workorders: WorkOrders
    recorded: RecordedHistory
    scanned: Sequence[str] = ("PT-102.pv",)
    surveyed: list[list[str]] = field(default_factory=list[list[str]])
    intentions: Mock = field(default_factory=lambda: Mock(Intentions, open={}))
    cases: list[Case] = field(default_factory=list[Case])
    filed: set[str] = field(default_factory=set[str])
    down: str = ""
    is_surveyed: asyncio.Event = field(default_factory=asyncio.Event)
    is_readable: asyncio.Event = field(default_factory=asyncio.Event)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        """Starts the agents' server."""
        room = self.room
        writer = LedgerWriter.take(room.desk.decision_context, room.clock.now)
        self._stack.callback(writer.release)
        await self._stack.enter_async_context(GuestServer(self._context(writer)))

    async def end(self) -> None:
        """Ends it, if it runs."""
        await self._stack.aclose()

    async def ask(self, method: str, path: str, fields: Any = None, **more: Any) -> Answer:
        """Sends a message, and returns status and document of the answer."""
        body = {} if fields is None else {"json": fields}
        answer = await self.client.request(method, path, **body, **more)
        found = answer.json()
        if answer.is_success and (method, path) == ("POST", REQUESTS):
            self.filed.add(found["request"]["request_id"])
        return answer.status_code, found

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)

    async def propose(self, **changes: Any) -> Answer:
        return await self.ask("POST", REQUESTS, PROPOSAL | changes)

    def _context(self, writer: LedgerWriter) -> GuestContext:
        room = self.room
        ledger = LedgerPort(writer, build_context(room.site), self._survey)

        async def wait(timeout_s: float) -> None:
            await asyncio.sleep(min(timeout_s, 0.01))

        return GuestContext(
            ledger, self.workorders, room.clock.now, self._latest, self.recorded,
            lambda: self.cases, wait, self.intentions, lambda: room.gate is not None,
        )  # fmt: skip

    def _latest(self) -> Readings:
        found = self.room.plant.read_all()
        return {name: found[name] for name in self.scanned}

    async def _survey(self, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
        self.surveyed.append([tag.name for tag in read])
        self.is_surveyed.set()
        await self.is_readable.wait()
        if self.down:
            raise NotConnected({"dcs": self.down})
        return self.room.plant.survey(read, write)


@asynccontextmanager
async def client_of(
    room: Room, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    """A program that is connected to the agents of a room."""
    given = {NAME_HEADER: "margin-agent"} if headers is None else headers
    folder = os.open(room.site.state, os.O_PATH | os.O_DIRECTORY)
    try:
        uds = f"/proc/self/fd/{folder}/{GUESTS_SOCKET_FILE}"
        transport = httpx.AsyncHTTPTransport(uds=uds, limits=_FEW)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://agents", headers=given, timeout=30.0
        ) as client:
            yield client
    finally:
        os.close(folder)


@asynccontextmanager
async def guests_of(room: Room) -> AsyncGenerator[Guests]:
    """A room with a gate, agents may act everywhere, and guests are served."""
    give(room.desk.decision_context, "site", room.clock.now())
    await room.start_gate()
    with (
        WorkOrders(room.site.state) as workorders,
        closing(RecordedHistory.of(room.site)) as recorded,
    ):
        async with client_of(room) as client:
            guests = Guests(room, client, workorders, recorded)
            guests.is_readable.set()
            await guests.start()
            try:
                yield guests
            finally:
                await guests.end()


@asynccontextmanager
async def processes(
    guests: Guests, patch: pytest.MonkeyPatch, count: int
) -> AsyncGenerator[list[httpx.AsyncClient]]:
    """Clients of so many processes: each connection is one of its own."""

    def each_its_own(connection: socket.socket) -> tuple[int, int]:
        return connection.fileno(), os.geteuid()

    for each in (connections, peers):
        patch.setattr(each, "peer_credentials", each_its_own)
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(client_of(guests.room)) for _ in range(count)]


def connected(guests: Guests) -> socket.socket:
    """Returns a connection on which nothing was sent."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(guests.room.site.state, os.O_PATH | os.O_DIRECTORY)
    try:
        found.connect(f"/proc/self/fd/{folder}/{GUESTS_SOCKET_FILE}")
    finally:
        os.close(folder)
    return found
