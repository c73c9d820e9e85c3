"""A plant stops when it is told, whatever its clients do."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client

from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.served import served


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
