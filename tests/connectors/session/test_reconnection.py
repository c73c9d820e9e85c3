"""Readers survive what happens to devices, and come back by themselves."""

import asyncio
import signal
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from handwheel.connectors.client import site_reader
from handwheel.connectors.client.site_reader import SiteReader, read_once
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue, StatusCode
from handwheel.connectors.session.protocols import Connector
from handwheel.connectors.session.supervisor import ConnectionState
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.devices.misbehaving import eventually, free_port
from ...plants.served import PlantProcess, link_of, plant_process, site_of


def _site(folder: Path, link: PlantEndpoints, timeout: str = "5 s") -> Site:
    site_of(folder, link)
    path = folder / "site.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("scan:", f"timeout: {timeout}, scan:"), encoding="utf-8")
    return load_site(folder)


def _reader(site: Site) -> SiteReader:
    return SiteReader(site, list(site.tags.values()))


def _have_values(readings: Mapping[str, DataValue]) -> bool:
    without = {name for name, reading in readings.items() if reading.value is None}
    return without == {"E-101.days_to_limit"}  # which needs a day


def _statuses(readings: Mapping[str, DataValue]) -> set[StatusCode]:
    return {reading.status for reading in readings.values()}


async def _until_good(reader: SiteReader) -> None:
    async with asyncio.timeout(50):
        for connection in reader.connections:
            while _statuses(connection.latest()) != {GOOD}:
                await connection.next_scan()


async def _until_lost(reader: SiteReader) -> None:
    async with asyncio.timeout(50):
        for connection in reader.connections:
            while not connection.gaps or connection.gaps[-1].end is not None:
                await connection.next_scan()


async def _until_stale(reader: SiteReader) -> None:
    await eventually(lambda: _statuses(reader.latest()) == {BAD_NO_COMMUNICATION})


@pytest.fixture(scope="module")
def process() -> Generator[PlantProcess]:
    with plant_process() as process:
        yield process


async def test_a_survey_goes_over_open_sessions_and_else_over_its_own(
    process: PlantProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = _site(tmp_path, process.link)
    read = [site.tags["PT-102.pv"], site.tags["P-101A.running"]]
    write = [site.tags["P-101B.run_cmd"]]
    opened = list[str]()
    real = site_reader.connector_for

    def noted(of: Site, name: str) -> Connector:
        opened.append(name)
        return real(of, name)

    async with _reader(site) as reader:
        await _until_good(reader)
        monkeypatch.setattr(site_reader, "connector_for", noted)
        found = await reader.survey(read, write)
        assert (opened, set(found.encoders)) == ([], {"pkg"})
        assert {each.status for each in found.readings.values()} == {GOOD}
    monkeypatch.setattr(site_reader, "_READY_S", 0.01)
    found = await reader.survey(read, write)  # its sessions are closed now
    assert (sorted(opened), set(found.readings)) == (["dcs", "pkg"], {each.name for each in read})


async def test_the_next_scan_is_that_of_any_connection(
    process: PlantProcess, tmp_path: Path
) -> None:
    async with _reader(_site(tmp_path, process.link)) as reader:
        await _until_good(reader)
        before = reader.latest()
        async with asyncio.timeout(20):
            await reader.next_scan(20.0)
        assert reader.latest() != before


@pytest.mark.timeout(300)  # a plant starts
async def test_a_stall_makes_the_tags_stale_and_is_a_loss_after_the_time_out(
    process: PlantProcess, tmp_path: Path
) -> None:
    patient = _site(tmp_path / "patient", process.link, timeout="20 s")
    hasty = _site(tmp_path / "hasty", process.link, timeout="1 s")
    async with _reader(patient) as waiting, _reader(hasty) as losing:
        for reader in (waiting, losing):
            await _until_good(reader)
        process.process.send_signal(signal.SIGSTOP)
        try:
            await _until_lost(losing)
            for reader in (waiting, losing):
                await _until_stale(reader)
                assert _have_values(reader.latest())
        finally:
            process.process.send_signal(signal.SIGCONT)
        for reader in (waiting, losing):
            await _until_good(reader)
        assert [list(connection.gaps) for connection in waiting.connections] == [[], []]
        for connection in losing.connections:
            assert connection.gaps[0].reason.endswith(": no answer within 1 s")
            assert connection.gaps[0].end is not None


@pytest.mark.timeout(300)  # two plants start
async def test_a_killed_plant_turns_every_tag_bad_and_its_return_makes_them_good(
    process: PlantProcess, tmp_path: Path
) -> None:
    """This is the last test with the process."""
    site = _site(tmp_path / "site", process.link)
    async with _reader(site) as reader:
        await _until_good(reader)
        assert [list(connection.gaps) for connection in reader.connections] == [[], []]
        before = reader.latest()

        process.process.kill()
        await _until_lost(reader)
        lost = reader.latest()
        assert lost.keys() == site.tags.keys()
        assert _statuses(lost) == {BAD_NO_COMMUNICATION}
        assert _have_values(lost)
        for steady in ("LIC-101.sp", "PKG-101.map_version"):
            assert lost[steady].value == before[steady].value
        assert all(connection.reason for connection in reader.connections)

        process.process.wait()
        with plant_process(ports=process.ports):
            await _until_good(reader)
            for connection in reader.connections:
                (gap,) = connection.gaps
                assert gap.end is not None
                assert gap.start < gap.end
                assert (connection.state, connection.reason) == (ConnectionState.CONNECTED, "")
    assert {connection.state for connection in reader.connections} == {ConnectionState.DISCONNECTED}


async def test_one_dead_connection_does_not_stop_the_other(
    plant: PlantServer, tmp_path: Path
) -> None:
    async with _reader(_site(tmp_path / "site", link_of(plant))) as reader:
        await _until_good(reader)
        dcs, package = sorted(reader.connections, key=lambda connection: connection.name)
        port = plant.modbus.port
        await plant.modbus.stop()
        async with asyncio.timeout(50):
            while not package.gaps:
                await package.next_scan()
            scans = dcs.scans
            while dcs.scans < scans + 5:
                await dcs.next_scan()
        assert (_statuses(dcs.latest()), list(dcs.gaps)) == ({GOOD}, [])
        assert _statuses(package.latest()) == {BAD_NO_COMMUNICATION}
        await plant.modbus.start(port)
        await _until_good(reader)
        assert package.gaps[0].end is not None


async def test_read_once_names_every_endpoint_that_is_down(
    plant: PlantServer, tmp_path: Path
) -> None:
    link, down = link_of(plant), free_port()
    for number, (opcua, expected) in enumerate(((down, {"dcs", "pkg"}), (link.opcua, {"pkg"}))):
        site = _site(tmp_path / str(number), PlantEndpoints(opcua, down, "50 ms"))
        with pytest.raises(NotConnected) as caught:
            await read_once(site, list(site.tags.values()))
        assert caught.value.endpoints == {
            endpoint: f"{site.connections[endpoint].where}: connection refused"
            for endpoint in expected
        }


async def test_a_reader_can_be_left_at_any_moment_of_connecting(
    plant: PlantServer, tmp_path: Path
) -> None:
    site = _site(tmp_path / "site", link_of(plant))
    for moment in range(30):
        async with asyncio.timeout(50), _reader(site) as reader:
            for _ in range(moment):
                await asyncio.sleep(0)
        assert {connection.state for connection in reader.connections} == {
            ConnectionState.DISCONNECTED
        }
