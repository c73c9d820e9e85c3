"""Pitfalls of the clients of asyncua and pymodbus: ours does not fall in, and a naive one does."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymodbus.exceptions import ModbusException

from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.hostile_answers import hostile
from ..plants.devices.hostile_modbus import Asked, Script
from ..plants.devices.misbehaving import eventually
from ..plants.devices.traceable_opcua import Works, works
from .modbus_clients import Client, config_of, naive, ours, register
from .naive import NaiveModbus, NaiveOpcua
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


def always(kind: str) -> Script:
    return lambda _: kind


def on_write(kind: str) -> Script:
    return lambda asked: kind if asked.function == 6 else "right"


HEALTHY = 38


@pytest.mark.parametrize(
    ("client", "kind", "wrong", "right"),
    [
        (ours, "one by one as 0", 0, 1),
        (ours, "one by one", 0, 9),
        (naive, "one by one as 0", 9, 1),
        (naive, "one by one", 0, 9),
    ],
)
async def test_a_gateway_that_answers_as_0_after_a_cancelled_read_gives_no_wrong_value(
    tmp_path: Path, client: Client, kind: str, wrong: int, right: int
) -> None:
    def script(asked: Asked) -> str:
        return "right" if asked.start == HEALTHY else kind

    async with hostile(script, late_s=0.03) as device, client(device.port, tmp_path) as plc:
        task = asyncio.create_task(plc.read(10))
        await eventually(lambda: device.number == 1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        marks = {address: await plc.read(address) for address in range(20, 40, 2)}
    good = {address: seen[0] for address, seen in marks.items() if isinstance(seen, tuple)}
    assert sum(mark != 0x1000 | address for address, mark in good.items()) == wrong
    assert sum(mark == 0x1000 | address for address, mark in good.items()) >= right


# Where a time-out is waited for; pymodbus waits for four.
HASTY_S: Mapping[Client, float] = {ours: 0.6, naive: 0.15}
# What a naive client says, and how often it has sent.
OUTCOMES = {
    "silence": ("ModbusIOException", 4),
    "hung up": ("ModbusIOException", 4),
    "late": ("done", 2),
    "false echo": ("done", 1),
}


async def _write(client: Client, kind: str, folder: Path) -> tuple[str, int]:
    """Returns what the client says of one write, and how many frames the device has seen."""
    hasty_s = HASTY_S[client]
    async with (
        hostile(on_write(kind), late_s=1.2 * hasty_s) as device,
        client(device.port, folder, hasty_s) as plc,
    ):
        outcome = (await plc.write(3)).partition(":")[0]
        await asyncio.sleep(0.1)  # a library that comes back by itself would send again
    return outcome, len(device.frames)


@pytest.mark.parametrize("kind", OUTCOMES)
async def test_a_write_without_its_answer_is_one_frame_of_unknown_outcome(
    tmp_path: Path, kind: str
) -> None:
    """Judged by the frames that the device has seen."""
    seen = await asyncio.gather(*(_write(each, kind, tmp_path) for each in (ours, naive)))
    assert seen == [("unknown", 1), OUTCOMES[kind]]


async def test_a_dead_unit_does_not_delay_a_healthy_one() -> None:
    """By how often the healthy unit is asked while the other one is dead."""
    ours, naive = await asyncio.gather(_asked_by(_scan), _asked_by(_poll))
    assert ours > 10 > 4 >= naive


async def _asked_by(client: Callable[[int], Coroutine[Any, Any, None]]) -> int:
    asked = 0

    def script(each: Asked) -> str:
        nonlocal asked
        asked += each.unit == 1
        return "silence" if each.unit == 2 else "right"

    async with hostile(script) as device:
        with suppress(TimeoutError):
            async with asyncio.timeout(1.8):
                await client(device.port)
    return asked


async def _scan(port: int) -> None:
    tags = [register(20, unit=1), register(30, unit=2)]
    async with Connection(ModbusConnector("plc", config_of(port, 0.2)), tags):
        await asyncio.sleep(10.0)


async def _poll(port: int) -> None:
    async with NaiveModbus(port, 0.2) as client:
        while True:
            for unit, address in ((1, 20), (2, 30)):
                with suppress(ModbusException):
                    await client.registers(address, 1, unit)
            await asyncio.sleep(0.05)
