"""Pace of work that costs the agents or the plant something, for all guests together."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from time import monotonic

from handwheel.tools.guardrails.client.gate_connection import TOO_MANY
from handwheel.tools.guardrails.socket_server.peers import Peer
from handwheel.tools.guardrails.socket_server.rejections import Rejected

from .guest import Guest


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
