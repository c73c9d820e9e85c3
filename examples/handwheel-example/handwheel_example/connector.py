"""Reads gauges that answer the line `get A B` with the line `350.5 ok, ? unknown`."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

from pydantic import Field

from handwheel.connectors.model.endpoints import InstalledConnection
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_NODE_UNKNOWN, BAD_SENSOR_FAILURE, GOOD, DataValue
from handwheel.connectors.session.protocols import Encoder, Session
from handwheel.connectors.session.sockets import drop
from handwheel.errors import NotConnected

STATUS = {"ok": GOOD, "broken": BAD_SENSOR_FAILURE, "unknown": BAD_NODE_UNKNOWN}


class GaugeConnection(InstalledConnection):
    """A connection `kind: gauge` of `site.yaml`. Its fields are keys there."""

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)

    @property
    def where(self) -> str:
        return f"gauge://{self.host}:{self.port}"

    def check_item(self, item: str) -> None:
        if not item.isalnum():
            raise ValueError(f"{item!r} is no name of a gauge: letters and digits")

    def connect(self, name: str, root: Path) -> "GaugeConnector":
        return GaugeConnector(name, self)


class GaugeConnector:
    """Opens sessions to the gauges of one connection."""

    has_cyclic_stamps = False  # then no reading has a server time
    is_subscribed = False  # and reports no changes

    def __init__(self, name: str, config: GaugeConnection) -> None:
        self.name = name
        self.where = config.where
        self.scan_s = config.scan
        self.timeout_s = config.timeout
        self._config = config

    async def open(self) -> Session:
        try:
            async with asyncio.timeout(self.timeout_s):
                reader, writer = await asyncio.open_connection(self._config.host, self._config.port)
        except OSError as error:  # a time-out is one of them
            raise self.lost(error) from None
        return GaugeSession(self, reader, writer)

    def lost(self, error: OSError) -> NotConnected:
        return NotConnected({self.name: f"{self.where}: {error or 'no answer in time'}"})


class GaugeSession:
    """Asks the gauges over one socket."""

    faults: Mapping[str, str] = {}

    def __init__(
        self,
        connector: GaugeConnector,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._connector = connector
        self._reader = reader
        self._writer = writer
        self._lock = asyncio.Lock()  # an answer does not name its question

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        answers = await self._ask([str(tag.address) for tag in tags]) if tags else []
        now_s = monotonic()
        readings: dict[str, DataValue] = {}
        for tag, answer in zip(tags, answers, strict=True):
            number, _, word = answer.partition(" ")
            value = float(number) if word == "ok" else None
            readings[tag.name] = DataValue(value, STATUS[word], None, None, now_s)
        return readings

    async def probe(self) -> None:
        await self._ask(["alive"])

    async def encoder(self, tags: Sequence[Tag]) -> Encoder:
        raise NotConnected({self._connector.name: "a gauge has no writes"})

    async def close(self) -> None:
        drop(self._writer.transport)

    async def _ask(self, names: Sequence[str]) -> list[str]:
        try:
            async with self._lock, asyncio.timeout(self._connector.timeout_s):
                self._writer.write(f"get {' '.join(names)}\n".encode())
                line = await self._reader.readline()
        except OSError as error:
            await self.close()
            raise self._connector.lost(error) from None
        except asyncio.CancelledError:
            await self.close()  # the next request would take the late answer
            raise
        if not line.endswith(b"\n"):
            raise self._connector.lost(ConnectionError("the device hung up"))
        return line.decode().strip().split(", ")
