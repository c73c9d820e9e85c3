"""Several requests in flight: never more than the window, each answer to its own request."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.modbus import tcp_protocol
from handwheel.connectors.modbus.request import HEADER, read_request
from handwheel.connectors.modbus.transport import (
    Answer,
    DeviceException,
    ModbusTransport,
    TransportError,
)
from handwheel.connectors.model.tags import Table

from ...plants.devices.misbehaving import Device, listening, registers, reply
from ...plants.devices.modbus_gateway import transport_to

pytestmark = pytest.mark.usefixtures("ids_from_one")


UNIT = 5
TABLES: tuple[Table, ...] = ("coil", "discrete", "holding", "input")
REQUESTS = [read_request(UNIT, "holding", at, 2) for at in range(40)]
EXPECTED = [at.to_bytes(2, "big") + (at + 1).to_bytes(2, "big") for at in range(40)]
Serve = Callable[[Sequence[bytes]], Iterable[bytes]]
"""From the requests that wait to the pieces that are sent."""


def data_of(answers: Sequence[Answer | DeviceException]) -> list[bytes | int]:
    return [each.code if isinstance(each, DeviceException) else each[0] for each in answers]


@asynccontextmanager
async def counting(
    window: int, serve: Serve, timeout_s: float = 5.0
) -> AsyncGenerator[tuple[Device, ModbusTransport, list[int]]]:
    """A device that waits until no further request comes, and counts those in flight."""
    counts: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            waiting = [await reader.readexactly(12)]
            try:
                async with asyncio.timeout(0.01):
                    while True:
                        waiting.append(await reader.readexactly(12))
            except TimeoutError:
                pass
            counts.append(len(waiting))
            for piece in serve(waiting):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)

    async with listening(handle) as device, transport_to(device, timeout_s, window) as transport:
        yield device, transport, counts


def _in_one_segment(waiting: Sequence[bytes]) -> Iterable[bytes]:
    return [b"".join(map(registers, waiting))]


def _in_odd_pieces(waiting: Sequence[bytes]) -> Iterable[bytes]:
    whole = b"".join(map(registers, waiting))
    return [whole[at : at + 5] for at in range(0, len(whole), 5)]


def _in_reverse(waiting: Sequence[bytes]) -> Iterable[bytes]:
    return [b"".join(registers(request) for request in reversed(waiting))]


@pytest.mark.parametrize("serve", [_in_one_segment, _in_odd_pieces, _in_reverse])
@pytest.mark.parametrize("window", [1, 4, 16])
async def test_no_more_than_the_window_is_in_flight(window: int, serve: Serve) -> None:
    requests = REQUESTS[: 2 * window + 3]
    async with counting(window, serve) as (device, transport, counts):
        assert data_of(await transport.read_all(requests)) == EXPECTED[: len(requests)]
        assert max(counts) == window
        assert sum(counts) == len(requests)
        assert device.ended == 0


async def test_exceptions_among_answers_reach_their_requests() -> None:
    def serve(waiting: Sequence[bytes]) -> Iterable[bytes]:
        return [
            reply(each, b"\x83\x02") if each[9] % 3 == 0 else registers(each) for each in waiting
        ]

    async with counting(4, serve) as (_, transport, _):
        answers = data_of(await transport.read_all(REQUESTS[:10]))
    assert answers == [2 if at % 3 == 0 else EXPECTED[at] for at in range(10)]


async def test_a_gateway_that_does_not_reach_the_unit_is_not_asked_for_the_rest() -> None:
    def serve(waiting: Sequence[bytes]) -> Iterable[bytes]:
        return [reply(each, b"\x83\x0b") for each in waiting]

    async with counting(4, serve) as (device, transport, counts):
        assert data_of(await transport.read_all(REQUESTS)) == [11] * 40
        assert counts == [4]
        assert device.ended == 0


def _spoiled(spoil: Callable[[bytes], bytes]) -> Serve:
    """Answers rightly, but for the third of those that wait."""
    return lambda waiting: [
        spoil(each) if at == 2 else registers(each) for at, each in enumerate(waiting)
    ]


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "answered before": lambda r: b"\0\1" + registers(r)[2:],
    "not asked yet": lambda r: b"\0\x7f" + registers(r)[2:],
    "another unit": lambda r: registers(r)[:6] + b"\x06" + registers(r)[7:],
    "a register too many": lambda r: reply(r, b"\x03\x06" + bytes(6)),
    "a flood": lambda _: b"\xff" * 100_000,
}


async def test_one_doubtful_answer_among_good_ones_ends_the_connection() -> None:
    for spoil in SPOILED.values():
        async with counting(4, _spoiled(spoil)) as (device, transport, _):
            with pytest.raises(TransportError):
                await transport.read_all(REQUESTS)
            await device.until_left()
            assert not transport.is_open, spoil
        async with counting(4, _spoiled(registers)) as (device, transport, _):
            assert data_of(await transport.read_all(REQUESTS)) == EXPECTED, spoil
            assert device.ended == 0, spoil


async def test_each_answer_has_its_own_time() -> None:
    """The whole takes longer than the time-out, each answer does not."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(6):
            request = await reader.readexactly(12)
            await asyncio.sleep(0.2)
            writer.write(registers(request))
            await writer.drain()
        await reader.read()

    async with listening(slow) as device, transport_to(device, 1.0, 4) as transport:
        assert data_of(await transport.read_all(REQUESTS[:6])) == EXPECTED[:6]
        begun = monotonic()
        with pytest.raises(TransportError, match=r"^no answer within 1 s$"):
            await transport.read_all(REQUESTS[:1])
        assert 0.9 < monotonic() - begun < 5.0


