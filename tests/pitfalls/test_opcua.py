"""Pitfalls of asyncua's client: ours does not fall in, and a naive one does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import pytest
from asyncua import ua
from asyncua.ua.uaerrors import BadTooManyOperations, UaStatusCodeError

from handwheel.connectors.model.values import GOOD
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.misbehaving import eventually
from ..plants.devices.traceable_opcua import Works, name_of, works
from .naive import PERIOD_MS, Handler, NaiveOpcua
from .opcua_clients import CLIENTS, Client, connector_of, endpoint, naive, node, told

NODES = 400


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
    healthy, fallen = (False, "connected", "hears"), (True, "connected", "hears nothing")
    assert dict(zip(CLIENTS, ends, strict=True)) == {
        "scanned": healthy,
        "told": healthy,
        "naive": fallen,
    }


async def _cut_twice(plant: Works, client: Client) -> tuple[bool, str, str]:
    """Returns whether requests flooded after a cut, and how it stands after the second."""
    async with line(plant) as here, client(here.link.port, [0]) as watcher:
        await eventually(lambda: watcher.is_connected and len(watcher.heard) > 3)
        floods: list[int] = []
        for _ in range(2):
            here.link.cut()
            await eventually(lambda: not watcher.is_connected)
            await asyncio.sleep(0.1)
            here.mend()
            await eventually(lambda: watcher.is_connected)
            await asyncio.sleep(0.2)
            before = here.requests
            await asyncio.sleep(0.5)
            floods.append(here.requests - before)
        heard = len(watcher.heard)
        await asyncio.sleep(0.5)
        hears = "hears" if len(watcher.heard) > heard else "hears nothing"
        return max(floods) > 100, "connected" if watcher.is_connected else "lost", hears


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
async def test_a_call_waits_for_the_connection(plant: Works, client: Client) -> None:
    async with line(plant) as here, client(here.link.port, [0]) as watcher:
        await eventually(lambda: watcher.is_connected and len(watcher.heard) > 0)
        here.link.cut()
        await eventually(lambda: not watcher.is_connected)
        reading = asyncio.create_task(watcher.read(1))
        await asyncio.sleep(0.1)
        here.mend()
        if client is naive:
            with pytest.raises(ConnectionError):
                await reading
        else:
            assert await reading == 0


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


async def test_a_value_never_comes_without_its_quality(plant: Works) -> None:
    uncertain, bad = 0x40940000, 0x808C0000
    await plant.set(1, 7, uncertain)
    await plant.set(2, 8, bad)
    session = await connector_of(plant.port).open()
    readings = await session.read([node(1), node(2)])
    await session.close()
    assert [int(each.status) for each in readings.values()] == [uncertain, bad]
    async with NaiveOpcua(endpoint(plant.port)) as client:
        assert await client.read([name_of(1), name_of(2)]) == [7, None]
        for each in client.nodes([name_of(1), name_of(2)]):
            with pytest.raises(UaStatusCodeError):
                await each.read_value()
    for number in (1, 2):
        await plant.set(number, 0)


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
async def test_every_first_value_arrives(plant: Works, client: Client) -> None:
    async with client(plant.port, range(1, NODES)) as watcher:
        if client is naive:
            await eventually(lambda: len(watcher.heard) >= 300)
            await asyncio.sleep(0.5)
            assert len(watcher.heard) == 300
        else:
            await eventually(lambda: len(watcher.heard) >= NODES - 1)


@pytest.mark.parametrize("client", [told, None], ids=["told", "naive"])
async def test_changes_come_in_order(plant: Works, client: Client | None) -> None:
    await plant.set(3, 0)
    if client is None:
        async with NaiveOpcua(endpoint(plant.port)) as naive:
            handler = Handler()
            subscription = await naive.client.create_subscription(PERIOD_MS, handler)
            await subscription.subscribe_data_change(naive.nodes([name_of(3)]), queuesize=100)
            await _change(plant)
            await eventually(lambda: len(handler.values) >= 40)
            assert handler.values != sorted(handler.values)
        return
    async with client(plant.port, [3]) as watcher:
        await eventually(lambda: watcher.is_connected)
        await _change(plant)
        await eventually(lambda: 40 in watcher.heard)
        assert watcher.heard == sorted(watcher.heard)


async def _change(plant: Works) -> None:
    for value in range(1, 41):
        await plant.set(3, value)


async def test_a_read_is_split_by_the_servers_limit(plant: Works) -> None:
    await plant.limit(100)
    try:
        session = await connector_of(plant.port).open()
        readings = await session.read([node(number) for number in range(NODES)])
        await session.close()
        assert {reading.status for reading in readings.values()} == {GOOD}
        async with NaiveOpcua(endpoint(plant.port)) as client:
            with pytest.raises(BadTooManyOperations):
                await client.read([name_of(number) for number in range(NODES)])
    finally:
        await plant.limit(0)


LEAST_S, MOST_S = 450.0, 5.0


async def test_a_subscription_that_died_is_noticed_in_time(
    plant: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the signs of life that are asked for, seconds."""
    asked_s: list[float] = []
    service = plant.server.iserver.subscription_service
    create = service.create_subscription

    async def noted(params: ua.CreateSubscriptionParameters, *more: Any, **keys: Any) -> Any:
        interval_ms = float(cast(float, params.RequestedPublishingInterval))
        asked_s.append(interval_ms / 1000.0 * int(cast(int, params.RequestedMaxKeepAliveCount)))
        return await create(params, *more, **keys)

    monkeypatch.setattr(service, "create_subscription", noted)
    for client in (told, naive):
        async with client(plant.port, [0]) as watcher:
            await eventually(lambda: bool(asked_s) and watcher.is_connected)
    assert asked_s[0] <= MOST_S < LEAST_S <= asked_s[-1]
