"""Plants behind real servers on ports that the kernel chooses, for the tests."""

import json
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import CoolingWater, create
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.server.plant_server import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation

from ..command_line import HANDWHEEL
from ..forked_process import ForkedProcess

GATE_SECRET = "turn the wheel"


@asynccontextmanager
async def served(
    *, frame_log: Path | None = None, scenario: Scenario | None = None, speed: float = 0.0
) -> AsyncGenerator[PlantServer]:
    """A warm `cw-100` without noise in this process; at speed 0 it is stepped by the test."""
    simulation = Simulation(create(None), scenario or Scenario())
    options = Options(0, 0, 0, speed, GATE_SECRET, frame_log)
    async with PlantServer(simulation, options) as server:
        yield server


def site_of(folder: Path, link: PlantEndpoints, plant: str = "cw-100") -> Site:
    """A site as `handwheel init` writes it, for a plant at these ports."""
    write_site(folder, create_plant(plant), link, secret=GATE_SECRET)
    return load_site(folder)


def link_of(server: PlantServer, scan: str = "50 ms") -> PlantEndpoints:
    return PlantEndpoints(server.opcua.port, server.modbus.port, scan, server.modbus_gate.port)


@dataclass(frozen=True)
class PlantProcess:
    """`handwheel plants serve` as a process of its own, to be killed."""

    process: ForkedProcess
    ports: Mapping[str, int]

    @property
    def link(self) -> PlantEndpoints:
        return PlantEndpoints(
            self.ports["opcua"], self.ports["modbus"], "50 ms", self.ports["modbus_gate"]
        )


@contextmanager
def plant_process(
    *arguments: str, ports: Mapping[str, int] | None = None
) -> Generator[PlantProcess]:
    """Serves `cw-100` until the context ends; `ports` asks for those of an earlier process."""
    wanted = ports or {"opcua": 0, "modbus": 0, "modbus_gate": 0}
    options = [
        word
        for name, port in wanted.items()
        for word in (f"--{name.replace('_', '-')}-port", str(port))
    ]
    command = [*HANDWHEEL, "plants", "serve", "cw-100", "--json", *options, *arguments]
    with ForkedProcess(command, cwd=Path.cwd()) as process:
        ready: dict[str, Any] = json.loads(process.stdout.readline())
        yield PlantProcess(process, ready["ports"])


def frames_of(path: Path) -> Sequence[dict[str, Any]]:
    """The plant's own record of every write that arrived."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def warm(seed: int | None = None) -> CoolingWater:
    """A warm `cw-100`, in process; without a seed it measures without noise."""
    return create(seed)
