"""The gate's server on a Unix socket."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Self

from aiohttp import web

from ....requests.timestamps import Instant, instant_now
from ...approval.plant_snapshot import GateLedger
from ...client.gate_socket import SOCKET_FILE
from ...signatures.context import DecisionContext
from ...signatures.message import Message
from ...socket_server.connections import ConnectionLimits
from ...socket_server.rejections import denials
from ...socket_server.serving import serving
from .events import Events
from .messages import LARGEST, MessageDoor
from .queries import Queries, number_of
from .registry import MESSAGES
from .stalls import Stalls

_LIMITS = ConnectionLimits(of_user=128)


class LedgerServer:
    """Serves a ledger at `gate.sock` in its site's state folder while the context is open.

    It works within the loop of whoever opens it: each message is applied in one go, and nothing
    else runs meanwhile.

    Args:
        context: Of this process.
        ledger: The context's.
    """

    def __init__(
        self,
        context: DecisionContext,
        ledger: GateLedger,
        *,
        clock: Callable[[], Instant] = instant_now,
        messages: Sequence[type[Message]] = MESSAGES,
    ) -> None:
        self._state = context.site.state
        self._events = Events(ledger)
        self._stalls = Stalls(ledger, clock)
        self._door = MessageDoor(context, messages, clock, self._stalls)
        self._queries = Queries(ledger, clock, ledger.snapshot)
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Begins to listen. A socket that cannot be made raises `LedgerError`."""
        async with AsyncExitStack() as exits:
            served = serving(self._app(), self._state, SOCKET_FILE, _LIMITS)
            await exits.enter_async_context(served)
            exits.callback(asyncio.create_task(self._stalls.watch()).cancel)
            self._events.start()
            exits.callback(self._events.close)
            self._exits = exits.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._exits.aclose()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[denials("the gate")], client_max_size=LARGEST)
        queries = self._queries
        app.add_routes(
            [
                web.get("/v1/state", queries.state),
                web.get("/v1/anchors", queries.anchors),
                web.get("/v1/journal", queries.journal),
                web.get("/v1/events", self._stream),
                web.get("/v1/status", queries.status),
                web.get("/v1/snapshot", queries.snapshot),
                web.get("/v1/requests", queries.requests),
                web.get("/v1/requests/{name}", queries.request),
                web.get("/v1/runs", queries.runs),
                web.get("/v1/runs/{name}", queries.run),
                web.post("/v1/{path:.+}", self._door.take),
            ]
        )
        return app

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await self._events.stream(request, number_of(request, "after", 0))
