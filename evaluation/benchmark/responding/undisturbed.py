"""Harm of a course, and the course of an episode without any agent."""

from copy import deepcopy
from dataclasses import dataclass, field

from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import PlantEvent, Value
from handwheel.sim_plant.scenario import Scenario, ScenarioEvent
from handwheel.sim_plant.simulation import Simulation

from ...plants.installed_plants import create_plant
from ..episodes import Episode
from ..plant_course import Symptom

EVERY_S = 10.0
"""Process time from one look at a plant without agents to the next."""
_LEAST_MINUTES = 0.1  # excess below which two courses are alike


@dataclass(frozen=True, slots=True)
class Harm:
    """Harm of a course of the plant.

    Attributes:
        has_tripped: Whether the process has tripped.
        excess_minutes: How far each value was beyond its alarm limit, as a share of its span,
            summed over all alarms and minutes.
    """

    has_tripped: bool
    excess_minutes: float

    def worse_than(self, other: "Harm") -> int:
        """Returns 1 if it is worse than another, -1 if it is better, 0 if they are alike."""
        if self.has_tripped != other.has_tripped:
            return 1 if self.has_tripped else -1
        differs = self.excess_minutes - other.excess_minutes
        return 0 if abs(differs) <= _LEAST_MINUTES else 1 if differs > 0.0 else -1


class HarmMeter:
    """Sum of the excess of a plant over its course."""

    def __init__(self, plant: Plant) -> None:
        spans = {tag.name: tag.span for tag in plant.tags}
        self._alarms = [
            (each.measures, each.limit, span[1] - span[0], each.is_high)
            for each in plant.alarms
            if (span := spans.get(f"{each.measures}.pv")) is not None and span[1] > span[0]
        ]
        self._sum_s = 0.0

    def observe(self, plant: Plant, seconds: float) -> None:
        """Takes the present state of the plant, some seconds after the one before."""
        values = plant.alarm_inputs()
        for measures, limit, span, is_high in self._alarms:
            beyond = values[measures] - limit
            self._sum_s += max(beyond if is_high else -beyond, 0.0) / span * seconds

    def harm(self, plant: Plant) -> Harm:
        """Returns the harm up to now."""
        return Harm(plant.first_trip() is not None, self._sum_s / 60.0)


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """Course of a plant while nobody acts. Times count from its beginning, in seconds.

    Attributes:
        symptom_s: Time at which a tag showed the fault; `None` if none did.
        alarms: First time of each alarm after the onset.
    """

    harm: Harm
    symptom_s: float | None
    alarms: dict[str, float] = field(default_factory=dict[str, float])


def leave_alone(episode: Episode) -> Undisturbed:
    """Plays an episode to its end without agents and people."""
    plant = create_plant(episode.plant, episode.seed)
    return SharedSimulation(episode, plant, Scenario(episode.events, plant.time_s)).undisturbed()


class SharedSimulation(Simulation):
    """Simulation of an episode, which also tells how its plant would go if nobody touched it."""

    def __init__(self, episode: Episode, plant: Plant, scenario: Scenario) -> None:
        super().__init__(plant, scenario)
        self._scenario = scenario
        self._onlooker = _Onlooker(plant, episode)
        self._alone: Simulation = self  # and a copy once somebody touches this plant

    def run(self, seconds: float) -> list[PlantEvent]:
        """Runs for some seconds of plant time and returns the events."""
        if self._alone is self:
            return self._onlooker.run(self, seconds)
        return super().run(seconds)

    def write(self, tag: str, value: Value) -> None:
        """Writes to the plant. See `Simulation.write`."""
        self._part()
        super().write(tag, value)

    def apply(self, event: ScenarioEvent) -> None:
        """Carries out an event now. See `Simulation.apply`."""
        self._part()
        super().apply(event)

    def _part(self) -> None:
        if self._alone is self:
            self._alone = Simulation(deepcopy(self.plant), self._scenario)

    def undisturbed(self) -> Undisturbed:
        """Lets the plant that nobody touches run to the end of the episode."""
        return self._onlooker.finish(self._alone)


class _Onlooker:
    """Looks at a plant that nobody touches, every 10 s up to the end of the episode."""

    def __init__(self, plant: Plant, episode: Episode) -> None:
        self._episode = episode
        self._symptom, self._meter = Symptom(episode), HarmMeter(plant)
        self._harm = self._meter.harm(plant)
        self._alarms: dict[str, float] = {}
        self._looked_s = 0.0
        self._steps = 0  # since the last look
        self._steps_apart = round(EVERY_S / plant.step_s)

    def run(self, simulation: Simulation, seconds: float) -> list[PlantEvent]:
        """Runs for some seconds of plant time, with every look that is due in them."""
        plant = simulation.plant
        events: list[PlantEvent] = []
        for _ in range(round(seconds / plant.step_s)):
            simulation.step()
            self._steps += 1
            if self._steps == self._steps_apart:
                events += self._noted(plant)
                self._look(plant)
        return events + self._noted(plant)

    def _look(self, plant: Plant) -> None:
        self._steps = 0
        self._looked_s += EVERY_S
        self._symptom.observe(plant, self._looked_s)
        self._meter.observe(plant, EVERY_S)
        self._harm = self._meter.harm(plant)

    def _noted(self, plant: Plant) -> list[PlantEvent]:
        """Returns the latest events of the plant, and notes its alarms at the next look."""
        events, seen_s = plant.drain_events(), self._looked_s + EVERY_S
        if self._episode.onset_s < seen_s and not self._is_over:
            for event in events:
                if event.kind == "alarm":
                    self._alarms.setdefault(event.tag, seen_s)
        return events

    @property
    def _is_over(self) -> bool:
        return self._looked_s >= self._episode.end_s

    def finish(self, simulation: Simulation) -> Undisturbed:
        """Runs on to the end of the episode, and returns the course."""
        while not self._is_over:
            self.run(simulation, simulation.plant.step_s)
        return Undisturbed(self._harm, self._symptom.at_s, self._alarms)
