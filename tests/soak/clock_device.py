"""A device whose every value is the machine's monotonic clock, so that an old value shows itself.

`python clock_device.py OPCUA_PORT MODBUS_PORT`: over OPC UA `clock-0` … hold seconds, `count` goes
up by one with each of them; over Modbus every pair of registers holds milliseconds, as it is read.
"""

import asyncio
import logging
import struct
import sys
from time import monotonic

from asyncua import ua
from asyncua.server.server import Server

URI = "urn:clockwork"
CLOCKS = 20
PERIOD_S = 0.05


async def _opcua(port: int) -> None:
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(URI)
    objects = server.nodes.objects
    clocks = [
        await objects.add_variable(f"ns={index};s=clock-{n}", f"clock-{n}", 0.0)
        for n in range(CLOCKS)
    ]
    zero = ua.Variant(0, ua.VariantType.UInt32)
    counter = await objects.add_variable(f"ns={index};s=count", "count", zero)
    count = 0
    async with server:
        print("opcua", flush=True)
        while True:
            count += 1
            for clock in clocks:
                await server.write_attribute_value(
                    clock.nodeid, ua.DataValue(ua.Variant(monotonic()))
                )
            told = ua.DataValue(ua.Variant(count, ua.VariantType.UInt32))
            await server.write_attribute_value(counter.nodeid, told)
            await asyncio.sleep(PERIOD_S)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readexactly(8)
            _, count = struct.unpack(">HH", await reader.readexactly(4))
            words = struct.pack(">I", int(monotonic() * 1000.0)) * (count // 2)
            pdu = bytes([head[7], len(words)]) + words
            writer.write(head[:4] + struct.pack(">HB", len(pdu) + 1, head[6]) + pdu)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client has gone
    finally:
        writer.close()


async def _serve(opcua_port: int, modbus_port: int) -> None:
    modbus = await asyncio.start_server(_answer, "127.0.0.1", modbus_port)
    async with modbus:
        await _opcua(opcua_port)


if __name__ == "__main__":
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    asyncio.run(_serve(*map(int, sys.argv[1:])))
