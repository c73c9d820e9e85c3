"""Links that let everything vanish, and one that is cut while a write is in flight."""

import asyncio
from contextlib import AsyncExitStack
from time import monotonic

import pytest

from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.hostile_answers import hostile
from ..plants.devices.misbehaving import eventually
from ..plants.devices.traceable_opcua import works
from ..plants.served import GATE_SECRET, served
from .modbus_clients import register
from .naive import NaiveModbus, NaiveOpcua
from .opcua_clients import connector_of, endpoint, node

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


async def test_a_naive_write_in_flight_at_a_cut_fails_as_one_never_sent() -> None:
    """Ours tells them apart, see `tests/connectors/actuation/test_opcua_faults.py`."""
    wire, requests = bytes.fromhex("0000000000987640"), list[bool]()  # 361.5

    def request(message: bytes) -> bytes:
        requests.append(wire in message)
        return message

    def answer(message: bytes) -> bytes:
        if requests[-1:] == [True]:
            link.cut()
            return b""
        return message

    async with served() as plant, LinkProxy(plant.opcua.port, opcua_messages) as link:
        client = NaiveOpcua(endpoint(link.port), namespace=1)
        client.client.set_user("gate")
        client.client.set_password(GATE_SECRET)
        async with client:
            link.alter(request, "up")
            link.alter(answer, "down")
            for _ in range(2):
                with pytest.raises(ConnectionError):
                    await client.write("PIC-102.sp", 361.5)
                await eventually(lambda: plant.simulation.values()["PIC-102.sp"] == 361.5)
                assert sum(requests) == 1
