"""asyncio protocol of a Modbus connection with several requests in flight.

It runs in the socket's callback, so that a request needs no task and no timer of its own.
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
_BUFFER = 16 * 1024  # a frame has 260 bytes at most; the rest waits in the socket
_LENGTH_FROM = 6  # the length counts from here
_DATA = HEADER.size + 2  # after function and byte count
_GATEWAY = frozenset({10, 11})  # path unavailable; target device failed to respond
_LAST_TRANSACTION = 0xFFFF

Answer = tuple[bytes, float]
"""A read's data, or the PDU if its length was not known, and the monotonic time of the request.

The device's values are not older than the request. With the time of arrival, an answer that
waited for a stopped process would seem fresh.
"""


_Flight = tuple[bytes, int, int, float]
"""First bytes of a good answer, its size, its place in the batch, the time of its request."""


class TransportError(Exception):
    """The connection is lost or its answers cannot be trusted. It is closed."""


class DeviceException(Exception):
    """The device answered with a Modbus exception."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code

    @property
    def is_of_gateway(self) -> bool:
        """Whether a gateway could not reach the unit."""
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
        """Whether all requests are sent."""
        return self.sent == len(self.requests)

    def skip_rest(self, reason: DeviceException) -> None:
        """Leaves the rest unsent and takes this answer for it."""
        left = len(self.requests) - self.sent
        self.answers[self.sent :] = [reason] * left
        self.sent = len(self.requests)


class ModbusTcpProtocol(asyncio.BufferedProtocol):
    """Sends batches, one at a time, with at most `window` requests in flight.

    A time-out or any answer that is not exactly as requested ends the connection at once, because a
    late answer would be taken for another one.

    Args:
        window: Limit of requests in flight.
        timeout_s: For each answer, from the time of its request.

    Attributes:
        lost: Reason why the connection is over; empty while it is open.
        is_cut: Whether the device ended it.
        closed: Done when the socket is closed.
    """

    def __init__(self, window: int, timeout_s: float) -> None:
        self._window = window
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._filled = 0
        # Not from 1 on each connection: a gateway may send an old answer on a new one.
        self._transaction = randrange(_LAST_TRANSACTION)
        self._in_flight: deque[_Flight] = deque()
        self._batch: RequestBatch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.lost = ""
        self.is_cut = False
        self.closed: asyncio.Future[None] = self._loop.create_future()

    async def send(self, requests: Sequence[Request]) -> list[Answer | DeviceException]:
        """Sends requests for answers, one call at a time. Raises `TransportError` once over."""
        if self.lost:
            raise TransportError(self.lost)
        if not requests:
            return []
        batch = self._batch = RequestBatch(requests, self._loop.create_future())
        self._fill(batch, monotonic())
        try:
            await batch.done
        except asyncio.CancelledError:
            self.abort("cancelled before the answer came")
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
                self._timer = self._loop.call_later(self._timeout_s, self._check_oldest)

    def _check_oldest(self) -> None:
        # One timer for all requests. When it fires, it is set to the oldest one in flight.
        self._timer = None
        if not self._in_flight:
            return
        left_s = self._in_flight[0][3] + self._timeout_s - monotonic()
        if left_s > 0.0:
            self._timer = self._loop.call_later(left_s, self._check_oldest)
        else:
            self.abort(self._late)

    @property
    def _late(self) -> str:
        return f"no answer within {self._timeout_s:g} s"

    def get_buffer(self, sizehint: int) -> memoryview:
        """Returns the buffer for the next bytes."""
        del sizehint
        return self._view[self._filled :] if self._filled else self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Takes the bytes received, which may be parts of answers or several answers."""
        if self.lost:
            return
        end, at, now_s, batch = self._filled + nbytes, 0, monotonic(), self._batch
        if self._in_flight and now_s - self._in_flight[0][3] > self._timeout_s:
            self.abort(self._late)  # asyncio may call this before the timer
            return
        try:
            while at < end and (size := self._take(batch, at, end)):
                at += size
        except TransportError as error:
            self._finish(batch)  # correct answers before it are kept
            self.abort(str(error))
            return
        self._filled = end - at
        if at and self._filled:
            self._buffer[: self._filled] = self._buffer[at:end]
        if at and batch is not None:
            self._fill(batch, now_s)
            self._finish(batch)

    def _finish(self, batch: RequestBatch | None) -> None:
        if batch is not None and batch.is_sent and not self._in_flight and not batch.done.done():
            batch.done.set_result(None)

    def _take(self, batch: RequestBatch | None, at: int, end: int) -> int:
        """Takes answers out of the buffer. Returns their size, 0 if the next is incomplete."""
        in_flight = self._in_flight
        if batch is None or not in_flight:
            raise TransportError("the device sent an answer without a request")
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
        """Takes one answer that is not simply the one expected next."""
        if end - at < HEADER.size:
            return 0
        header: tuple[int, int, int, int] = HEADER.unpack_from(self._buffer, at)
        transaction, protocol, length, unit = header
        if protocol != 0 or not 3 <= length <= _MAX_LENGTH:
            raise TransportError("the answer is not Modbus")
        flight = self._find_flight(transaction)
        size = length + _LENGTH_FROM
        if end - at < size:
            return 0
        prefix, expected, place, asked_s = flight
        if size == expected and self._buffer.startswith(prefix, at):
            batch.answers[place] = (bytes(self._view[at + _DATA : at + size]), asked_s)
        elif not batch.requests[place].head and at + size < end:
            # It may be a write, and either of the two may be its answer.
            raise TransportError("the device sent more than one answer")
        else:
            pdu = bytes(self._view[at + HEADER.size : at + size])
            answer = batch.answers[place] = _unusual(batch.requests[place], unit, pdu, asked_s)
            if isinstance(answer, DeviceException) and answer.is_of_gateway:
                batch.skip_rest(answer)
        self._in_flight.remove(flight)  # after the checks above
        return size

    def _find_flight(self, transaction: int) -> _Flight:
        wanted = transaction.to_bytes(2, "big")
        for flight in self._in_flight:
            if flight[0].startswith(wanted):
                return flight
        oldest = int.from_bytes(self._in_flight[0][0][:2], "big")
        raise TransportError(f"answer to request {transaction}, not to {oldest}")

    def abort(self, reason: str) -> None:
        """Ends the connection at once and fails the waiting batch with the reason."""
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
        """Ends the connection, since nothing more can be answered."""
        self.is_cut = self.is_cut or not self.lost
        self.abort("the device closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the connection."""
        self.is_cut = self.is_cut or not self.lost
        closed = "the device closed the connection"
        self.abort(os_reason(exc) if isinstance(exc, OSError) else closed)
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        """Closes the connection normally."""
        if not self.lost and self._transport is not None:
            self.lost = "the connection was closed"
            self._transport.close()
        self.abort(self.lost)


def _unusual(request: Request, unit: int, pdu: bytes, asked_s: float) -> Answer | DeviceException:
    """Checks an unexpected answer. Raises `TransportError` if it is not to this request."""
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
