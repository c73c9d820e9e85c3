"""One direction of one connection through the link, and its faults."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

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
class Faults:
    """Present faults of one direction."""

    alter: Callable[[bytes], bytes] | None = None  # replaces each unit; an empty result drops it
    delay_s: float = 0.0  # by which each unit is late, in order
    is_dead: bool = False  # everything that is sent is lost, the end of a connection included

    def clear(self) -> None:
        """Ends them all."""
        self.alter, self.delay_s, self.is_dead = None, 0.0, False


@dataclass(slots=True)
class _Unit:
    due_s: float
    data: bytes
    end: End | None


class Flow:
    """Forwards one direction with its present faults, which may change at any time.

    Attributes:
        is_broken: Bytes were lost, and the target has seen no end.
        was_reset: The source has reset its connection.
    """

    def __init__(
        self,
        faults: Faults,
        framing: Framing,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter | None,
    ) -> None:
        self._faults = faults
        self._framing = framing
        self._source = source
        self._target = target
        self._units: deque[_Unit] = deque()
        self._size = 0
        self._last_due_s = 0.0
        self._came = asyncio.Event()
        self._went = asyncio.Event()
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
        self._append(b"", end)

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
            unit.due_s = 0.0
        self._last_due_s = 0.0
        self._came.set()

    def _put(self, unit: bytes) -> None:
        if self._faults.alter is not None:
            unit = self._faults.alter(unit)
        if unit:
            self._append(unit)

    def _append(self, data: bytes, end: End | None = None) -> None:
        """Lets a unit wait until it is due, never before the unit in front of it."""
        now = asyncio.get_running_loop().time()
        self._last_due_s = max(now + self._faults.delay_s, self._last_due_s)
        self._units.append(_Unit(self._last_due_s, data, end))
        self._size += len(data)
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
        if target.is_closing():
            return  # the other direction handles a receiver that has closed
        if unit.end == "reset":
            drop(target)
            return
        target.write(unit.data)
        with suppress(OSError):  # the receiver has just closed
            if unit.end is not None:
                target.write_eof()
            await target.drain()
