"""Links and devices that lose and spoil messages: a loss is noticed, no wrong value is good.

Over OPC UA the data in a body are not spoilt: without a security policy nothing protects them.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from random import Random
from time import monotonic

import pytest

from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.hostile_answers import DRAWN, SLOW, drawn, hostile
from ..plants.devices.message_corruption import KINDS, Spoiler
from ..plants.devices.misbehaving import eventually
from ..plants.devices.traceable_opcua import Works, works
from .modbus_clients import NaiveChecked, OursChecked, endure, register
from .naive import NaiveModbus
from .opcua_clients import NODES, connector_of, node
from .opcua_clients import endure as endure_opcua

NOTICED_S = 5.0


async def test_a_half_open_link_is_noticed_within_five_seconds_by_default() -> None:
    async with AsyncExitStack() as stack, works(2) as plant, hostile(lambda _: "right") as plc:
        enter = stack.enter_async_context
        dcs = await enter(LinkProxy(plant.port))
        pkg = await enter(LinkProxy(plc.port))
        config = ModbusConnection.model_validate(
            {"kind": "modbus", "host": "127.0.0.1", "read": {"port": pkg.port}}
        )
        ours = [
            await enter(Connection(ModbusConnector("plc", config), [register(20)])),
            await enter(Connection(connector_of(dcs.port, scan="500 ms"), [node(0)])),
            await enter(
                Connection(connector_of(dcs.port, scan="500 ms", updates="subscribe"), [node(0)])
            ),
        ]
        naive = await enter(NaiveModbus(pkg.port))
        await naive.registers(20, 1)
        await eventually(lambda: all(each.is_connected for each in ours))
        begun_s = monotonic()
        for link in (dcs, pkg):
            link.half_open()
        reading = asyncio.create_task(naive.registers(20, 1))
        await eventually(lambda: all(each.gaps for each in ours))
        assert monotonic() - begun_s < NOTICED_S
        assert all(
            each.status == BAD_NO_COMMUNICATION for one in ours for each in one.latest().values()
        )
        assert not reading.done()  # it waits four times its time-out
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        for link in (dcs, pkg):
            link.mend()


SEED = 20261126
WRONG, LATE = 0.08, 0.003
TIMEOUT_S = 0.05
LATE_S = 0.06


async def test_no_wrong_value_passes_for_good_from_a_hostile_modbus_device() -> None:
    for window in [1, 8]:
        script = drawn(Random(SEED), WRONG, LATE)
        async with hostile(script, seed=SEED, late_s=LATE_S) as device:
            tally = await endure(device, OursChecked(device, window, TIMEOUT_S), 2500)
        assert tally.wrong == []
        assert tally.share > 0.4, window
        assert device.sent.keys() >= DRAWN - SLOW, window


async def test_a_naive_modbus_client_takes_wrong_values_for_good() -> None:
    """The twin: the same device is wrong in ways that can be believed."""
    # Without those at which pymodbus fails in its protocol, and asyncio logs it as a lost error.
    script = drawn(Random(SEED), WRONG, LATE, DRAWN - {"false byte count", "garbage"})
    async with (
        hostile(script, seed=SEED, late_s=LATE_S) as device,
        NaiveModbus(device.port, 0.02) as client,
    ):
        tally = await endure(device, NaiveChecked(client), 800)
    assert tally.wrong
    assert tally.good > 0


@pytest.fixture(scope="module")
async def plant() -> AsyncGenerator[Works]:
    async with works(NODES) as plant:
        plant.reads.is_judged = True
        yield plant


async def test_no_wrong_value_passes_for_good_over_a_link_that_spoils_opcua_messages(
    plant: Works,
) -> None:
    async with LinkProxy(plant.port, opcua_messages) as link:
        spoiler = Spoiler(link, SEED, 0.15)
        tally = await endure_opcua(plant, link, 60)
        spoiler.is_on = False
    assert tally.wrong == []
    assert tally.good > tally.none
    assert spoiler.sent.keys() == {*KINDS, "right"}
