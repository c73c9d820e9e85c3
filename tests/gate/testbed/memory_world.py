"""A world whose devices are in memory, with the model behind them: no server and no socket."""

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation
from handwheel.tools.guardrails.gate.state.execution import GateContext

from ...plants.cooling_water import ModelPlant
from ...plants.fault_injection import Fuse
from ...plants.in_memory import Frame
from .served import World


class MemoryServer:
    """The model, with the handles of a plant server."""

    def __init__(self) -> None:
        self.simulation = Simulation(create(None), Scenario())
        self.devices: ModelPlant

    async def step(self, steps: int = 1) -> None:
        self.devices.advance(steps * self.simulation.plant.step_s)


class MemoryWorld(World):
    """A world at devices in memory."""

    def __init__(self, folder: Path, server: MemoryServer, patch: pytest.MonkeyPatch) -> None:
        folder.with_name("frames.jsonl").touch()
        super().__init__(folder, server, patch)
        self.devices = server.devices = ModelPlant(self.site, Fuse(), server.simulation)
        self.devices.on_frame = self._note
        self._open_session = self.devices.open_write_session
        connector = self.devices.connector
        gate = "handwheel.tools.guardrails.gate.gate.GateContext"
        patch.setattr(gate, partial(GateContext, connector=connector))
        reader = "handwheel.hmi.requests.propose.survey"
        patch.setattr(reader, partial(survey, connector=connector))

    def _note(self, frame: Frame) -> None:
        """Records a frame as a plant server does."""
        connection = self.site.connections[frame.connection]
        assert isinstance(connection, ModbusConnection)
        assert connection.write is not None
        row = {
            "protocol": "modbus", "port": "gate", "listener": connection.write.port,
            "unit": frame.wire[0], "pdu": frame.wire[1:].hex(), "answer": "ok",
            "wall": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{json.dumps(row)}\n")
