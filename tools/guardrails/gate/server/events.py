"""Streams of the journal's rows to subscribers, none of whom the gate waits for."""

import asyncio
import json
import logging
from contextlib import suppress
from time import monotonic

from aiohttp import web

from ....errors import InvalidArguments, LedgerError
from ...ledger.store.database import Database
from ...ledger.store.journal import JournalRow

_PAGE = 100  # rows that are written at once
_KEEP_ALIVE_S = 4.0
_WRITE_S = 10.0  # for a subscriber to read a page
_AGAIN_S = 1.0  # after the ledger could not be read

_logger = logging.getLogger(__name__)


class Events:
    """Writes the rows of a ledger to each subscriber as they are committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = asyncio.Event()  # another one after each commit
        self._is_closed = False

    def start(self) -> None:
        """Notes what is committed from now on, within the running loop."""
        self._database.on_commit.append(self._wake)

    def close(self) -> None:
        """Ends every stream."""
        self._database.on_commit.remove(self._wake)
        self._is_closed = True
        self._wake()

    def _wake(self, *_: object) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def stream(self, request: web.Request, after: int) -> web.StreamResponse:
        """Writes every row behind a number, and each new one as it comes, until someone ends it.

        A subscriber who does not read for 10 s is cut off, and resumes by the number of its last
        row.

        Raises:
            InvalidArguments: The journal has no row of this number: it is another one.
        """
        if after > self._head():
            raise InvalidArguments(f"after: the journal ends at row {self._head()}")
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        told_s = float("-inf")
        try:
            await response.prepare(request)
            while not self._is_closed:
                changed = self._changed  # before the rows are read, so that none is missed
                while rows := self._database.find_rows(after=after, limit=_PAGE):
                    await _write(response, b"".join(map(_line, rows)))
                    after = rows[-1].seq
                if (now_s := monotonic()) - told_s >= _KEEP_ALIVE_S:
                    await _write(response, self._leases())
                    told_s = now_s
                with suppress(TimeoutError):
                    async with asyncio.timeout(_KEEP_ALIVE_S):
                        await changed.wait()
        except LedgerError as error:
            _logger.warning("rows cannot be handed out: %s", error)
            await asyncio.sleep(_AGAIN_S)  # before a subscriber asks again
        except (OSError, TimeoutError):
            pass  # the stream breaks off, and is resumed
        if request.transport:
            request.transport.abort()
        return response

    def _head(self) -> int:
        head = self._database.head()
        return head.seq if head else 0

    def _leases(self) -> bytes:
        """Returns the line of the leases, which are renewed without a row."""
        leases = {"seq": self._head(), "leases": self._database.tables.leases()}
        return json.dumps(leases).encode() + b"\n"


async def _write(response: web.StreamResponse, lines: bytes) -> None:
    async with asyncio.timeout(_WRITE_S):
        await response.write(lines)


def _line(row: JournalRow) -> bytes:
    return json.dumps([row.seq, row.text, row.hash]).encode() + b"\n"
