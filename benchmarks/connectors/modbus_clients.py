"""Modbus clients to be timed.

`python -m benchmarks.connectors.modbus_clients CLIENT PORT`
"""

import asyncio
import socket
import struct
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random

from pymodbus.client import AsyncModbusTcpClient

from handwheel.connectors.modbus.request import read_request
from handwheel.connectors.modbus.transport import DeviceException, ModbusTransport
from handwheel.connectors.model.values import Quality

from .rounds import Pass, answer
from .sites import MODBUS, modbus, opened, register_tags, site_of

REQUESTS, BLOCK = 80, 125  # 10,000 registers
WINDOW = 16
_TAGS = 1000
_UNIT, _READ_HOLDING = 1, 3
_TIMEOUT_S = 3.0
_REQUEST = struct.Struct(">HHHBBHH")
_HEAD = 9  # bytes of an answer before its registers
_NUMBERS = struct.Struct(f">{BLOCK}H")
_BLOCKS = [(BLOCK * each, BLOCK) for each in range(REQUESTS)]
_chance = Random(4)  # the same tags in every process and on every machine
SCATTERED = [4 * place + _chance.randrange(4) for place in range(_TAGS)]


def minimal_plan(addresses: Sequence[int]) -> list[tuple[int, int]]:
    """Returns the fewest reads that cover these ascending addresses, each a start and a count."""
    plan: list[tuple[int, int]] = []
    for address in addresses:
        if plan and address - plan[-1][0] < BLOCK:
            plan[-1] = (plan[-1][0], address - plan[-1][0] + 1)
        else:
            plan.append((address, 1))
    return plan


@asynccontextmanager
async def _registers(port: int, window: int) -> AsyncGenerator[Pass]:
    """Reads the registers as numbers, by our transport."""
    requests = [read_request(_UNIT, "holding", *block) for block in _BLOCKS]
    transport = await ModbusTransport.open("127.0.0.1", port, _TIMEOUT_S, window)

    async def one_pass() -> list[int]:
        numbers: list[int] = []
        for each in await transport.read_all(requests):
            assert not isinstance(each, DeviceException)
            numbers += _NUMBERS.unpack(each[0])
        return numbers

    try:
        assert await one_pass() == list(range(REQUESTS * BLOCK))
        yield one_pass
    finally:
        await transport.close()


@asynccontextmanager
async def _ours(port: int, *, window: int = 1, singly: bool = False) -> AsyncGenerator[Pass]:
    """Reads the tags as a site does."""
    tags = register_tags(SCATTERED)
    session = await opened(site_of(modbus(port, window=window)), MODBUS)

    async def one_pass() -> None:
        for group in [[tag] for tag in tags] if singly else [tags]:
            await session.read(group)

    try:
        values = await session.read(tags)
        assert all(value.quality is Quality.GOOD for value in values.values())
        assert [values[tag.name].value for tag in tags] == SCATTERED
        yield one_pass
    finally:
        await session.close()


@asynccontextmanager
async def _pymodbus(port: int, blocks: Sequence[tuple[int, int]]) -> AsyncGenerator[Pass]:
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    assert await client.connect()

    async def one_pass() -> None:
        for start, count in blocks:
            got = await client.read_holding_registers(start, count=count)
            assert got.registers[0] == start

    try:
        yield one_pass
    finally:
        client.close()


@asynccontextmanager
async def _minimal(port: int) -> AsyncGenerator[Pass]:
    """Sends the fewest requests over a bare socket, one in flight, without decoding."""
    plan = minimal_plan(SCATTERED)
    frames = [_REQUEST.pack(0, 0, 6, _UNIT, _READ_HOLDING, *block) for block in plan]
    lengths = [_HEAD + 2 * count for _, count in plan]
    end = socket.create_connection(("127.0.0.1", port))
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def one_pass() -> None:
        for frame, length in zip(frames, lengths, strict=True):
            end.sendall(frame)
            assert len(end.recv(length, socket.MSG_WAITALL)) == length

    with end:
        yield one_pass


CLIENTS: dict[str, Callable[[int], AbstractAsyncContextManager[Pass]]] = {
    "ours": lambda port: _registers(port, 1),
    "ours-16": lambda port: _registers(port, WINDOW),
    "pymodbus": lambda port: _pymodbus(port, _BLOCKS),
    "tags": _ours,
    "tags-16": lambda port: _ours(port, window=WINDOW),
    "tags-singly": lambda port: _ours(port, singly=True),
    "tags-pymodbus": lambda port: _pymodbus(port, [(each, 1) for each in SCATTERED]),
    "tags-minimal": _minimal,
}


async def _main(name: str, port: str) -> None:
    async with CLIENTS[name](int(port)) as one_pass:
        await answer(one_pass)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
