"""Our OPC UA client and a naive one behind one shape, so that both meet the same server."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from asyncua.client.ua_client import UaClientState

from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.model.values import Quality
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.session.protocols import Sample
from handwheel.connectors.session.supervisor import Connection, Gap

from ..plants.devices.traceable_opcua import URI, name_of
from .naive.opcua import NaiveOpcua, take

PATIENT_S = 10.0


def endpoint(port: int) -> str:
    return f"opc.tcp://127.0.0.1:{port}"


def connector_of(port: int, **keys: object) -> OpcuaConnector:
    config = {"kind": "opcua", "endpoint": endpoint(port), "scan": "50 ms", **keys}
    return OpcuaConnector("dcs", OpcuaConnection.model_validate(config), Path())


def node(number: int) -> Tag:
    return Tag(name_of(number), "dcs", "int", NodeAddress(f"nsu={URI};s={name_of(number)}"))


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

    async def read(self, number: int) -> Any:
        session = await self.connection.ready(PATIENT_S)
        tag = node(number)
        return (await session.read([tag]))[tag.name].value


@dataclass
class _Naive:
    client: NaiveOpcua
    heard: list[Any] = field(default_factory=list[Any])

    @property
    def is_connected(self) -> bool:
        return self.client.client.uaclient.state is UaClientState.CONNECTED

    async def read(self, number: int) -> Any:
        return (await self.client.read([name_of(number)]))[0]


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
