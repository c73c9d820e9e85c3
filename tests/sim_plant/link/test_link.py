"""The faults of the link one by one, each beside the same exchange over a link without it."""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

import pytest

from handwheel.sim_plant.link.framing import Framing, chunks, modbus_frames, opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ...plants.devices.misbehaving import free_port, listening
from ..server.modbus.modbus_wire import Wire, served, wire
from .echo import client, comes_back, echoed, echoing, is_reset, is_silent


@pytest.mark.parametrize("framing", [chunks, modbus_frames, opcua_messages])
async def test_without_a_fault_every_byte_passes(framing: Framing) -> None:
    data = Random(1).randbytes(2_000_000)
    async with echoing(framing) as (echo, link):
        assert await echoed(link, data) == data
        assert echo.got == data
        assert await echoed(link, b"") == b""
        half = struct.pack(">HHHB", 1, 0, 6, 1)
        assert await echoed(link, half) == half  # half a frame, and then the end


async def test_frames_are_cut_where_they_end() -> None:
    modbus = struct.pack(">HHHB5s", 7, 0, 6, 1, b"\4\0\0\0\1")
    opcua = b"MSGF" + struct.pack("<I", 12) + b"body"
    for framing, frame in ((modbus_frames, modbus), (opcua_messages, opcua)):
        buffer = bytearray(frame * 2 + frame[:5])
        assert framing(buffer) == [frame, frame]
        assert buffer == frame[:5]
        assert framing(bytearray(b"HTTP/1.1 400")) == [b"HTTP/1.1 400"]


async def test_a_reset_passes_too_and_so_does_a_plant_that_is_not_there() -> None:
    reset = asyncio.Event()

    async def wait_for_reset(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        except ConnectionResetError:
            reset.set()

    async with listening(wait_for_reset) as device, LinkProxy(device.port) as link:
        here = socket.create_connection(("127.0.0.1", link.port))
        await device.until_accepted(1)
        here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        here.close()
        await asyncio.wait_for(reset.wait(), 50)
        await device.until_left()
        assert (link.accepted, link.resets) == (1, 1)
    async with LinkProxy(free_port()) as link, client(link) as here_too:
        assert await is_reset(here_too)


async def test_a_receiver_that_does_not_read_holds_up_the_sender() -> None:
    sent = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            sent += 65536

    async with listening(pour) as device, LinkProxy(device.port) as link, client(link):
        before = -1
        while sent != before:
            before = sent
            await asyncio.sleep(0.1)
        assert 0 < sent < 50_000_000  # buffers of the system and ours, and then no more


async def test_a_delay_only_delays() -> None:
    data = Random(2).randbytes(300_000)
    loop = asyncio.get_running_loop()
    async with echoing() as (_, link), client(link) as live:
        assert await comes_back(live, b"before")
        link.delay(0.05)
        start_s = loop.time()
        assert await comes_back(live, data)
        assert loop.time() - start_s >= 0.1
        assert await echoed(link, data) == data
        link.delay(3600.0)
        live.writer.write(b"late")
        assert await is_silent(live)
        link.mend()
        assert await live.reader.readexactly(4) == b"late"


async def test_a_cut_resets_what_is_there_and_what_comes() -> None:
    async with echoing() as (echo, link), client(link) as live:
        assert await comes_back(live, b"before")
        link.cut()
        assert await is_reset(live)
        async with client(link) as late:
            assert await is_reset(late)
        await echo.until_left()
        assert (bytes(echo.got), len(echo.accepted_at)) == (b"before", 1)
        link.mend()
        assert await echoed(link, b"after") == b"after"


async def test_on_a_half_open_link_everything_vanishes_and_nobody_is_told() -> None:
    async with echoing() as (echo, link), client(link) as live, client(link) as gone:
        assert await comes_back(live, b"before")
        assert await comes_back(gone, b"before")
        link.half_open()
        link.mend()  # a connection that lost nothing outlives it
        assert await comes_back(live, b"before")
        link.half_open()
        gone.writer.close()
        async with client(link) as late:
            for here in (live, late):
                here.writer.write(b"lost")
                assert await is_silent(here)
            assert (bytes(echo.got), echo.ended, link.accepted) == (b"before" * 3, 0, 3)
            assert len(echo.accepted_at) == 2
            link.mend()
            for here in (live, late):
                assert await is_reset(here)  # a stream with a hole is never delivered
        await echo.until_left()
        assert await echoed(link, b"after") == b"after"


async def test_one_direction_can_be_dead_alone() -> None:
    async with echoing() as (echo, link), client(link) as live:
        link.half_open("down")
        live.writer.write(b"done")
        assert await is_silent(live)
        assert echo.got == b"done"


@pytest.mark.parametrize(
    "spoil",
    [
        LinkProxy.half_open,
        LinkProxy.cut,
        partial(LinkProxy.delay, seconds=3600.0),
    ],
)
async def test_it_can_be_left_in_the_middle_of_every_fault(
    spoil: Callable[[LinkProxy], None],
) -> None:
    async with asyncio.timeout(50):
        async with echoing() as (_, link), client(link) as live, client(link) as idle:
            assert await comes_back(live, b"before")
            spoil(link)
            live.writer.write(b"under way")
            idle.writer.write(b"under way")
            await asyncio.sleep(0.01)


async def test_altered_answers_come_in_another_order_or_spoilt_or_never() -> None:
    held = b""

    def swap(unit: bytes) -> bytes:
        nonlocal held
        passed, held = (unit + held, b"") if held else (b"", unit)
        return passed

    async with (
        served() as plant,
        LinkProxy(plant.modbus.port, modbus_frames) as link,
        wire(link.port) as live,
    ):
        assert await _answers(live, 4) == [1, 2, 3, 4]
        link.alter(swap)
        assert await _answers(live, 4) == [2, 1, 4, 3]
        link.alter(lambda unit: unit[:1] + bytes([unit[1] ^ 64]) + unit[2:])
        assert await _answers(live, 2) == [65, 66]
        link.alter(lambda _: b"")
        live.send(9, "04 0000 000d")
        assert await is_silent(live)
        link.mend()
        assert await _answers(live, 4) == [1, 2, 3, 4]


async def _answers(here: Wire, count: int) -> Sequence[int]:
    for transaction in range(1, count + 1):
        here.send(transaction, "04 0000 000d")
    return [(await here.answer())[0] for _ in range(count)]
