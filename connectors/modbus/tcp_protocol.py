"""The pump of a Modbus connection: so many requests in flight, every answer checked.

It stands in the socket's callback: no task is woken and no timer made for a single request.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from random import randrange
from time import monotonic

from ..errors import os_reason
from ..session.sockets import drop
from .request import HEADER, Request

_MAX_LENGTH = 254  # unit and PDU
_BUFFER = 16 * 1024  # a frame has 260 bytes at most; what does not fit waits in the socket
_LENGTH_FROM = 6  # the length counts from here
_DATA = HEADER.size + 2  # after function and byte count
_GATEWAY = frozenset({10, 11})  # path unavailable; target device failed to respond
_LAST_TRANSACTION = 0xFFFF

Answer = tuple[bytes, float]
"""A read's data, or the PDU where its length was not known; and when it was asked for, monotonic.

That is the moment in which the request was written: what the device said is not older. The
moment of arrival would make an old answer fresh that waited for a process that stood still.
"""


_Flight = tuple[bytes, int, int, float]
"""How a good answer begins, its size, its place in the batch, when its request was written."""


class TransportError(Exception):
    """The connection is lost or its answers cannot be trusted; it is closed."""


class DeviceException(Exception):
    """The device answered with a Modbus exception."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code

    @property
    def is_of_gateway(self) -> bool:
        """Whether a gateway says that it cannot reach the unit; the unit said nothing."""
        return self.code in _GATEWAY


class RequestBatch:
    """Requests that are sent one after the other, and their answers in the same order."""

    __slots__ = ("answers", "done", "requests", "sent")

    def __init__(self, requests: Sequence[Request], done: asyncio.Future[None]) -> None:
        self.requests = requests
        self.answers: list[Answer | DeviceException] = [(b"", 0.0)] * len(requests)
        self.sent = 0
        self.done = done

    @property
    def is_sent(self) -> bool:
        """Whether nothing is left to be sent."""
        return self.sent == len(self.requests)

    def give_up(self, reason: DeviceException) -> None:
        """Leaves unsent what is left: the answer to it is known."""
        left = len(self.requests) - self.sent
        self.answers[self.sent :] = [reason] * left
        self.sent = len(self.requests)


