"""A boiler on OPC UA as a process: prints its port, and serves until its input ends."""

import asyncio
import logging
import sys

from asyncua import ua
from asyncua.common.node import Node
from asyncua.server.server import Server
from asyncua.ua.object_ids import ObjectIds

URI = "urn:example:boiler"


async def _fill(server: Server) -> None:
    index = await server.register_namespace(URI)
    boiler = await server.get_objects_node().add_object(index, "Kessel 1")

    async def add(name: str, value: object, of_type: ua.NodeId | None = None) -> Node:
        node = ua.NodeId(ua.String(f"Kessel/{name}"), ua.Int16(index))
        return await boiler.add_variable(node, f"{index}:{name}", value, datatype=of_type)

    pressure = await add("Druck", 3.5)
    await pressure.add_property(0, "EURange", ua.Range(0.0, 16.0))
    unit = ua.EUInformation(DisplayName=ua.LocalizedText("bar"))
    await pressure.add_property(0, "EngineeringUnits", unit)
    setpoint = await add("DruckSoll", 4.0)
    await setpoint.set_writable()
    number = ua.NodeId(ua.Int32(ObjectIds.Number))
    mode = await add("Betrieb", ua.Variant(1, ua.VariantType.UInt32), number)
    words = [ua.LocalizedText(each) for each in ("aus", "an")]
    await mode.add_property(0, "EnumStrings", words)
    await add("Füllstand", True)
    structure = await server.nodes.base_structure_type.add_data_type(index, "MotorTyp")
    motor = await add("Motor", None, structure.nodeid)
    await motor.add_variable(ua.NodeId(ua.Int32(7), ua.Int16(index)), f"{index}:Strom", 12.5)
    await add("Seit", ua.Variant(None, ua.VariantType.DateTime))


async def _serve() -> None:
    logging.disable(logging.CRITICAL)
    server = Server()
    server.disable_clock()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:0/boiler")
    await server.set_application_uri(URI)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await _fill(server)
    async with server:
        assert server.bserver is not None
        print(server.bserver.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    asyncio.run(_serve())
