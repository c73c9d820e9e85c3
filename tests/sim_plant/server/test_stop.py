"""A plant stops when it is told, whatever its clients do."""

import asyncio
import signal
import socket
import subprocess
import sys
from subprocess import PIPE

import pytest

from ...plants.served import plant_process, served

STUCK = """
import asyncio, sys
from asyncua import ua
from asyncua.client.client import Client

async def main():
    client = Client(sys.argv[1], watchdog_intervall=3600.0)
    await client.connect()
    client.uaclient.protocol.transport.pause_reading()
    request = ua.ReadParameters()
    array = ua.NodeId(ua.ObjectIds.Server_NamespaceArray)
    request.NodesToRead = [ua.ReadValueId(NodeId=array, AttributeId=13)] * 2000
    reads = [asyncio.create_task(client.uaclient.read(request)) for _ in range(100)]
    await asyncio.sleep(3.0)
    print("stuck", flush=True)
    await asyncio.sleep(60.0)

asyncio.run(main())
"""


@pytest.mark.timeout(300)  # two processes start
def test_a_client_that_does_not_read_does_not_hold_up_the_stop() -> None:
    with plant_process() as plant:
        endpoint = f"opc.tcp://127.0.0.1:{plant.ports['opcua']}"
        with subprocess.Popen([sys.executable, "-c", STUCK, endpoint], stdout=PIPE) as client:
            assert client.stdout is not None
            assert client.stdout.readline()
            plant.process.send_signal(signal.SIGINT)
            assert plant.process.wait(5.0) == 130
            client.kill()


@pytest.mark.parametrize("side", ["opcua", "modbus", "modbus_gate"])
async def test_a_client_that_connects_during_the_stop_does_not_hold_it_up(side: str) -> None:
    async with asyncio.timeout(8.0):
        async with served() as plant:
            port: int = getattr(plant, side).port
            late = socket.create_connection(("127.0.0.1", port))
        late.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