class ModbusTcpProtocol(asyncio.BufferedProtocol):
    """Sends batches, one at a time, with at most `window` requests in flight.

    Whatever does not fit ends the connection at once: a time-out, an answer that nobody asked
    for, one that is not exactly as asked. A late answer would be taken for another one.

    Args:
        window: How many requests may wait for their answers.
        timeout_s: For each answer, from the moment in which its request was written.

    Attributes:
        lost: Why the connection is over; empty while it stands.
        is_cut: Whether the device ended it, not we.
        closed: Done when the socket is closed.
    """

    def __init__(self, window: int, timeout_s: float) -> None:
        self._window = window
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._filled = 0
        # Not from 1 on each connection: a gateway may bring an old answer on a new one.
        self._transaction = randrange(_LAST_TRANSACTION)
        self._in_flight: deque[_Flight] = deque()
        self._batch: RequestBatch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.lost = ""
        self.is_cut = False
        self.closed: asyncio.Future[None] = self._loop.create_future()

    async def send(self, requests: Sequence[Request]) -> list[Answer | DeviceException]:
        """Sends the requests and returns their answers; not to be called twice at a time.

        Raises:
            TransportError: The connection is over.
        """
        if self.lost:
            raise TransportError(self.lost)
        if not requests:
            return []
        batch = self._batch = RequestBatch(requests, self._loop.create_future())
        self._fill(batch, monotonic())
        try:
            await batch.done
        except asyncio.CancelledError:
            self.end("cancelled before the answer came")
            raise
        finally:
            self._batch = None
        return batch.answers

    def _fill(self, batch: RequestBatch, now_s: float) -> None:
        frames: list[bytes] = []
        requests, in_flight = batch.requests, self._in_flight
        while batch.sent < len(requests) and len(in_flight) < self._window:
            request = requests[batch.sent]
            self._transaction = self._transaction % _LAST_TRANSACTION + 1  # never 0
            transaction = self._transaction.to_bytes(2, "big")
            frames.append(transaction + request.tail)
            in_flight.append((transaction + request.head, request.size, batch.sent, now_s))
            batch.sent += 1
        if frames:
            assert self._transport is not None
            self._transport.write(b"".join(frames))
            if self._timer is None:
                self._timer = self._loop.call_later(self._timeout_s, self._look_at_oldest)

    def _look_at_oldest(self) -> None:
        # One timer for all: it is set anew only when it fires, to the oldest in flight.
        self._timer = None
        if not self._in_flight:
            return
        left_s = self._in_flight[0][3] + self._timeout_s - monotonic()
        if left_s > 0.0:
            self._timer = self._loop.call_later(left_s, self._look_at_oldest)
        else:
            self.end(self._late)

    @property
    def _late(self) -> str:
        return f"no answer within {self._timeout_s:g} s"

    def get_buffer(self, sizehint: int) -> memoryview:
        """Gives asyncio the place for what comes next."""
        del sizehint
        return self._view[self._filled :] if self._filled else self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Takes what came: pieces of answers, or several at once."""
        if self.lost:
            return
        end, at, now_s, batch = self._filled + nbytes, 0, monotonic(), self._batch
        if self._in_flight and now_s - self._in_flight[0][3] > self._timeout_s:
            self.end(self._late)  # asyncio may come here before the timer
            return
        try:
            while at < end and (size := self._take(batch, at, end)):
                at += size
        except TransportError as error:
            self._settle(batch)  # what was answered as asked stands
            self.end(str(error))
            return
        self._filled = end - at
        if at and self._filled:
            self._buffer[: self._filled] = self._buffer[at:end]
        if at and batch is not None:
            self._fill(batch, now_s)
            self._settle(batch)

    def _settle(self, batch: RequestBatch | None) -> None:
        if batch is not None and batch.is_sent and not self._in_flight and not batch.done.done():
            batch.done.set_result(None)

    def _take(self, batch: RequestBatch | None, at: int, end: int) -> int:
        """Takes answers out of the buffer; returns their size, 0 while the next is not whole."""
        in_flight = self._in_flight
        if batch is None or not in_flight:
            raise TransportError("the device sent what nobody asked for")
        prefix, size, place, asked_s = in_flight[0]
        begin = at
        while at + size <= end and self._buffer.startswith(prefix, at):
            batch.answers[place] = (bytes(self._view[at + _DATA : at + size]), asked_s)
            in_flight.popleft()
            at += size
            if not in_flight or at == end:
                return at - begin
            prefix, size, place, asked_s = in_flight[0]
        return at - begin or self._take_other(batch, at, end)

    def _take_other(self, batch: RequestBatch, at: int, end: int) -> int:
        """Takes one answer that is not plainly the one expected next."""
        if end - at < HEADER.size:
            return 0
        header: tuple[int, int, int, int] = HEADER.unpack_from(self._buffer, at)
        transaction, protocol, length, unit = header
        if protocol != 0 or not 3 <= length <= _MAX_LENGTH:
            raise TransportError("the answer is not Modbus")
        flight = self._flight(transaction)
        size = length + _LENGTH_FROM
        if end - at < size:
            return 0
        prefix, expected, place, asked_s = flight
        if size == expected and self._buffer.startswith(prefix, at):
            batch.answers[place] = (bytes(self._view[at + _DATA : at + size]), asked_s)
        elif not batch.requests[place].head and at + size < end:
            # It may be a write: which of the two says what the device did?
            raise TransportError("the device sent more than one answer")
        else:
            pdu = bytes(self._view[at + HEADER.size : at + size])
            answer = batch.answers[place] = _other(batch.requests[place], unit, pdu, asked_s)
            if isinstance(answer, DeviceException) and answer.is_of_gateway:
                batch.give_up(answer)
        self._in_flight.remove(flight)  # only now: an answer that does not fit is none
        return size

    def _flight(self, transaction: int) -> _Flight:
        wanted = transaction.to_bytes(2, "big")
        for flight in self._in_flight:
            if flight[0].startswith(wanted):
                return flight
        oldest = int.from_bytes(self._in_flight[0][0][:2], "big")
        raise TransportError(f"answer to request {transaction}, not to {oldest}")

    def end(self, reason: str) -> None:
        """Ends the connection at once; whoever waits for an answer is told why."""
        if not self.lost:
            self.lost = reason
            if self._transport is not None:
                drop(self._transport)
        self._in_flight.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._batch is not None and not self._batch.done.done():
            self._batch.done.set_exception(TransportError(self.lost))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the socket."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def eof_received(self) -> bool:
        """Ends the connection: nothing is answered any more."""
        self.is_cut = self.is_cut or not self.lost
        self.end("the device closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the connection."""
        self.is_cut = self.is_cut or not self.lost
        closed = "the device closed the connection"
        self.end(os_reason(exc) if isinstance(exc, OSError) else closed)
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        """Closes in the ordinary way."""
        if not self.lost and self._transport is not None:
            self.lost = "the connection was closed"
            self._transport.close()
        self.end(self.lost)


def _other(request: Request, unit: int, pdu: bytes, asked_s: float) -> Answer | DeviceException:
    """Judges an answer that is not plainly the one expected.

    Raises:
        TransportError: It is none to this request.
    """
    if unit != request.unit:
        raise TransportError(f"answer of unit {unit}, not of {request.unit}")
    if pdu[0] == request.function | 0x80 and len(pdu) == 2:
        return DeviceException(pdu[1])
    if pdu[0] != request.function:
        raise TransportError(f"answer to function {pdu[0]}, not to {request.function}")
    if request.head:
        expected = request.size - _DATA
        raise TransportError(f"{len(pdu) - 2} bytes of data instead of {expected}")
    return pdu, asked_s
