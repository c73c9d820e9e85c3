"""What a client sees of a transmitter that is broken, and of a link that is down."""

import asyncio
from pathlib import Path

import pytest

from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD
from handwheel.sim_plant.scenario import FaultEvent, Scenario

from ...plants.served import link_of, served, site_of
from .modbus.modbus_wire import Wire, wire

BROKEN = ("LT-101", "VT-101A")  # one on each protocol


async def test_a_broken_transmitter_is_bad_on_both_protocols_and_alone(tmp_path: Path) -> None:
    events = tuple(FaultEvent("SENSOR-BAD", 0.0, {"sensor": name}) for name in BROKEN)
    async with served(scenario=Scenario(events)) as server:
        site = site_of(tmp_path, link_of(server))
        await server.step()
        readings = await read_once(site, list(site.tags.values()))
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
