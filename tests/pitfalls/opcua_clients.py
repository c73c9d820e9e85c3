"""Our OPC UA client and a naive one behind one shape, so that both meet the same server."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from asyncua.client.ua_client import UaClientState

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Quality
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.session.protocols import Sample, Session
from handwheel.connectors.session.supervisor import Connection, Gap
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.opcua_server import connector_to, tag_of
from ..plants.devices.traceable_opcua import URI, Works, name_of
from .naive import NaiveOpcua, take


def endpoint(port: int) -> str:
    return f"opc.tcp://127.0.0.1:{port}"


def connector_of(port: int, **keys: object) -> OpcuaConnector:
    return connector_to(port, **{"scan": "50 ms", **keys})


def node(number: int) -> Tag:
    return tag_of(name_of(number), "int", URI)


class Heard:
    def __init__(self) -> None:
        self.values: list[Any] = []

    def arrived(self, samples: Sequence[Sample]) -> None:
        self.values += [each.value for _, each in samples if each.quality is Quality.GOOD]

    def gap(self, connection: str, gap: Gap) -> None:
        """Is seen in the connection itself."""


@dataclass
class _Ours:
    """Follows nodes, and keeps every value that it took for good."""

    connection: Connection
    heard: list[Any]

    @property
    def is_connected(self) -> bool:
        return self.connection.is_connected


@dataclass
class _Naive:
    client: NaiveOpcua
    heard: list[Any] = field(default_factory=list[Any])

    @property
    def is_connected(self) -> bool:
        return self.client.client.uaclient.state is UaClientState.CONNECTED


Watcher = _Ours | _Naive
Client = Callable[[int, Sequence[int]], AbstractAsyncContextManager[Watcher]]
"""Opens a client of the server at a port that follows these nodes."""


@asynccontextmanager
async def _ours(port: int, numbers: Sequence[int], updates: str) -> AsyncGenerator[Watcher]:
    heard = Heard()
    connector = connector_of(port, updates=updates)
    async with Connection(connector, [node(each) for each in numbers], [heard]) as connection:
        yield _Ours(connection, heard.values)


@asynccontextmanager
async def naive(port: int, numbers: Sequence[int]) -> AsyncGenerator[Watcher]:
    async with NaiveOpcua(endpoint(port)) as client:
        watcher = _Naive(client)
        subscription = await client.iterator([name_of(each) for each in numbers])
        task = asyncio.create_task(take(subscription, watcher.heard))
        try:
            yield watcher
        finally:
            task.cancel()


scanned: Client = partial(_ours, updates="scan")
told: Client = partial(_ours, updates="subscribe")
CLIENTS = {"scanned": scanned, "told": told, "naive": naive}

NODES = 20
HALVES: Sequence[Sequence[int]] = [range(0, NODES, 2), range(1, NODES, 2)]
TIMEOUT = "200 ms"


@dataclass
class Tally:
    good: int = 0
    none: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def judge(self, plant: Works, values: Mapping[int, object], before: int) -> None:
        for number, value in values.items():
            if isinstance(value, int) and plant.reads.is_true(number, value, before):
                self.good += 1
            else:
                self.wrong.append(f"{name_of(number)} read {value}, asked after {before}")


async def _read(session: Session, numbers: Sequence[int]) -> Mapping[int, object]:
    readings = await session.read([node(number) for number in numbers])
    return {
        number: readings[name_of(number)].value
        for number in numbers
        if readings[name_of(number)].quality is Quality.GOOD
    }


async def endure(plant: Works, link: LinkProxy, reads: int) -> Tally:
    """Reads both halves at once, again and again, over a new session after each loss."""
    tally = Tally()
    session: Session | None = None
    for _ in range(reads):
        before = plant.reads.number
        try:
            session = session or await connector_of(link.port, timeout=TIMEOUT).open()
            before = plant.reads.number
            halves = await asyncio.gather(
                *(_read(session, half) for half in HALVES), return_exceptions=True
            )
        except NotConnected:
            halves = []
        values: dict[int, object] = {}
        for half in halves:
            if not isinstance(half, BaseException):
                values |= half
            elif not isinstance(half, NotConnected):
                raise half
        tally.judge(plant, values, before)
        tally.none += NODES - len(values)
        if len(values) < NODES and session is not None:
            await session.close()
            session = None
    if session is not None:
        await session.close()
    return tally
