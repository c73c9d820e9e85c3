"""Every answer is checked; after a doubtful one the connection is closed."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import pytest

from handwheel.connectors.errors import os_reason
from handwheel.connectors.modbus.request import read_request
from handwheel.connectors.modbus.transport import DeviceException, ModbusTransport, TransportError

from ...plants.devices.misbehaving import (
    Answer,
    Device,
    free_port,
    listening,
    modbus_device,
    registers,
    reply,
)
from ...plants.devices.modbus_gateway import transport_to

pytestmark = pytest.mark.usefixtures("ids_from_one")


UNIT = 7
REQUEST = read_request(UNIT, "input", 16, 3)
DATA = bytes([0, 16, 0, 17, 0, 18])


@asynccontextmanager
async def connected(
    answer: Answer, timeout_s: float = 5.0, window: int = 1
) -> AsyncGenerator[tuple[Device, ModbusTransport]]:
    async with (
        modbus_device(answer) as device,
        transport_to(device, timeout_s, window) as transport,
    ):
        yield device, transport


def _changed(frame: bytes, at: int, byte: int) -> bytes:
    return frame[:at] + bytes([byte]) + frame[at + 1 :]


def _pdu(*pdu: int) -> Answer:
    return lambda request: [reply(request, bytes(pdu))]


NOT_MODBUS = "the answer is not Modbus"
DOUBTFUL: dict[str, tuple[Answer, str]] = {
    "transaction id 0": (lambda r: [bytes(2) + registers(r)[2:]], "answer to request 0, not to 1"),
    "another request": (lambda r: [_changed(registers(r), 1, 9)], "answer to request 9, not to 1"),
    "another protocol": (lambda r: [_changed(registers(r), 3, 1)], NOT_MODBUS),
    "another unit": (lambda r: [_changed(registers(r), 6, 8)], "answer of unit 8, not of 7"),
    "another function": (_pdu(3, 6, *DATA), "answer to function 3, not to 4"),
    "exception with a tail": (_pdu(0x84, 2, 0), "answer to function 132, not to 4"),
    "no exception code": (lambda r: [reply(r, b"\x84")], NOT_MODBUS),
    "a register too few": (_pdu(4, 4, *DATA[:4]), "4 bytes of data instead of 6"),
    "a byte too many": (_pdu(4, 6, *DATA, 0), "7 bytes of data instead of 6"),
    "a false byte count": (_pdu(4, 5, *DATA), "6 bytes of data instead of 6"),
    "half an answer": (lambda r: [registers(r)[:-1]], "no answer within 0.2 s"),
    "a length too long": (lambda r: [_changed(registers(r), 5, 11)], "no answer within 0.2 s"),
    "silence": (lambda _: [], "no answer within 0.2 s"),
    "a closed connection": (lambda _: None, "the device closed the connection"),
    "text": (lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"], NOT_MODBUS),
}  # fmt: skip


async def read(transport: ModbusTransport) -> bytes:
    """One read of three registers: its data."""
    (answer,) = await transport.read_all([REQUEST])
    if isinstance(answer, DeviceException):
        raise answer
    return answer[0]


@pytest.mark.parametrize("window", [1, 4])
@pytest.mark.parametrize(("answer", "reason"), DOUBTFUL.values(), ids=DOUBTFUL)
async def test_a_doubtful_answer_is_refused_and_the_connection_closed(
    answer: Answer, reason: str, window: int
) -> None:
    timeout_s = 0.2 if "within" in reason else 5.0
    if window > 1 and timeout_s < 1.0:
        reason = ".*"  # where the rest of one is missing, the next is taken for it
    async with connected(answer, timeout_s, window) as (device, transport):
        with pytest.raises(TransportError, match=f"^{reason}$"):
            await transport.read_all([REQUEST] * window)
        await device.until_left()
        assert not transport.is_open
        asked = len(device.requests)
        with pytest.raises(TransportError, match=f"^{reason}$"):
            await read(transport)
        assert len(device.requests) == asked <= window


def _whole(request: bytes) -> Iterable[bytes]:
    return [registers(request)]


def _byte_by_byte(request: bytes) -> Iterable[bytes]:
    return [bytes([byte]) for byte in registers(request)]


async def test_a_good_answer_passes_and_so_does_the_next() -> None:
    for answer, window in ((_whole, 1), (_whole, 4), (_byte_by_byte, 1), (_byte_by_byte, 4)):
        async with connected(answer, window=window) as (device, transport):
            for _ in range(3):
                assert await read(transport) == DATA
            assert [request[:2] for request in device.requests] == [b"\0\1", b"\0\2", b"\0\3"]
            assert device.requests[0][2:] == bytes([0, 0, 0, 6, UNIT, 4, 0, 16, 0, 3])
            assert device.ended == 0


async def test_a_device_that_refuses_keeps_its_connection() -> None:
    def answer(request: bytes) -> Iterable[bytes]:
        return [reply(request, b"\x84\x02") if request[:2] == b"\0\1" else registers(request)]

    async with connected(answer) as (device, transport):
        with pytest.raises(DeviceException, match=r"^exception 2$") as caught:
            await transport.exchange(UNIT, bytes([4, 0, 16, 0, 3]))
        assert caught.value.code == 2
        assert await transport.exchange(UNIT, bytes([4, 0, 16, 0, 3])) == bytes([4, 6]) + DATA
        assert (len(device.accepted_at), device.ended) == (1, 0)


async def test_a_second_answer_to_one_request_is_not_taken_for_the_next() -> None:
    async with connected(lambda r: [registers(r) * 2]) as (device, transport):
        assert await read(transport) == DATA
        await device.until_left()
        with pytest.raises(TransportError, match=r"^the device sent an answer without a request$"):
            await read(transport)


async def test_a_write_with_two_answers_is_in_doubt() -> None:
    def answer(request: bytes) -> Iterable[bytes]:
        return [reply(request, b"\x86\x02") + reply(request, request[7:])]

    async with connected(answer) as (device, transport):
        with pytest.raises(TransportError, match=r"^the device sent more than one answer$"):
            await transport.exchange(UNIT, b"\x06\0\x10\0\x03")
        await device.until_left()


@pytest.mark.parametrize("is_cancelled", [False, True], ids=["late", "cancelled"])
async def test_an_answer_that_comes_too_late_reaches_nobody(is_cancelled: bool) -> None:
    came, given_up = asyncio.Event(), asyncio.Event()
    requests: list[bytes] = []

    async def answer_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readexactly(12))
        came.set()
        await given_up.wait()
        writer.write(registers(requests[0]))
        requests.append(await reader.read())

    async with listening(answer_late) as device, transport_to(device, 0.2) as transport:
        task = asyncio.create_task(read(transport))
        await came.wait()
        if is_cancelled:
            task.cancel()
        with pytest.raises(asyncio.CancelledError if is_cancelled else TransportError):
            await task
        given_up.set()
        with pytest.raises(TransportError):
            await read(transport)
        await device.until_left()
        assert b"".join(requests[1:]) == b""


async def test_a_device_that_is_not_there_is_told_in_plain_words() -> None:
    unknown = "(name or service not|nodename nor servname provided, or not) known"
    cases = {"localhost": "connection refused", "": unknown, "a..b": "no valid host name"}
    for host, reason in cases.items():
        with pytest.raises(TransportError, match=f"^{reason}$"):
            await ModbusTransport.open(host, free_port(), 5.0)


def test_the_systems_errors_become_a_few_plain_words() -> None:
    cases: list[tuple[OSError, str]] = [
        (ConnectionRefusedError(111, "Connect call failed ('::1', 1)"), "connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "name or service not known"),
        # What asyncio raises for a name with two addresses, such as localhost.
        (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0), "
                 "[Errno 111] Connect call failed ('127.0.0.1', 1)"), "connection refused"),
        (ConnectionResetError("Connection lost"), "connection lost"),
    ]  # fmt: skip
    for error, reason in cases:
        assert os_reason(error) == reason
