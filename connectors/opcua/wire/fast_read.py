"""Sends the same Read repeatedly from kept bytes, over asyncua's own channel.

This uses private parts of asyncua. Whether they are as expected is checked once, by sending the
same request both ways to a null transport.
"""

import asyncio
import logging
import struct
import time
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple, cast

from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

_logger = logging.getLogger(__name__)

_READ_REQUEST = struct.pack("<BBH", 1, 0, ObjectIds.ReadRequest_Encoding_DefaultBinary)
_HEADER = struct.Struct("<qIIiI3x")  # time, handle, diagnostics, audit id, time-out, extension
_NO_TEXT = -1
_FILETIME_OF_1970 = 116_444_736_000_000_000  # 100 ns since 1601
_SAMPLE_TIMEOUT_S = 1.0


class PendingRead(NamedTuple):
    """A request that waits for its answer."""

    handle: int
    answer: "asyncio.Future[Buffer]"


class EncodedRead:
    """The encoded bytes of one Read. Raises `UaError` if asyncua would send another header."""

    def __init__(self, items: Sequence[ua.ReadValueId]) -> None:
        whole, head = _serialised(read_request(items))
        if not whole.startswith(head):
            raise UaError("the header of a request is another")
        self.parameters = whole[len(head) :]

    def body(self, token: ua.NodeId, filetime: int, handle: int, timeout_s: float) -> bytes:
        """Returns the body of the request."""
        return _head(token, filetime, handle, int(timeout_s * 1000)) + self.parameters


def read_request(items: Sequence[ua.ReadValueId]) -> ua.ReadRequest:
    """Returns asyncua's request for these items."""
    request = ua.ReadRequest()
    request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
    request.Parameters.NodesToRead = list(items)
    return request


def send(protocol: UASocketProtocol, encoded: EncodedRead, timeout_s: float) -> PendingRead:
    """Sends a Read. Raises `ConnectionError` on a closed connection.

    Effect: OBSERVE. Retry: none. Timeout: none; it does not wait for the answer.
    """
    filetime = time.time_ns() // 100 + _FILETIME_OF_1970
    return _send_encoded(protocol, encoded, filetime, timeout_s)


@cache
def is_supported() -> bool:
    """Whether this asyncua sends the same bytes as `send`. If not, it is logged once."""
    try:
        is_same = _sent_by_asyncua() == _sent_by_us()
    except (AttributeError, TypeError, ValueError, LookupError, UaError, struct.error):
        is_same = False
    if not is_same:
        _logger.warning("this version of asyncua is unknown: reads are slower")
    return is_same


class _FastProtocol(UASocketProtocol):
    """asyncua's `_send_request` for an encoded body."""

    def send_encoded(self, encoded: EncodedRead, filetime: int, timeout_s: float) -> PendingRead:
        if self.transport is None:
            raise ConnectionError("the connection is closed")
        self._request_handle += 1
        self._request_id += 1
        body = encoded.body(self.authentication_token, filetime, self._request_handle, timeout_s)
        self.revolve_security_token()
        message = self._connection.message_to_binary(body, request_id=self._request_id)
        answer: asyncio.Future[Buffer] = asyncio.get_running_loop().create_future()
        self._callbackmap[self._request_id] = answer
        self.transport.write(message)
        return PendingRead(self._request_handle, answer)

    def send_slowly(self, request: ua.ReadRequest, timeout_s: float) -> "asyncio.Future[Buffer]":
        return self._send_request(request, timeout_s)

    def receive(self, body: Buffer) -> None:
        (number,) = self._callbackmap  # the only request
        self._call_callback(number, body)


def _send_encoded(
    protocol: UASocketProtocol, encoded: EncodedRead, filetime: int, timeout_s: float
) -> PendingRead:
    return _FastProtocol.send_encoded(cast(_FastProtocol, protocol), encoded, filetime, timeout_s)


class _NullTransport(asyncio.Transport):
    """Keeps the bytes written and sends none."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: "bytes | bytearray | memoryview") -> None:
        self.sent.append(bytes(data))


_SAMPLE = ua.ReadValueId(
    NodeId=ua.NodeId(ua.String("x"), ua.Int16(3)),
    AttributeId=AttributeIds.Value,
    IndexRange=ua.NumericRange("0:1"),
)
_ANSWER = b"an answer"


def _sent_by_asyncua() -> list[bytes]:
    protocol, transport = _protocol()
    request = read_request([_SAMPLE])
    request.RequestHeader.Timestamp = ua.win_epoch_to_datetime(_FILETIME_OF_1970)
    return (
        transport.sent
        if _is_answered(protocol, protocol.send_slowly(request, _SAMPLE_TIMEOUT_S))
        else []
    )


def _sent_by_us() -> list[bytes]:
    protocol, transport = _protocol()
    sent = _send_encoded(protocol, EncodedRead([_SAMPLE]), _FILETIME_OF_1970, _SAMPLE_TIMEOUT_S)
    return transport.sent if _is_answered(protocol, sent.answer) else [b"no answer"]


def _protocol() -> tuple[_FastProtocol, _NullTransport]:
    protocol, transport = _FastProtocol(), _NullTransport()
    protocol.connection_made(transport)
    protocol.authentication_token = ua.NodeId(ua.String("token"), ua.Int16(1))
    return protocol, transport


def _is_answered(protocol: _FastProtocol, answer: "asyncio.Future[Buffer]") -> bool:
    protocol.receive(Buffer(_ANSWER))
    return answer.result().read(len(_ANSWER)) == _ANSWER


def _serialised(request: ua.ReadRequest) -> tuple[bytes, bytes]:
    """Returns a request as asyncua serialises it, and the expected header."""
    filetime = ua.datetime_to_win_epoch(cast(datetime, request.RequestHeader.Timestamp))
    return ua_binary.struct_to_binary(request), _head(ua.NodeId(), filetime, 0, 0)


def _head(token: ua.NodeId, filetime: int, handle: int, timeout_ms: int) -> bytes:
    header = _HEADER.pack(filetime, handle, 0, _NO_TEXT, timeout_ms)
    return _READ_REQUEST + ua_binary.nodeid_to_binary(token) + header
