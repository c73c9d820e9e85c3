"""Served plant of 1,000 tags that all change every second.

`python -m benchmarks.sim_plant.served_tags` prints its ports as one JSON line, then answers every
line of its input with the CPU seconds that it has used, and ends with its input.
"""

import asyncio
import json
import logging
import sys
from time import process_time

from handwheel.sim_plant.base import BasePlant, PlantState
from handwheel.sim_plant.model import Node, PlantTag, Register, Value
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.server.plant_server import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation

MODEL = "many-tags"
ON_OPCUA = tuple(f"TT-{number}.pv" for number in range(1000, 1500))
ON_MODBUS = tuple(f"FT-{number}.pv" for number in range(1000, 1500))
REGISTERS = 2 * len(ON_MODBUS)


class ManyTags(BasePlant[PlantState]):
    """Plant whose tags count the seconds."""

    model = MODEL
    title = "1,000 tags, all of them new every second"
    step_s = 1.0
    tags = (
        *(PlantTag(name, "float", Node(name[:4]), "counts") for name in ON_OPCUA),
        *(
            PlantTag(name, "float", Register("input", 2 * place, "float32"), "counts")
            for place, name in enumerate(ON_MODBUS)
        ),
    )

    def initial(self, mode: str) -> PlantState:
        """Returns the state at time zero."""
        del mode
        return PlantState()

    def advance(self) -> None:
        """Does nothing, since the clock counts."""

    def measurements(self) -> dict[str, Value]:
        """Returns the present value of every tag."""
        return {tag.name: self.time_s for tag in self.tags}


async def _serve() -> None:
    simulation = Simulation(ManyTags(), Scenario())
    options = Options(0, 0, 0, speed=1.0)
    async with PlantServer(simulation, options) as server, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(server.run())
        print(json.dumps({"opcua": server.opcua.port, "modbus": server.modbus.port}), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(process_time(), flush=True)
        running.cancel()


if __name__ == "__main__":
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    asyncio.run(_serve())
