"""A ledger behind a real server on a Unix socket, in a thread with a loop of its own."""

import asyncio
import json
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import Field

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InterlockActive
from handwheel.tools.guardrails.approval.plant_snapshot import GateLedger, PlantSnapshot
from handwheel.tools.guardrails.client.gate_connection import connected_socket
from handwheel.tools.guardrails.gate.server.ledger_server import LedgerServer
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.suspension import Suspension
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, Reason
from handwheel.tools.guardrails.signatures.message import Message
from handwheel.tools.requests.timestamps import Instant, stamp

from ...sites.signed_requests import NOW

T = TypeVar("T")
SNAPSHOT = PlantSnapshot(
    epoch=7,
    locked=["P-101B"],
    hashes={},
    suspended=[Suspension(scope="pkg", reason="silent", since=stamp(NOW.wall))],
    readings={},
)
DEADLINE_S = 30.0  # against a test that hangs


class Note(Message):
    """Adds some rows about a subject, or is refused."""

    path: ClassVar[str] = "notes"
    schema_: Literal["note/2"] = Field(default="note/2", alias="schema")
    subject: str = "pump"
    count: int = 1
    fault: str = ""

    def apply(self, context: DecisionContext, now: Instant) -> None:
        with context.database.transaction(now) as transaction:
            for number in range(self.count):
                transaction.record("note", self.subject, {"number": number})
            if self.fault:
                raise InterlockActive(self.fault)


class Doubt(Message):
    """Is refused, and the journal says so."""

    path: ClassVar[str] = "doubts"

    until: int = 1000  # number of the row from which on it is not refused

    def apply(self, context: DecisionContext, now: Instant) -> None:
        with context.database.transaction(now) as transaction:
            row = transaction.record("decision.refused", "R-1", {})
        if row.seq < self.until:
            raise DecisionRefused(Reason.REVOKED)
        with context.database.transaction(now) as transaction:
            transaction.record("note", "R-1", {})


class AgentNote(Note):
    """A note that only agents may send."""

    path: ClassVar[str] = "agent-notes"
    is_agents: ClassVar[bool] = True


class ServedLedger:
    """The running server with its ledger; both live in its thread.

    Args:
        kinds: The messages that it takes.
    """

    def __init__(
        self, site: Site, clock: Callable[[], Instant], kinds: Sequence[type[Message]]
    ) -> None:
        self.site, self._clock, self._kinds = site, clock, kinds
        self.context: DecisionContext
        self.server: LedgerServer
        self._loop: asyncio.AbstractEventLoop
        self._stop = asyncio.Event()
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.result(DEADLINE_S)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            with GateLedger(self.site.state, self.site.id) as database:
                self.database = database
                database.snapshot = lambda: SNAPSHOT
                self.context = DecisionContext(
                    self.site, database, load_policy(self.site), load_roster(self.site)
                )
                async with LedgerServer(
                    self.context,
                    database,
                    clock=self._clock,
                    messages=self._kinds,
                ) as self.server:
                    self._ready.set_result(None)
                    await self._stop.wait()
        except BaseException as fault:
            if self._ready.done():
                raise
            self._ready.set_exception(fault)

    def do(self, work: Callable[[Database], T]) -> T:
        """Does something with the ledger, as the gate does, in its thread."""

        async def done() -> T:
            return work(self.database)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(DEADLINE_S)

    def write(self, count: int = 1, size: int = 1) -> None:
        """Lets the gate write rows of its own, in one transaction."""

        def work(database: Database) -> None:
            with database.transaction() as transaction:
                for _ in range(count):
                    transaction.record("own", "gate", {"text": "x" * size})

        self.do(work)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Kind and subject of every row."""
        found = self.do(lambda database: list(database.journal()))
        return [(row.fields["kind"], row.fields["subject"]) for row in found]

    def close(self) -> None:
        if self._thread.is_alive():
            # Else asyncio leaves a connection unclosed that it accepts while it closes.
            get(self.site.state, "/v1/snapshot")
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(DEADLINE_S)


@contextmanager
def served(
    site: Site,
    clock: Callable[[], Instant] = lambda: NOW,
    kinds: Sequence[type[Message]] = (Note, Doubt, AgentNote),
) -> Generator[ServedLedger]:
    ledger = ServedLedger(site, clock, kinds)
    try:
        yield ledger
    finally:
        ledger.close()


def exchange(state: Path, head: str, body: bytes) -> tuple[int, Any]:
    """Sends the bytes of a request as they are, and returns status and document of the answer."""
    with closing(connected_socket(state, DEADLINE_S)) as connected:
        connected.sendall(head.encode() + b"\r\nHost: gate\r\n\r\n" + body)
        response = HTTPResponse(connected)
        response.begin()
        with response:
            return response.status, json.loads(response.read())


def get(state: Path, path: str) -> tuple[int, Any]:
    return exchange(state, f"GET {path} HTTP/1.1", b"")


def post(state: Path, path: str, body: bytes) -> tuple[int, Any]:
    return exchange(state, f"POST {path} HTTP/1.1\r\nContent-Length: {len(body)}", body)
