"""A reading counts as old as its request, and an answer that came too late counts for nothing."""

import asyncio
import time
from time import monotonic

import pytest

from handwheel.connectors.modbus.request import read_request
from handwheel.connectors.modbus.transport import DeviceException, TransportError

from ...plants.devices.misbehaving import listening, registers
from ...plants.devices.modbus_gateway import transport_to

REQUESTS = [read_request(5, "holding", at, 2) for at in range(3)]


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
        answers = await transport.read_all(REQUESTS)
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
