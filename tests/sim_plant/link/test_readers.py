"""Readers behind a spoilt link: never a wrong good value, and back by themselves."""

import asyncio
import operator
import struct
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from handwheel.connectors.client.site_reader import SiteReader, connector_for
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import RegisterAddress, Tag
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


async def test_behind_a_cut_every_tag_is_bad_and_the_reader_comes_back_by_itself(
    plant: PlantServer, tmp_path: Path
) -> None:
    async with behind(plant, tmp_path / "site") as here, watched(here) as (_, watch):
        here.on_both(LinkProxy.cut)
        await watch.until(_is_lost, BAD_NO_COMMUNICATION)
        await plant.step(10)
        assert watch.statuses() == {BAD_NO_COMMUNICATION}
        here.on_both(LinkProxy.mend)
        await watch.until(_is_back, GOOD)


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


async def test_a_delay_below_the_time_out_only_delays(plant: PlantServer, tmp_path: Path) -> None:
    slow = behind(plant, tmp_path / "site", scan="1200 ms")  # not stale by a stall of seconds
    async with slow as here, watched(here) as (reader, watch):
        await watch.until(lambda connection: connection.scans > 0, GOOD)
        here.on_both(lambda link: link.delay(0.005, jitter_s=0.005, seed=1))
        scans = [connection.scans for connection in reader.connections]
        for connection, before in zip(reader.connections, scans, strict=True):
            while connection.scans < before + 2:
                await connection.next_scan()
                assert watch.statuses() == {GOOD}
        assert not any(connection.gaps for connection in reader.connections)


async def test_a_delay_above_the_time_out_is_a_loss(plant: PlantServer, tmp_path: Path) -> None:
    hasty = behind(plant, tmp_path / "site", timeout_s=HASTY_S)
    async with hasty as here, watched(here) as (_, watch):
        here.on_both(lambda link: link.delay(2.0 * HASTY_S))
        await watch.until(_is_lost, BAD_NO_COMMUNICATION)
        await plant.step(10)  # what is still on its way is of before
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


async def test_a_reader_outlives_a_link_that_spoils_headers(
    plant: PlantServer, tmp_path: Path
) -> None:
    hasty = behind(plant, tmp_path / "site", timeout_s=HASTY_S)
    async with hasty as here, watched(here) as (reader, watch):
        for name, link in here.links.items():
            link.corrupt(0.02, 2, slice(HEADERS[name, "down"]))
        for _ in range(10):
            watch.statuses()
            await asyncio.sleep(0.05)
        await eventually(lambda: all(connection.gaps for connection in reader.connections))
        here.on_both(LinkProxy.mend)
        await watch.until(lambda connection: not _is_lost(connection), GOOD)


async def test_without_a_checksum_data_that_was_hit_is_a_good_value(
    plant: PlantServer, tmp_path: Path
) -> None:
    """Why the headers alone are spoilt above: the rest is the business of TCP and of signatures."""

    def flip(unit: bytes) -> bytes:
        return unit[:9] + bytes([unit[9] ^ 1]) + unit[10:]

    async with behind(plant, tmp_path / "site") as here:
        tag = here.site.tags["PKG-101.map_version"]
        session = await connector_for(here.site, "pkg").open()
        for change, value in ((bytes, 1), (flip, 257)):
            here.links["pkg"].alter(change)
            reading = (await session.read([tag]))[tag.name]
            assert (reading.value, reading.status) == (value, GOOD)
        await session.close()


@pytest.mark.parametrize("moving", ["SIM-CLOCK.pv", "PKG-101.heartbeat"])
async def test_an_answer_that_comes_twice_is_not_taken_for_the_next(
    plant: PlantServer, tmp_path: Path, moving: str
) -> None:
    async with behind(plant, tmp_path / "site") as here:
        tag = here.site.tags[moving]
        session = await connector_for(here.site, tag.connection).open()
        is_true: list[bool] = []
        for times in (1, 1, 2, 2):
            here.links[tag.connection].alter(partial(operator.mul, times))
            await plant.step()
            try:
                reading = (await session.read([tag]))[moving]
                assert (reading.value, reading.status) == (here.truth()[moving], GOOD)
                is_true.append(True)
            except NotConnected:
                is_true.append(False)
        assert is_true == [True, True, True, False]
        await session.close()


@pytest.mark.parametrize(("name", "hold_s", "refused"), [("dcs", 5.0, 2), ("pkg", 0.02, 0)])
async def test_swapped_answers_are_true_or_none(
    plant: PlantServer, tmp_path: Path, name: str, hold_s: float, refused: int
) -> None:
    """OPC UA counts its messages; on Modbus only one answer is on its way, and comes later."""
    async with behind(plant, tmp_path / "site") as here:
        tags = [tag for tag in here.site.tags.values() if tag.connection == name]
        session = await connector_for(here.site, name).open()
        assert await _refused(here, session, tags) == 0
        here.links[name].reorder(hold_s)
        assert await _refused(here, session, tags) == refused
        await session.close()


async def _refused(here: Behind, session: Session, tags: Sequence[Tag]) -> int:
    """Reads two halves at the same time; says how many were refused, the others must be true."""
    truth = here.truth()
    halves = (tags[::2], tags[1::2])
    answers = await asyncio.gather(*map(session.read, halves), return_exceptions=True)
    for half, answer in zip(halves, answers, strict=True):
        if not isinstance(answer, BaseException):
            values = {name: reading.value for name, reading in answer.items()}
            assert values == {tag.name: truth[tag.name] for tag in half}
    return sum(isinstance(answer, NotConnected) for answer in answers)
