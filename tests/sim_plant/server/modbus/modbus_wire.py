"""Modbus by hand: both listeners over one register image, and a bare TCP connection to them."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.server.frame_log import FrameLog
from handwheel.sim_plant.server.modbus.registers import RegisterImage
from handwheel.sim_plant.server.modbus.server import ModbusServer
from handwheel.sim_plant.server.process_image import ProcessImage
from handwheel.sim_plant.simulation import Simulation

from ....plants.served import warm


@dataclass
class Wire:
    """A bare TCP connection that speaks Modbus by hand."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, transaction: int, pdu: str, unit: int = 1) -> None:
        body = bytes.fromhex(pdu)
        self.writer.write(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)

    async def answer(self) -> tuple[int, int, str]:
        header = await self.reader.readexactly(7)
        transaction, protocol, length, unit = struct.unpack(">HHHB", header)
        assert protocol == 0
        return transaction, unit, (await self.reader.readexactly(length - 1)).hex()

    async def ask(self, pdu: str, unit: int = 1) -> str:
        self.send(0x1234, pdu, unit)
        transaction, answered_by, answer = await self.answer()
        assert (transaction, answered_by) == (0x1234, unit)
        return answer


@dataclass
class Device:
    """Both listeners over one register image, without the OPC UA side."""

    simulation: Simulation
    modbus: ModbusServer
    modbus_gate: ModbusServer


def device_of(simulation: Simulation, frames: FrameLog) -> Device:
    image = RegisterImage(ProcessImage(simulation))
    viewer = ModbusServer(image, frames, "viewer", "cw-100", accepts_writes=False)
    gate = ModbusServer(image, frames, "gate", "cw-100", accepts_writes=True)
    return Device(simulation, viewer, gate)


@asynccontextmanager
async def served(frame_log: Path | None = None) -> AsyncGenerator[Device]:
    simulation = Simulation(warm(), Scenario())
    with FrameLog(frame_log, lambda: simulation.plant.time_s) as frames:
        device = device_of(simulation, frames)
        await device.modbus.start(0)
        await device.modbus_gate.start(0)
        yield device
        await device.modbus.stop()
        await device.modbus_gate.stop()


@asynccontextmanager
async def wire(port: int) -> AsyncGenerator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def still_serves(server: Device) -> None:
    async with wire(server.modbus.port) as next_client:
        assert await next_client.ask("03 0000 0001") == "03020001"
