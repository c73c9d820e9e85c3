"""Pitfalls of the clients of asyncua and pymodbus: ours does not fall in, and a naive one does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.hostile_answers import hostile
from ..plants.devices.hostile_modbus import Asked
from ..plants.devices.misbehaving import eventually
from ..plants.devices.traceable_opcua import Works, works
from .modbus_clients import Client, naive, ours
from .naive import NaiveOpcua
from .opcua_clients import CLIENTS, connector_of, endpoint, node
from .opcua_clients import Client as OpcuaClient

NODES = 2


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[Works]:
    async with works(NODES) as server:
        yield server


@pytest.fixture
async def plant(server: Works) -> AsyncGenerator[Works]:
    yield server
    await server.forget()


@dataclass
class Line:
    """A link to the server on which requests are counted, and whose first node changes."""

    link: LinkProxy
    requests: int = 0

    def mend(self) -> None:
        self.link.mend()
        self.link.alter(self._count, "up")

    def _count(self, message: bytes) -> bytes:
        self.requests += 1
        return message


@asynccontextmanager
async def line(plant: Works) -> AsyncGenerator[Line]:
    async def turn() -> None:
        value = 0
        while True:
            value += 1
            await plant.set(0, value)
            await asyncio.sleep(0.02)

    turning = asyncio.create_task(turn())
    async with LinkProxy(plant.port, opcua_messages) as link:
        spoilt = Line(link)
        spoilt.mend()
        yield spoilt
    turning.cancel()


async def test_after_two_cuts_the_data_are_back_and_no_requests_flood(plant: Works) -> None:
    ends = await asyncio.gather(*(_cut_twice(plant, client) for client in CLIENTS.values()))
    found, healthy = dict(zip(CLIENTS, ends, strict=True)), (True, ["hears", "hears"])
    is_connected, told = found.pop("naive")
    assert found == {"scanned": healthy, "told": healthy}
    assert (is_connected, "floods" in told) == (True, True)  # a slow machine holds it up at times


async def _cut_twice(plant: Works, client: OpcuaClient) -> tuple[bool, list[str]]:
    """Returns if it is connected after two cuts, and if it heard before it had asked 100 times."""
    told: list[str] = []
    async with line(plant) as here, client(here.link.port, [0]) as watcher:
        await eventually(lambda: watcher.is_connected and len(watcher.heard) > 3)
        for _ in range(2):
            here.link.cut()
            await eventually(lambda: not watcher.is_connected)
            await asyncio.sleep(0.1)
            here.mend()
            await eventually(lambda: watcher.is_connected)
            await asyncio.sleep(0.2)
            most, least = here.requests + 100, len(watcher.heard) + 5
            await eventually(lambda: len(watcher.heard) > least or here.requests > most)  # noqa: B023
            told.append("hears" if len(watcher.heard) > least else "floods")
        return watcher.is_connected, told


async def test_a_server_that_answers_two_seconds_late_is_slow_and_not_lost(plant: Works) -> None:
    async with LinkProxy(plant.port) as link, LinkProxy(plant.port) as other:
        ours = Connection(connector_of(link.port), [node(0)])
        async with ours, NaiveOpcua(endpoint(other.port)) as client:
            await eventually(lambda: ours.is_connected)
            link.delay(2.0, direction="down")
            other.delay(1.5, direction="down")
            scans = ours.scans
            while ours.scans < scans + 2:
                await ours.next_scan()
                assert not ours.gaps
            await eventually(lambda: client.losses > 0)
            link.mend()
            other.mend()


HEALTHY = 38


@pytest.mark.parametrize(
    ("client", "kind", "is_wrong", "right"),
    [
        (ours, "one by one as 0", False, 1),
        (ours, "one by one", False, 9),
        (naive, "one by one as 0", True, 1),
        (naive, "one by one", False, 9),
    ],
)
async def test_a_gateway_that_answers_as_0_after_a_cancelled_read_gives_no_wrong_value(
    client: Client, kind: str, is_wrong: bool, right: int
) -> None:
    def script(asked: Asked) -> str:
        return "right" if asked.start == HEALTHY else kind

    async with hostile(script, late_s=0.03) as device, client(device.port) as plc:
        task = asyncio.create_task(plc.read(10))
        while device.number < 1:  # noqa: ASYNC110 (at every turn, so before the late answer)
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        marks = {address: await plc.read(address) for address in range(20, 40, 2)}
    good = {address: seen[0] for address, seen in marks.items() if isinstance(seen, tuple)}
    assert any(mark != 0x1000 | address for address, mark in good.items()) is is_wrong
    assert sum(mark == 0x1000 | address for address, mark in good.items()) >= right
