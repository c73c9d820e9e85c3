"""A plant together with its scenario and its published clock."""

from collections.abc import Sequence

from .errors import WriteRejected
from .model import Node, Plant, PlantEvent, PlantTag, Value
from .scenario import FaultEvent, FieldEvent, Scenario, bind_event

CLOCK_TAGS = (
    PlantTag("SIM-CLOCK.pv", "float", Node("Simulation clock"), "plant time", "s"),
    PlantTag("SIM-CLOCK.speed", "float", Node("Simulation clock"), "plant seconds per second"),
)


class Simulation:
    """Steps a plant and lets the scenario's events happen at their times.

    Args:
        plant: The plant, at any state.
        scenario: Its events; times count from the plant's own zero.

    Raises:
        ScenarioError: The scenario names something that the plant does not have.
    """

    def __init__(self, plant: Plant, scenario: Scenario) -> None:
        self.plant = plant
        self.speed = 0.0
        self._due = sorted(
            (bind_event(plant, event) for event in scenario.events),
            key=lambda event: event.at_s,
        )

    @property
    def tags(self) -> Sequence[PlantTag]:
        """The plant's tags and those of the simulation clock."""
        return (*self.plant.tags, *CLOCK_TAGS)

    def step(self) -> None:
        """Lets what is due happen, then advances the plant by one step."""
        while self._due and self._due[0].at_s <= self.plant.time_s:
            event = self._due.pop(0)
            try:
                self.apply(event)
            except WriteRejected as refusal:
                # A switch that cannot be turned now stays as it is; the plant goes on.
                note = PlantEvent(self.plant.time_s, "refused", "scenario", str(refusal))
                self.plant.events.append(note)
        self.plant.step()

    def apply(self, event: FaultEvent | FieldEvent) -> None:
        """Makes an event happen now, whatever its time.

        Raises:
            ScenarioError: The plant does not have it.
            WriteRejected: A switch cannot be turned now.
        """
        bound = bind_event(self.plant, event)
        if isinstance(bound, FaultEvent):
            self.plant.inject(bound.fault, bound.parameters)
        else:
            self.plant.act(bound.action)

    def run(self, seconds: float) -> list[PlantEvent]:
        """Runs for so many seconds of plant time and returns what happened."""
        for _ in range(round(seconds / self.plant.step_s)):
            self.step()
        return self.plant.drain_events()

    def values(self) -> dict[str, Value]:
        """Returns the present value of every tag, the clock's included."""
        clock = {"SIM-CLOCK.pv": self.plant.time_s, "SIM-CLOCK.speed": self.speed}
        return self.plant.values() | clock
