"""Changes of the ledger as they come, for processes that live on."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from threading import Event, Thread

from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_exponential,
)

from handwheel.connectors.errors import HandwheelError

from ..ledger.store.database import Database
from .gate_client import GateClient, row_of
from .gate_connection import GateStream

_SILENCE_S = 12.0  # the gate writes a line at least every 5 s
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0


class Changes:
    """Lets one caller wait until the ledger has changed since it waited last."""

    def __init__(self) -> None:
        self._changed = Event()
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def note(self) -> None:
        """Notes that the ledger has changed. Any thread may call it."""
        self._changed.set()
        if (waiting := self._waiting) is not None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                waiting[0].call_soon_threadsafe(waiting[1].set)

    def wait(self, timeout_s: float) -> None:
        """Waits for a change, or until time is up."""
        self._changed.wait(timeout_s)
        self._changed.clear()

    async def wait_async(self, timeout_s: float) -> None:
        """Waits for a change, or until time is up, and lets others work meanwhile."""
        here = asyncio.Event()
        self._waiting = asyncio.get_running_loop(), here
        try:
            if not self._changed.is_set():  # asked after others can wake it
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        await here.wait()
        finally:
            self._waiting = None
        self._changed.clear()


@contextmanager
def follow(ledger: GateClient | Database) -> Generator[Changes]:
    """Follows a ledger while the context is open.

    A client's copy gets the gate's rows as they come, each once and in order. A stream that is lost
    is taken up again by the number of the last row.
    """
    changes = Changes()
    if isinstance(ledger, GateClient):
        stream = _EventStream(ledger, changes.note)
        try:
            yield changes
        finally:
            stream.close()
        return

    def note(*_: object) -> None:
        changes.note()

    ledger.on_commit.append(note)
    try:
        yield changes
    finally:
        ledger.on_commit.remove(note)


class _EventStream:
    """Thread that reads the gate's stream and hands each row to a client."""

    def __init__(self, client: GateClient, note: Callable[[], None]) -> None:
        self._client, self._note = client, note
        self._seq = client.seq
        self._closed = Event()
        self._stream: GateStream | None = None
        self._thread = Thread(target=self._run, name="gate events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._closed.set()
        if (stream := self._stream) is not None:
            stream.end()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            with (
                suppress(RetryError, OSError, HTTPException, ValueError),
                self._opened() as stream,
            ):
                self._read(stream)
            self._note()  # a caller who then asks the gate learns whether it is gone
            self._closed.wait(_FIRST_PAUSE_S)

    def _opened(self) -> GateStream:
        """Returns the stream from the next row on, as soon as there is a gate that gives it."""
        self._stream = Retrying(
            retry=retry_if_exception_type((HandwheelError, HTTPException, OSError)),
            wait=wait_exponential(_FIRST_PAUSE_S, _LONGEST_PAUSE_S),
            stop=stop_when_event_set(self._closed),
            sleep=sleep_using_event(self._closed),
        )(GateStream, self._client.state, f"/v1/events?after={self._seq}", _SILENCE_S)
        return self._stream

    def _read(self, stream: GateStream) -> None:
        while not self._closed.is_set() and (line := stream.next_line()):
            if line.strip():
                row = row_of(line)
                self._client.offer(row)
                self._seq = row.seq
                self._note()
