"""Simulated plant with one OPC UA server and two Modbus listeners."""

import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ..errors import ServeError
from ..model import namespace_uri
from ..simulation import Simulation
from .frame_log import FrameLog
from .modbus.registers import RegisterImage
from .modbus.server import ModbusServer
from .opcua.access.certificates import open_identity
from .opcua.server import OpcuaServer
from .pacer import Pacer
from .process_image import ProcessImage


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a served plant, with port 0 for a free port."""

    opcua_port: int = 4840
    modbus_port: int = 5020
    modbus_gate_port: int = 5021
    speed: float = 1.0  # plant seconds per second, `inf` for as fast as possible
    # password of the OPC UA account `gate`, before the identity's; without either no client may
    # write there
    gate_secret: str | None = None
    frame_log: Path | None = None  # file for the record of writes; `None` keeps none
    # folder of the OPC UA server's certificate, key, accounts and trusted clients, made at the
    # first start; `None` serves without encryption
    identity: Path | None = None


class PlantServer:
    """Serves a simulation while the context is open. Raises `ServeError` for a broken identity."""

    def __init__(self, simulation: Simulation, options: Options) -> None:
        self.simulation = simulation
        self.pacer = Pacer(simulation, options.speed)
        self._options = options
        self._image = ProcessImage(simulation)
        self._frames = FrameLog(options.frame_log, lambda: simulation.plant.time_s)
        registers = RegisterImage(self._image)
        model = simulation.plant.model
        frames, folder = self._frames, options.identity
        identity = open_identity(folder, namespace_uri(model)) if folder is not None else None
        self.opcua = OpcuaServer(self._image, frames, model, options.gate_secret, identity)
        self.modbus = ModbusServer(registers, frames, "viewer", model, accepts_writes=False)
        self.modbus_gate = ModbusServer(registers, frames, "gate", model, accepts_writes=True)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        options = self._options
        async with AsyncExitStack() as stack:
            stack.enter_context(self._frames)
            for name, option, server, port in (
                ("Modbus", "modbus-port", self.modbus, options.modbus_port),
                ("the Modbus gate", "modbus-gate-port", self.modbus_gate, options.modbus_gate_port),
                ("OPC UA", "opcua-port", self.opcua, options.opcua_port),
            ):
                stack.push_async_callback(server.stop)
                try:
                    await server.start(port)
                except OSError as error:
                    # asyncio's own text repeats the address; the number has the plain reason
                    reason = os.strerror(error.errno) if error.errno else str(error)
                    what = f"port {port} for {name}" if port else f"no free port for {name}"
                    another = f"; name another with --{option} and in site.yaml" if port else ""
                    raise ServeError(f"{what}: {reason.lower()}{another}") from None
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def run(self) -> None:
        """Runs the plant until cancelled."""
        await self.pacer.run(self._publish)

    async def step(self, count: int = 1) -> None:
        """Advances a stopped plant (speed 0) by `count` steps and publishes it."""
        for _ in range(count):
            self.simulation.step()
        await self._publish()

    async def _publish(self) -> None:
        self._image.refresh()
        if self._image.is_modbus_down:
            self.modbus.drop()
            self.modbus_gate.drop()
        await self.opcua.publish()
