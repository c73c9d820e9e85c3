"""One direction of one connection through the link."""

import asyncio
import socket
import struct
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from .faults import Faults
from .framing import Framing

_READ = 2**16
_MOST_PENDING = 2**18  # bytes, above which the sender waits
_NO_LINGER = struct.pack("ii", 1, 0)

End = Literal["closed", "reset"]


def drop(writer: asyncio.StreamWriter) -> None:
    """Resets a connection at once, and drops what has not reached the other side."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):  # it is closed already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()


@dataclass(slots=True)
class _Unit:
    due_s: float
    data: bytes
    is_held: bool = False
    end: End | None = None


class Flow:
    """Forwards one direction with its present faults, which may change at any time.

    Attributes:
        is_over: It was truncated, and the target has seen an end.
        is_broken: Bytes were lost, and the target has seen no end.
        was_reset: The source has reset its connection.
    """

    def __init__(
        self,
        connection: int,
        faults: Faults,
        framing: Framing,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter | None,
    ) -> None:
        self._connection = connection
        self._faults = faults
        self._framing = framing
        self._source = source
        self._target = target
        self._units: deque[_Unit] = deque()
        self._size = 0
        self._last_due_s = 0.0
        self._came = asyncio.Event()
        self._went = asyncio.Event()
        self.is_over = False
        self.is_broken = False
        self.was_reset = False

    async def receive(self) -> None:
        """Receives from the source until it ends."""
        buffer = bytearray()
        end: End = "closed"
        try:
            while data := await self._source.read(_READ):
                buffer += data
                for unit in self._framing(buffer):
                    self._put(unit)
                while self._size > _MOST_PENDING:
                    self._went.clear()
                    await self._went.wait()
        except OSError:
            self.was_reset = True
            end = "reset"
        if buffer:
            self._put(bytes(buffer))
        self._append(_Unit(self._due_s(), b"", end=end))

    async def send(self) -> None:
        """Sends each unit to the target when it is due, until the end."""
        while True:
            await self._until_due()
            unit = self._units.popleft()
            self._size -= len(unit.data)
            self._went.set()
            if self._faults.is_dead or self._target is None:
                self.is_broken = True
            else:
                await self._send(unit, self._target)
            if unit.end is not None:
                return

    def release(self) -> None:
        """Makes all pending units due."""
        for unit in self._units:
            unit.due_s, unit.is_held = 0.0, False
        self._last_due_s = 0.0
        self._came.set()

    def _put(self, unit: bytes) -> None:
        faults = self._faults
        if faults.alter is not None:
            unit = faults.alter(unit)
        if faults.corruption is not None:
            unit = faults.corruption.apply(self._connection, unit)
        if unit:
            self._append(_Unit(self._due_s(), unit))

    def _due_s(self) -> float:
        """Returns when a new unit is due, never before the unit in front of it."""
        faults = self._faults
        now = asyncio.get_running_loop().time()
        delay_s = faults.delay.next_s(self._connection) if faults.delay is not None else 0.0
        self._last_due_s = max(now + delay_s, self._last_due_s)
        return self._last_due_s

    def _append(self, unit: _Unit) -> None:
        last = self._units[-1] if self._units else None
        if last is not None and last.is_held:
            last.due_s, last.is_held = unit.due_s, False
            self._units.insert(len(self._units) - (unit.end is None), unit)
        else:
            unit.is_held = self._faults.hold_s > 0.0 and unit.end is None
            unit.due_s += self._faults.hold_s if unit.is_held else 0.0
            self._units.append(unit)
        self._size += len(unit.data)
        self._came.set()

    async def _until_due(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._units or self._units[0].due_s > loop.time():
            self._came.clear()
            due_s = self._units[0].due_s if self._units else None
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due_s):
                    await self._came.wait()

    async def _send(self, unit: _Unit, target: asyncio.StreamWriter) -> None:
        if target.is_closing() or self.is_over:
            return  # the other direction handles a receiver that has closed
        if unit.end == "reset":
            drop(target)
            return
        data = unit.data
        if self._faults.truncation is not None:
            data, self.is_over = self._faults.truncation.apply(self._connection, data)
        target.write(data)
        with suppress(OSError):  # the receiver has just closed
            if self.is_over or unit.end is not None:
                target.write_eof()
            await target.drain()
