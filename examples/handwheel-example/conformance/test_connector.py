"""The connector keeps the rules that all connectors keep."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

from handwheel.connectors.model.tags import ItemAddress, Tag
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE
from handwheel.connectors.testing import BaseConformance, Item, Rig
from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel_example.connector import GaugeConnection

HERE = Path(__file__).parent


def tag(name: str) -> Tag:
    return Tag(f"{name}.pv", "gauges", "float", ItemAddress(name))


class Gauges:
    def __init__(self) -> None:
        self.held = {"A": "350.5 ok", "B": "-3.0 ok", "C": "0.1 ok", "D": "? broken"}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(ConnectionError):  # the link is broken on purpose
            while line := await reader.readline():
                names = line.decode().split()[1:]
                answers = [self.held.get(name, "? unknown") for name in names]
                writer.write(f"{', '.join(answers)}\n".encode())

    async def change(self, which: Tag, value: object) -> None:
        self.held[str(which.address)] = f"{value} ok"


@asynccontextmanager
async def gauges() -> AsyncGenerator[Rig]:
    device = Gauges()
    server = await asyncio.start_server(device.serve, "127.0.0.1", 0)
    async with server, LinkProxy(server.sockets[0].getsockname()[1]) as link:
        keys = {"kind": "gauge", "port": link.port, "scan": "100 ms", "timeout": "200 ms"}
        yield Rig(
            connector=GaugeConnection.model_validate(keys).connect("gauges", HERE),
            timeout_s=0.2,
            items=[
                Item(tag("A"), 350.5),
                Item(tag("B"), -3.0),
                Item(tag("C"), 0.1),
                Item(tag("D"), None, BAD_SENSOR_FAILURE),
            ],
            unknown=tag("X"),
            link=link,
            change=device.change,
            cannot={
                "uncertain": "a gauge is ok or broken",
                "information": "a gauge is ok or broken",
                "times": "a gauge has no clock",
                "refuse": "a gauge refuses nothing",
                "writes": "the protocol has no writes",
                "secrets": "there is no login",
            },
        )


class TestGauge(BaseConformance):
    quality = HERE / "quality.toml"

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        async with gauges() as rig:
            yield rig
