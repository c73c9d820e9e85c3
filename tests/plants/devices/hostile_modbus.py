"""A Modbus device that answers wrongly on purpose; each value tells whose it is, and of when.

A register at an even address holds `unit * 4096 + address`, an input register 32768 more; the one
after it the number of the request that it answers, modulo 65536. So a swapped, foreign or old
answer that passes for a good one is seen by its value.
"""

import asyncio
import struct
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

_HEADER = struct.Struct(">HHHB")
_LOG = 4096
_ROOM = 2**22
_READS = {3, 4}
_INPUT = 0x8000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and the bytes that answer it."""

    number: int
    transaction: int
    unit: int
    pdu: bytes

    @property
    def function(self) -> int:
        return self.pdu[0]

    @property
    def start(self) -> int:
        return int.from_bytes(self.pdu[1:3], "big")

    @property
    def count(self) -> int:
        return int.from_bytes(self.pdu[3:5], "big")

    def words(self, count: int) -> bytes:
        """So many registers from the start on."""
        mark = self.unit << 12 | (_INPUT if self.function == 4 else 0)
        number = self.number & 0xFFFF
        return b"".join(
            (number if address & 1 else mark | address).to_bytes(2, "big")
            for address in range(self.start, self.start + count)
        )

    def answer(self) -> bytes:
        """The PDU of the right answer: registers, or exception 1."""
        if self.function in _READS:
            return bytes([self.function, 2 * self.count]) + self.words(self.count)
        return bytes([self.function | 0x80, 1])

    def frame(self, pdu: bytes, transaction: int | None = None) -> bytes:
        """A PDU under this request's header, or under a wrong one."""
        number = self.transaction if transaction is None else transaction
        return _HEADER.pack(number, 0, len(pdu) + 1, self.unit) + pdu


@dataclass
class Device:
    """What the device has been asked and what it made of it."""

    script: "Script"
    random: Random
    late_s: float  # when a late answer comes
    number: int = 0  # of requests that have come
    accepted: int = 0  # connections
    sent: Counter[str] = field(default_factory=Counter[str])
    port: int = 0
    _log: list[tuple[int, int, int]] = field(default_factory=lambda: [(0, 0, 0)] * _LOG)

    def note(self, transaction: int, unit: int, pdu: bytes) -> Asked:
        """Takes a request in."""
        self.number += 1
        asked = Asked(self.number, transaction, unit, pdu)
        self._log[self.number % _LOG] = (unit, asked.start, asked.count)
        return asked

    def is_true(self, unit: int, address: int, value: int, before: int) -> bool:
        """Whether a value is this register's, by an answer to a request that asked for it.

        Args:
            value: Of two registers, the high word first.
            before: How many requests had come before it was asked for.
        """
        number = before + ((value - before) & 0xFFFF)
        if value >> 16 != unit << 12 | address or not before < number <= self.number:
            return False
        whose, start, count = self._log[number % _LOG]
        return whose == unit and start <= address and address + 2 <= start + count


Script = Callable[[Asked], str]
"""Says which kind of answer a request gets."""


class Line(asyncio.Protocol):
    """One client's connection; answers leave one after the other, piece by piece."""

    def __init__(self, device: Device, kinds: "Mapping[str, Kind]") -> None:
        self.device = device
        self._kinds = kinds
        self.old: deque[bytes] = deque(maxlen=16)
        self.waiting = b""
        self.free_s = 0.0
        self._out: deque[bytes | None] = deque()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.device.accepted += 1
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._out.clear()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            transaction, _, length, unit = _HEADER.unpack_from(self._buffer)
            if len(self._buffer) < 6 + length:
                return
            pdu, self._buffer = self._buffer[7 : 6 + length], self._buffer[6 + length :]
            self._answer(self.device.note(transaction, unit, pdu))

    def _answer(self, asked: Asked) -> None:
        kind = self.device.script(asked)
        self.device.sent[kind] += 1
        waiting, self.waiting = self.waiting, b""
        pieces = list(self._kinds[kind](self, asked))
        if waiting and pieces and pieces[0] is not None:
            pieces[0] = waiting + pieces[0]
        elif waiting:
            pieces.insert(0, waiting)
        self.put(*pieces)
        self.old.append(asked.frame(asked.answer()))

    def put(self, *pieces: bytes | None) -> None:
        """Sends the pieces, each in a turn of the loop of its own; `None` closes."""
        is_idle = not self._out
        self._out.extend(pieces)
        if is_idle and self._out:
            self._give()

    def leave(self) -> None:
        """Sends the answer that waits for another one."""
        waiting, self.waiting = self.waiting, b""
        if waiting:
            self.put(waiting)

    def abort(self) -> None:
        """Resets the connection."""
        self._transport.abort()

    def later(self, seconds: float, piece: bytes) -> None:
        """Sends one piece later, after what is sent meanwhile."""
        asyncio.get_running_loop().call_later(seconds, self.put, piece)

    def _give(self) -> None:
        piece = self._out[0]
        if self._transport.is_closing() or self._transport.get_write_buffer_size() > _ROOM:
            self._out.clear()
            self._transport.abort()
            return
        if piece is None:
            self._transport.close()
        else:
            self._transport.write(piece)
        asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        if self._out:
            self._out.popleft()
        if self._out:
            self._give()


Kind = Callable[[Line, Asked], Iterable[bytes | None]]
"""Makes the pieces of an answer; `None` closes the connection."""


@asynccontextmanager
async def serving(
    script: Script, kinds: Mapping[str, Kind], *, seed: int = 0, late_s: float = 0.1
) -> AsyncGenerator[Device]:
    """Serves a device; `kinds` says what the names in the script mean."""
    device = Device(script, Random(seed), late_s)
    lines: list[Line] = []

    def line() -> Line:
        lines.append(Line(device, kinds))
        return lines[-1]

    server = await asyncio.get_running_loop().create_server(line, "127.0.0.1", 0)
    device.port = server.sockets[0].getsockname()[1]
    try:
        yield device
    finally:
        server.close()
        for each in lines:
            each.abort()
        await server.wait_closed()