async def test_a_transaction_id_is_never_zero_and_a_new_connection_begins_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp_protocol, "_LAST_TRANSACTION", 6)
    begins, seen = iter([0, 3]), list[int]()

    def begin(_: int) -> int:
        return next(begins)

    def serve(waiting: Sequence[bytes]) -> Iterable[bytes]:
        seen.extend(HEADER.unpack(each[: HEADER.size])[0] for each in waiting)
        return _in_one_segment(waiting)

    monkeypatch.setattr(tcp_protocol, "randrange", begin)
    for count in (9, 2):
        async with counting(4, serve) as (_, transport, _):
            assert data_of(await transport.read_all(REQUESTS[:count])) == EXPECTED[:count]
    assert seen == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5]


@given(st.integers(0, 255), st.sampled_from(TABLES), st.integers(0, 0xFFFF), st.data())
def test_a_request_and_its_answer_have_the_protocols_form(
    unit: int, table: Table, start: int, data: st.DataObject
) -> None:
    function = TABLES.index(table) + 1
    count = data.draw(st.integers(1, min(2000 if function < 3 else 125, 0x10000 - start)))
    request = read_request(unit, table, start, count)
    assert request.tail == bytes([0, 0, 0, 6, unit, function]) + start.to_bytes(2) + count.to_bytes(
        2
    )
    size = (count + 7) // 8 if function < 3 else 2 * count
    assert request.head == bytes(2) + (size + 3).to_bytes(2) + bytes([unit, function, size])
    assert request.size == 9 + size


async def test_a_reading_is_as_old_as_its_request() -> None:
    asked: list[float] = []

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            request = await reader.readexactly(12)
            asked.append(monotonic())
            await asyncio.sleep(0.02)
            writer.write(registers(request))
        await reader.read()

    async with listening(slow) as device, transport_to(device, 5.0) as transport:
        begun = monotonic()
        answers = await transport.read_all(REQUESTS[:3])
        stamps = [each[1] for each in answers if not isinstance(each, DeviceException)]
        assert begun <= stamps[0] <= asked[0] <= stamps[1] <= asked[1] <= stamps[2] <= asked[2]


async def test_an_answer_that_waited_while_the_process_stood_still_is_refused() -> None:
    async def then_stands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(registers(await reader.readexactly(12)))
        time.sleep(0.15)  # noqa: ASYNC251  the loop is both sides': the answer is there already
        await reader.read()

    async with listening(then_stands) as device, transport_to(device, 0.1) as transport:
        with pytest.raises(TransportError, match=r"^no answer within 0.1 s$"):
            await transport.read_all(REQUESTS[:1])


async def test_the_oldest_in_flight_has_no_more_time_than_the_others() -> None:
    async def second_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(12)
        second = await reader.readexactly(12)
        await asyncio.sleep(0.35)
        writer.write(registers(second))
        await reader.read()

    async with listening(second_only) as device, transport_to(device, 0.4, 2) as transport:
        begun = monotonic()
        with pytest.raises(TransportError, match=r"^no answer within 0.4 s$"):
            await transport.read_all(REQUESTS)
        assert monotonic() - begun < 0.72
