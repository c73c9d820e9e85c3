"""Streams of new journal rows to subscribers, none of whom the gate waits for."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic

from aiohttp import web

from ....errors import LedgerError
from ...ledger.store.database import Database
from ...ledger.store.journal import JournalRow

_BACKLOG = 1000  # rows that may wait for a subscriber
_PAGE = 100  # rows that are read at once for a subscriber who begins
_KEEP_ALIVE_S = 4.0
_WRITE_S = 10.0  # for a subscriber to read something
_AGAIN_S = 1.0  # after the ledger could not be read

_logger = logging.getLogger(__name__)


class _Subscriber:
    """Lines that wait for one subscriber, who has everything up to a number."""

    def __init__(self, seq: int, transport: asyncio.BaseTransport | None) -> None:
        self.seq = seq
        self._lines: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._transport = transport

    def add(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """Adds rows, or drops a subscriber who does not read what waits."""
        self._lines.extend(line for seq, line in rows if seq > self.seq)
        self.seq = max(self.seq, rows[-1][0])
        self._changed.set()
        if len(self._lines) > _BACKLOG and isinstance(self._transport, asyncio.Transport):
            self._transport.abort()  # it asks again by the number of its last row

    async def next_lines(self) -> bytes:
        """Returns what waits, nothing after a while in which nothing came."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_KEEP_ALIVE_S):
                await self._changed.wait()
        self._changed.clear()
        lines = b"".join(self._lines)
        self._lines.clear()
        return lines

    def wake(self) -> None:
        """Lets it look again."""
        self._changed.set()


class EventHub:
    """Reads each new row once and hands it to every subscriber."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscribers: set[_Subscriber] = set()
        self._seq = 0  # of the last row that was handed out
        self._planned: asyncio.Handle | None = None
        self._is_closed = False

    def start(self) -> None:
        """Hands out what is committed from now on, within the running loop."""
        self._database.on_commit.append(self._note)

    def close(self) -> None:
        """Ends every stream."""
        self._database.on_commit.remove(self._note)
        self._is_closed = True
        if self._planned:
            self._planned.cancel()
        for each in self._subscribers:
            each.wake()

    def _note(self, *_: object) -> None:
        # After the commit, and once for several.
        if self._subscribers and self._planned is None:
            self._planned = asyncio.get_running_loop().call_soon(self._hand_out)

    def _hand_out(self) -> None:
        self._planned = None
        if not self._subscribers:
            return
        try:
            rows = [(row.seq, _line(row)) for row in self._database.journal(self._seq)]
        except LedgerError as error:
            _logger.warning("rows cannot be handed out: %s", error)
            loop = asyncio.get_running_loop()
            self._planned = loop.call_later(_AGAIN_S, self._hand_out)
            return
        if rows:
            self._seq = rows[-1][0]
            for each in self._subscribers:
                each.add(rows)

    async def stream(self, request: web.Request, after: int) -> web.StreamResponse:
        """Writes every row behind a number, and each new one as it comes, until someone ends it."""
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        try:
            await response.prepare(request)
            while rows := self._database.find_rows(after=after, limit=_PAGE):
                await _write(response, b"".join(map(_line, rows)))
                after = rows[-1].seq
            with self._subscribed(_Subscriber(after, request.transport)) as subscriber:
                lines, told_s = b"", float("-inf")
                while not self._is_closed:
                    if (now_s := monotonic()) - told_s >= _KEEP_ALIVE_S:
                        lines, told_s = lines + self._leases(), now_s
                    if lines:
                        await _write(response, lines)
                    lines = await subscriber.next_lines()
        except (LedgerError, OSError, TimeoutError):  # the stream breaks off, and is resumed
            if request.transport:
                request.transport.abort()
        return response

    def _leases(self) -> bytes:
        """Returns the line of the leases, which are renewed without a row."""
        head, leases = self._database.head(), self._database.tables.leases()
        return json.dumps({"seq": head.seq if head else 0, "leases": leases}).encode() + b"\n"

    @contextmanager
    def _subscribed(self, subscriber: _Subscriber) -> Generator[_Subscriber]:
        if not self._subscribers:
            self._seq = subscriber.seq
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)


async def _write(response: web.StreamResponse, lines: bytes) -> None:
    async with asyncio.timeout(_WRITE_S):
        await response.write(lines)


def _line(row: JournalRow) -> bytes:
    return json.dumps([row.seq, row.text, row.hash]).encode() + b"\n"
