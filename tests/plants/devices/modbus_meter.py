"""A meter on Modbus TCP as a process: prints its port, and serves until its input ends."""

import asyncio
import sys
from typing import Any, cast

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

# A float of 71.25 with its low word first, and a counter with its high word first
_INPUT = [0x8000, 0x428E, 0x0000, 0x0000, 0x0001, 0x86A0]


async def _serve() -> None:
    coils = [SimData(0, values=[True, False, True] + [False] * 13, datatype=DataType.BITS)]
    discrete = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    holding = [SimData(100, values=[3, 0, 7], datatype=DataType.REGISTERS)]
    inputs = [SimData(10, values=_INPUT, datatype=DataType.REGISTERS)]
    device = SimDevice(1, simdata=(coils, discrete, holding, inputs))
    server = ModbusTcpServer(device, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    print(cast(Any, server.transport).sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.shutdown()


def main() -> None:
    asyncio.run(_serve())
