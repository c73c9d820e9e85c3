"""OPC UA clients to be timed.

`python -m benchmarks.connectors.opcua_clients CLIENT PORT COUNT`
"""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from asyncua.client.client import Client

from handwheel.connectors.model.values import Quality

from .rounds import Pass, answer
from .sites import OPCUA, node_tags, opcua, opened, site_of

URI = "urn:handwheel:peer"


@asynccontextmanager
async def _ours(port: int, count: int, *, singly: bool) -> AsyncGenerator[Pass]:
    tags = node_tags(count)
    session = await opened(site_of(opcua(port)), OPCUA)

    async def one_pass() -> None:
        for group in [[tag] for tag in tags] if singly else [tags]:
            await session.read(group)

    try:
        values = await session.read(tags)
        assert all(value.quality is Quality.GOOD for value in values.values())
        assert [values[tag.name].value for tag in tags] == list(range(1, count + 1))
        yield one_pass
    finally:
        await session.close()


@asynccontextmanager
async def _asyncua(port: int, count: int, *, singly: bool) -> AsyncGenerator[Pass]:
    async with Client(f"opc.tcp://127.0.0.1:{port}/", watchdog_intervall=3600.0) as client:
        index = await client.get_namespace_index(URI)
        nodes = [client.get_node(f"ns={index};i={each}") for each in range(1, count + 1)]

        async def one_pass() -> None:
            for group in [[node] for node in nodes] if singly else [nodes]:
                await client.read_values(group)

        assert await client.read_values(nodes) == list(range(1, count + 1))
        yield one_pass


CLIENTS: dict[str, Callable[[int, int], AbstractAsyncContextManager[Pass]]] = {
    "ours": lambda port, count: _ours(port, count, singly=False),
    "ours-singly": lambda port, count: _ours(port, count, singly=True),
    "asyncua": lambda port, count: _asyncua(port, count, singly=False),
    "asyncua-singly": lambda port, count: _asyncua(port, count, singly=True),
}


async def _main(name: str, port: str, count: str) -> None:
    async with CLIENTS[name](int(port), int(count)) as one_pass:
        await answer(one_pass)


if __name__ == "__main__":
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    asyncio.run(_main(*sys.argv[1:]))
