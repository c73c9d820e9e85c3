"""A link that lets everything vanish: with the defaults of the site file it is noticed in 5 s."""

import asyncio
from contextlib import AsyncExitStack
from time import monotonic

from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.hostile_answers import hostile
from ..plants.devices.misbehaving import eventually
from ..plants.devices.traceable_opcua import works
from .modbus_clients import register
from .naive.modbus import NaiveModbus
from .opcua_clients import connector_of, node

NOTICED_S = 5.0


async def test_a_half_open_link_is_noticed_within_five_seconds() -> None:
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
