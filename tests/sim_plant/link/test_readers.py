"""Readers behind a spoilt link: never a wrong good value, and back by themselves."""

import asyncio
import struct
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from handwheel.connectors.client.site_reader import SiteReader, connector_for
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import RegisterAddress
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, Quality, StatusCode, Value
from handwheel.connectors.session.protocols import Session
from handwheel.connectors.session.scan_groups import STALE_SCANS
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.framing import modbus_frames, opcua_messages
from handwheel.sim_plant.link.proxy import Direction, LinkProxy
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.devices.misbehaving import eventually
from ...plants.served import link_of, served, site_of

PATIENT_S = 5.0
HASTY_S = 0.4  # where it is meant to pass


@dataclass(frozen=True)
class Behind:
    """A plant that stands still unless it is stepped, and a site that reads it over two links."""

    plant: PlantServer
    site: Site
    links: Mapping[str, LinkProxy]

    def truth(self) -> Mapping[str, Value]:
        """What the plant's servers hold, as precisely as each protocol can say it."""
        values = self.plant.simulation.values()
        return {
            tag.name: _as_sent(tag.address, values[tag.name]) for tag in self.site.tags.values()
        }

    def on_both(self, change: Callable[[LinkProxy], None]) -> None:
        for link in self.links.values():
            change(link)


def _as_sent(address: object, value: Value) -> Value:
    if isinstance(address, RegisterAddress) and isinstance(value, float):
        return float(struct.unpack(">f", struct.pack(">f", value))[0])
    return value


@pytest.fixture(scope="module")
async def plant() -> AsyncGenerator[PlantServer]:
    async with served() as server:
        yield server


@asynccontextmanager
async def behind(
    plant: PlantServer, folder: Path, *, timeout_s: float = PATIENT_S, scan: str = "50 ms"
) -> AsyncGenerator[Behind]:
    async with (
        LinkProxy(plant.opcua.port, opcua_messages) as dcs,
        LinkProxy(plant.modbus.port, modbus_frames) as pkg,
    ):
        site = site_of(folder, replace(link_of(plant, scan), opcua=dcs.port, modbus=pkg.port))
        connections = {
            name: config.model_copy(update={"timeout": timeout_s})
            for name, config in site.connections.items()
        }
        yield Behind(plant, replace(site, connections=connections), {"dcs": dcs, "pkg": pkg})


class Watch:
    """Compares what a reader shows with the truth whenever it is asked."""

    def __init__(self, behind: Behind, reader: SiteReader) -> None:
        self._behind = behind
        self._reader = reader

    def statuses(self) -> set[StatusCode]:
        truth, readings = self._behind.truth(), self._reader.latest()
        assert readings.keys() == truth.keys()
        good = {name: each.value for name, each in readings.items() if each.quality is Quality.GOOD}
        assert good == {name: truth[name] for name in good}
        return {reading.status for reading in readings.values()}

    async def until(self, is_so: Callable[[Connection], bool], status: StatusCode) -> None:
        """Waits until every connection is so and every tag has this status."""
        await eventually(
            lambda: all(map(is_so, self._reader.connections)) and self.statuses() == {status}
        )


@asynccontextmanager
async def watched(behind: Behind) -> AsyncGenerator[tuple[SiteReader, Watch]]:
    async with SiteReader(behind.site, list(behind.site.tags.values())) as reader:
        watch = Watch(behind, reader)
        await watch.until(lambda _: True, GOOD)
        yield reader, watch


def _is_lost(connection: Connection) -> bool:
    return bool(connection.gaps) and connection.gaps[-1].end is None


def _is_back(connection: Connection) -> bool:
    return bool(connection.gaps) and connection.gaps[-1].end is not None


@pytest.mark.parametrize("direction", ["both", "down"])
async def test_a_half_open_link_is_noticed_and_no_value_stays_good(
    plant: PlantServer, tmp_path: Path, direction: Direction
) -> None:
    hasty = behind(plant, tmp_path / "site", timeout_s=HASTY_S)
    async with hasty as here, watched(here) as (reader, watch):
        here.on_both(lambda link: link.half_open(direction))
        stale_s = max(STALE_SCANS * each.scan for each in here.site.connections.values())
        await asyncio.sleep(stale_s + 0.05)  # what had passed before is read at once
        await plant.step(10)
        assert watch.statuses() == {BAD_NO_COMMUNICATION}
        await watch.until(_is_lost, BAD_NO_COMMUNICATION)
        for connection in reader.connections:
            assert connection.gaps[-1].reason.endswith(f": no answer within {HASTY_S:g} s")
        here.on_both(LinkProxy.mend)
        await watch.until(_is_back, GOOD)


# What frames a message: transaction, protocol, length, unit, function and byte count; kind, size,
# channel, token, sequence and request.
HEADERS = {("pkg", "down"): 9, ("pkg", "up"): 8, ("dcs", "down"): 24, ("dcs", "up"): 24}


@pytest.mark.parametrize(
    ("name", "direction", "reads"),
    [("pkg", "down", 20), ("pkg", "up", 6), ("dcs", "down", 4), ("dcs", "up", 2)],
)
async def test_a_header_that_was_hit_never_brings_a_wrong_value(
    plant: PlantServer, tmp_path: Path, name: str, direction: Direction, reads: int
) -> None:
    async with behind(plant, tmp_path / "site") as here:
        assert await _losses(here, name, 5) == 0
        here.links[name].corrupt(0.01, 1, slice(HEADERS[name, direction]), direction)
        assert await _losses(here, name, reads, timeout_s=0.2) > 0
        here.links[name].mend()
        assert await _losses(here, name, 5) == 0


async def _losses(here: Behind, name: str, reads: int, timeout_s: float = PATIENT_S) -> int:
    """Reads so often, anew after each loss; whatever comes must be true."""
    config = here.site.connections[name].model_copy(update={"timeout": timeout_s})
    site = replace(here.site, connections={name: config})
    tags = [tag for tag in here.site.tags.values() if tag.connection == name]
    truth, connector = here.truth(), connector_for(site, name)
    session: Session | None = None
    losses = 0
    for _ in range(reads):
        try:
            session = session or await connector.open()
            for tag, reading in (await session.read(tags)).items():
                assert (reading.value, reading.status) == (truth[tag], GOOD)
        except NotConnected:
            losses += 1
            if session is not None:
                await session.close()
            session = None
    if session is not None:
        await session.close()
    return losses
