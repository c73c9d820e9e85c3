"""A simulated plant with noise that stands for the true one, and the windows that watch it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.twin import Move, Twin
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, DataValue
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import PlantEvent
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

SCAN_S = 1.0


@dataclass
class Watched:
    """The plant with its scenario. `run` and `act` let time pass."""

    plant: Plant
    windows: Windows
    simulation: Simulation
    events: list[PlantEvent] = field(default_factory=list[PlantEvent])
    samples: list[Mapping[str, float]] = field(default_factory=list[Mapping[str, float]])

    @classmethod
    def of(cls, twin: Twin, model: str, seed: int | None, *faults: FaultEvent) -> "Watched":
        """Returns a plant in its warm state, watched as the twin needs it."""
        plant = create_plant(model, seed)
        return cls(plant, Windows(twin.tags), Simulation(plant, Scenario(faults, plant.time_s)))

    def run(self, seconds: float, *, is_kept: bool = False) -> None:
        """Runs the plant with a scan each second, and keeps the samples on demand."""
        for _ in range(round(seconds / SCAN_S)):
            self.events += self.simulation.run(SCAN_S)
            values, bad = self.plant.measurements(), self.plant.qualities()
            if is_kept:
                self.samples.append({name: float(each) for name, each in values.items()})
            self.windows.observe(
                {
                    tag: DataValue(
                        values[tag], BAD_SENSOR_FAILURE if tag in bad else GOOD, None, None, 0.0
                    )
                    for tag in self.windows.tags
                },
                self.plant.time_s,
            )

    def act(self, moves: Sequence[Move], seconds: float) -> None:
        """Runs the plant with writes at their times, and keeps only what comes from now on."""
        self.events.clear()
        self.samples.clear()
        now_s = 0.0
        for move in sorted(moves, key=lambda each: each.at_s):
            self.run(move.at_s - now_s, is_kept=True)
            now_s = move.at_s
            self.plant.write(move.tag, move.value)
        self.run(seconds - now_s, is_kept=True)

    def end(self, tag: str, last_s: float = 60.0) -> float:
        """Returns the mean of a tag's last samples."""
        last = self.samples[-round(last_s / SCAN_S) :]
        return sum(each[tag] for each in last) / len(last)

    def trip_s(self, since_s: float) -> float | None:
        """Returns the time of the first trip after a plant time."""
        return next((each.time_s - since_s for each in self.events if each.kind == "trip"), None)
