"""Pitfalls of pymodbus' server: our simulated plant's does not fall in, and a naive one does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from ..sim_plant.server.modbus.modbus_wire import Wire, wire
from ..sim_plant.server.modbus.modbus_wire import served as plant

READ = "03 0000 0001"
GATHER_S = 0.3


@asynccontextmanager
async def ours() -> AsyncGenerator[int]:
    async with plant() as device:
        yield device.modbus.port


async def _slow(*_: object, **__: object) -> None:
    """What asks a process or a database before it answers."""
    await asyncio.sleep(0.05)


@asynccontextmanager
async def naive() -> AsyncGenerator[int]:
    data = SimData(address=0, values=[1, 2, 3], datatype=DataType.REGISTERS)
    device = SimDevice(id=1, simdata=[data], action=_slow)
    server = ModbusTcpServer(device, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    listener = server.transport
    assert isinstance(listener, asyncio.Server)
    yield listener.sockets[0].getsockname()[1]
    await server.shutdown()


async def _answers(line: Wire, most: int) -> list[int]:
    seen: list[int] = []
    with suppress(TimeoutError):
        while len(seen) < most:
            async with asyncio.timeout(GATHER_S if seen else 5.0):
                seen.append((await line.answer())[0])
    return seen


async def test_every_request_of_a_segment_is_answered() -> None:
    for server, answered in [(ours, [1, 2, 3, 4, 5]), (naive, [1])]:
        async with server() as port, wire(port) as line:
            for transaction in range(1, 6):
                line.send(transaction, READ)
            assert await _answers(line, 5) == answered, server


async def test_an_unknown_unit_is_told_as_such() -> None:
    for server, answer in [(ours, "830b"), (naive, "8304")]:
        async with server() as port, wire(port) as line:
            assert await line.ask(READ, unit=9) == answer, server


async def test_an_answer_carries_the_id_of_its_own_request() -> None:
    for server, answered in [(ours, [1, 2]), (naive, [2, 2])]:
        async with server() as port, wire(port) as line:
            for transaction in (1, 2):
                line.send(transaction, READ)
                await asyncio.sleep(0.01)
            assert await _answers(line, 2) == answered, server
