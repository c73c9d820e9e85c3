"""Rows of the journal as they come, for processes that live on."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_exponential,
)

from ...errors import InvalidArguments, LedgerError
from ..ledger.store.journal import JournalRow
from .gate_connection import GateStream

_SILENCE_S = 12.0  # the gate writes a line at least every 5 s
_END_S = 1.0  # a thread that waits for the gate's first answer ends later by itself
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0


@dataclass(frozen=True, slots=True)
class Leases:
    """Table of the leases as it was at the gate, where they are renewed without a row."""

    seq: int  # number of the journal's last row then
    rows: Sequence[Sequence[object]]


class EventStream:
    """Thread that takes each row from the gate once and in order, also when the stream breaks.

    A stream that is lost is resumed by the number of the last row.

    Args:
        seq: Number of the last row that the caller has.
        offer: Takes each row, and the leases from time to time, in this thread; and the gate's
            refusal where its journal has no row of that number, after which nothing comes.

    Attributes:
        is_broken: Whether it could not be opened again yet.
    """

    def __init__(
        self,
        state: Path,
        seq: int,
        offer: Callable[[JournalRow | Leases | InvalidArguments], None],
    ) -> None:
        self._state, self._seq, self._offer = state, seq, offer
        self._changed = Event()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._closed = Event()
        self._stream: GateStream | None = None
        self.is_broken = False
        self._thread = Thread(target=self._run, name="gate events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread, which may outlive this call while a gate does not answer."""
        self._closed.set()
        if (stream := self._stream) is not None:
            stream.end()
        self._thread.join(_END_S)

    def wait(self, timeout_s: float) -> None:
        """Waits until a row has come since the last call, or until time is up."""
        self._changed.wait(timeout_s)
        self._changed.clear()

    async def wait_async(self, timeout_s: float) -> None:
        """Waits as `wait`, and lets others work meanwhile."""
        here = asyncio.get_running_loop(), asyncio.Event()
        self._waiting.add(here)
        try:
            if not self._changed.is_set():  # asked after the thread can wake it
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        await here[1].wait()
        finally:
            self._waiting.discard(here)
        self._changed.clear()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with self._opened() as stream:
                    self._read(stream)
            except InvalidArguments as refusal:
                self._offer(refusal)
                self._closed.set()
            except (RetryError, OSError, HTTPException, ValueError):
                pass
            self._note()  # a caller who then asks the gate learns whether it is gone
            self._closed.wait(_FIRST_PAUSE_S)

    def _opened(self) -> GateStream:
        """Returns the stream from the next row on, as soon as there is a gate that gives it."""
        self._stream = Retrying(
            retry=retry_if_exception_type((LedgerError, HTTPException, OSError)),
            wait=wait_exponential(_FIRST_PAUSE_S, _LONGEST_PAUSE_S),
            stop=stop_when_event_set(self._closed),
            sleep=sleep_using_event(self._closed),
            before_sleep=self._note_broken,
        )(GateStream, self._state, f"/v1/events?after={self._seq}", _SILENCE_S)
        self.is_broken = False
        return self._stream

    def _note_broken(self, _: RetryCallState) -> None:
        self.is_broken = True

    def _read(self, stream: GateStream) -> None:
        while not self._closed.is_set() and (line := stream.next_line()):
            found: Any = json.loads(line)
            if line.startswith(b"{"):
                self._offer(Leases(found["seq"], found["leases"]))
                continue  # nobody waits for a renewal
            row = JournalRow(*found)
            self._offer(row)
            self._seq = row.seq
            self._note()

    def _note(self) -> None:
        self._changed.set()
        for loop, waiter in list(self._waiting):
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(waiter.set)
