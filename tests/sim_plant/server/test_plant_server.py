"""Pace, stop and quality of a served plant."""

import asyncio
import socket
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client

from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.server.pacer import Pacer
from handwheel.sim_plant.server.plant_server import PlantServer
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import link_of, served, site_of, warm
from .modbus.modbus_wire import Wire, wire


async def _run(pacer: Pacer, ticks: int) -> int:
    published = 0

    async def publish() -> None:
        nonlocal published
        published += 1

    task = asyncio.create_task(pacer.run(publish))
    for _ in range(400):
        if published >= ticks:
            break
        await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.wait([task])
    return published


async def test_at_speed_nought_the_plant_stands_still_is_published_and_goes_on_when_told() -> None:
    simulation = Simulation(warm(), Scenario())
    pacer = Pacer(simulation, 0.0)
    assert await _run(pacer, 2) >= 2
    assert simulation.plant.time_s == 0.0
    assert simulation.values()["SIM-CLOCK.speed"] == 0.0
    pacer.set_speed(60.0)
    assert await _run(pacer, 3) >= 3
    assert simulation.plant.time_s > 0.0
    assert simulation.values()["SIM-CLOCK.speed"] == 60.0


async def test_a_speed_that_the_machine_cannot_reach_is_published_as_it_is() -> None:
    for wanted in (inf, 1e9):
        simulation = Simulation(warm(), Scenario())
        assert await _run(Pacer(simulation, wanted), 5) >= 5
        published = simulation.values()["SIM-CLOCK.speed"]
        assert 100.0 < float(published) < 1e8
        assert simulation.plant.time_s > 100.0


async def test_a_plant_that_could_not_keep_up_does_not_catch_up_afterwards() -> None:
    simulation = Simulation(warm(), Scenario())
    pacer = Pacer(simulation, 1e6)  # about fifty times what a machine can do
    await _run(pacer, 3)
    pacer.speed = 1.0  # without `set_speed`, which would drop a debt as well
    before_s = simulation.plant.time_s
    await _run(pacer, 3)
    assert simulation.plant.time_s - before_s < 60.0


def _is_stuck(plant: PlantServer) -> bool:
    inner: Any = plant.opcua
    transports = inner._server.iserver.asyncio_transports
    return any(each.get_write_buffer_size() > 2**16 for each in transports)


async def test_a_client_that_does_not_read_does_not_hold_up_the_stop() -> None:
    array = ua.ReadValueId(NodeId=ua.NodeId.from_string("i=2255"), AttributeId=13)
    request = ua.ReadParameters(NodesToRead=[array] * 2000)
    reads: list[asyncio.Task[Any]] = []
    async with asyncio.timeout(60.0) as limit:
        async with served() as plant:
            client = Client(f"opc.tcp://127.0.0.1:{plant.opcua.port}", watchdog_intervall=3600.0)
            await client.connect()
            inner: Any = client.uaclient
            inner.protocol.transport.pause_reading()
            while not _is_stuck(plant):
                reads.append(asyncio.create_task(client.uaclient.read(request)))
                await asyncio.sleep(0.05)
            limit.reschedule(asyncio.get_running_loop().time() + 5.0)
        inner.protocol.transport.resume_reading()
        await asyncio.gather(*reads, return_exceptions=True)
        with suppress(ConnectionError):
            await client.disconnect()


@pytest.mark.parametrize("side", ["opcua", "modbus", "modbus_gate"])
async def test_a_client_that_connects_during_the_stop_does_not_hold_it_up(side: str) -> None:
    async with asyncio.timeout(8.0):
        async with served() as plant:
            port: int = getattr(plant, side).port
            late = socket.create_connection(("127.0.0.1", port))
        late.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


BROKEN = ("LT-101", "VT-101A")  # one on each protocol


async def test_a_broken_transmitter_is_bad_on_both_protocols_and_alone(tmp_path: Path) -> None:
    events = tuple(FaultEvent("SENSOR-BAD", 0.0, {"sensor": name}) for name in BROKEN)
    async with served(scenario=Scenario(events)) as server:
        site = site_of(tmp_path, link_of(server))
        await server.step()
        readings = await read_once(
            site, [each for each in site.tags.values() if not each.computation]
        )
        async with wire(server.modbus.port) as viewer:
            assert await viewer.ask("04 0004 0002") == "04047fc00000"  # VT-101A is no number
    assert {tag: each.status for tag, each in readings.items() if each.status != GOOD} == {
        f"{name}.pv": BAD_SENSOR_FAILURE for name in BROKEN
    }


async def _is_cut(client: Wire) -> bool:
    try:
        return await client.reader.read(1) == b""
    except ConnectionError:
        return True


async def _answers(port: int) -> bool:
    try:
        async with wire(port) as client, asyncio.timeout(50):
            return await client.ask("04 002c 0001") == "04020001"
    except (ConnectionError, asyncio.IncompleteReadError):
        return False


async def test_a_link_that_is_down_drops_its_connections_and_takes_none_until_it_is_back() -> None:
    scenario = Scenario((FaultEvent("F15", 1.0, {"outage": 120.0}),))
    async with served(scenario=scenario) as server:
        ports = server.modbus.port, server.modbus_gate.port
        async with wire(ports[0]) as viewer, wire(ports[1]) as gate:
            assert await viewer.ask("04 002c 0001") == await gate.ask("04 002c 0001")
            await server.step(3)
            async with asyncio.timeout(50):
                assert await _is_cut(viewer)
                assert await _is_cut(gate)
        assert [await _answers(port) for port in ports] == [False, False]
        await server.step(238)
        assert [await _answers(port) for port in ports] == [False, False]
        assert server.simulation.values()["PT-102.pv"] == pytest.approx(350.0, abs=0.1)
        await server.step()
        assert [await _answers(port) for port in ports] == [True, True]
