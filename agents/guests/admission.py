"""Admission of guests and their pace, for all guests together."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from time import monotonic

from aiohttp import web

from handwheel.tools.guardrails.client.gate_connection import TOO_MANY
from handwheel.tools.guardrails.socket_server.peers import MessageRate, Peer, peer_of
from handwheel.tools.guardrails.socket_server.rejections import Rejected

from .guest_context import Guest

MOST_GUESTS = 20
"""Processes that may be connected at once."""
MOST_MESSAGES = 10
"""Messages that one process may send in a second."""
_REFUSED_AFTER_S = 0.5  # a flood is answered slowly, so that it costs the agents little


class Admission:
    """Counts the processes that are connected, and their messages."""

    def __init__(self) -> None:
        self._rate = MessageRate(MOST_MESSAGES)
        self._connected: dict[Peer, set[asyncio.BaseTransport]] = {}

    async def admit(self, request: web.Request) -> Peer:
        """Returns who sends a message, or raises `Rejected` if it is one too many."""
        peer = peer_of(request)
        if not self._is_counted(peer, request.transport):
            await asyncio.sleep(_REFUSED_AFTER_S)
            reason = f"{MOST_GUESTS} programs are connected already, and no more may be"
            raise Rejected(HTTPStatus.SERVICE_UNAVAILABLE, "too-many-guests", reason)
        if not self._rate.admits(peer):
            await asyncio.sleep(_REFUSED_AFTER_S)
            reason = f"more than {MOST_MESSAGES} messages in a second"
            raise Rejected(HTTPStatus(TOO_MANY), "too-many", reason)
        return peer

    def _is_counted(self, peer: Peer, transport: asyncio.BaseTransport | None) -> bool:
        """Counts a connection, and returns whether its process is one of so many."""
        if transport is None:
            raise ConnectionResetError("the connection is closed")
        known = self._connected.get(peer, set[asyncio.BaseTransport]())
        if transport in known:
            return True
        for each, transports in list(self._connected.items()):
            transports -= {one for one in transports if one.is_closing()}
            if not transports:
                del self._connected[each]
        if peer not in self._connected and len(self._connected) >= MOST_GUESTS:
            return False
        self._connected.setdefault(peer, set()).add(transport)
        return True


class Pace:
    """Lets one guest after the other do something, each when its turn comes.

    Args:
        interval_s: Shortest time from the beginning of a turn to the next one, seconds.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._one = asyncio.Lock()
        self._next_s = 0.0  # earliest begin of the next turn, monotonic
        self._waiting = set[Peer]()

    @asynccontextmanager
    async def turn(self, guest: Guest) -> AsyncGenerator[None]:
        """Waits for the turn of a guest, which lasts until the context ends.

        A guest that waits already is refused with `Rejected`, so that none crowds out others.
        """
        if guest.peer in self._waiting:
            reason = "the program waits already for an answer of this kind; ask for one at a time"
            raise Rejected(HTTPStatus(TOO_MANY), "too-many", reason)
        self._waiting.add(guest.peer)
        try:
            async with self._one:
                await asyncio.sleep(max(self._next_s - monotonic(), 0.0))
                self._next_s = monotonic() + self._interval_s
                yield
        finally:
            self._waiting.discard(guest.peer)
