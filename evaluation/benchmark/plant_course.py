"""Course of a plant in an episode in which nobody touches it, with the first symptom."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import PlantEvent
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..plants.installed_plants import create_plant
from ..trial.model_plant import ModelPlant
from .episodes import Episode

EVERY_S = 10.0
"""Process time from one comparison to the next."""
_SPREADS = 5.0
_HOLDS_S = 60.0
_LEAST = 0.001  # share of a tag's range below which it shows nothing
_LINK = "link"


class Symptom:
    """Search of the first symptom of an episode. `observe` takes the plant every 10 s.

    Attributes:
        at_s: Beginning of the first minute in which a tag shows it; `None` before its end.
    """

    def __init__(self, episode: Episode) -> None:
        self.at_s: float | None = None
        self._episode = episode
        self._healthy: dict[str, _Spread] = {}
        self._least: Mapping[str, float] = {}
        self._reference: Simulation | None = None
        self._since_s: dict[str, float] = {}  # from when on each tag differs without a break

    def change_to(self, episode: Episode) -> None:
        """Goes on with another episode, of which no fault has begun."""
        self._episode = episode

    def observe(self, plant: Plant, now_s: float) -> None:
        """Takes the present state of the plant."""
        if self.at_s is not None:
            return
        if now_s <= self._episode.onset_s:
            for name, value in plant.measurements().items():
                self._healthy.setdefault(name, _Spread()).add(float(value))
            if now_s + EVERY_S > self._episode.onset_s and self._episode.events:
                self._begin(plant, now_s)
        elif self._reference is not None:
            self._reference.run(now_s - self._reference.time_s)
            self._compare(plant, self._reference.plant, now_s)

    def _begin(self, plant: Plant, now_s: float) -> None:
        """Starts the same plant without the fault, the first of the events."""
        same = create_plant(self._episode.plant, self._episode.seed)
        same.restore(plant.snapshot())
        others = Scenario(self._episode.events[1:], plant.time_s - now_s)
        self._reference = Simulation(same, others)
        spans = {tag.name: tag.span or (0.0, 0.0) for tag in plant.tags}
        self._least = {
            name: max(_SPREADS * each.value, _LEAST * (spans[name][1] - spans[name][0]))
            for name, each in self._healthy.items()
        }

    def _compare(self, plant: Plant, same: Plant, now_s: float) -> None:
        healthy = same.measurements()
        differ = {
            name
            for name, value in plant.measurements().items()
            if abs(value - healthy[name]) > self._least[name]
        }
        if plant.is_modbus_down() != same.is_modbus_down():
            differ.add(_LINK)
        self._since_s = {name: self._since_s.get(name, now_s) for name in differ}
        earliest_s = min(self._since_s.values(), default=now_s)
        if now_s - earliest_s >= _HOLDS_S:
            self.at_s, self._reference = earliest_s, None


class _Spread:
    """Standard deviation of values one after the other, by Welford's method."""

    def __init__(self) -> None:
        self._count, self._mean, self._square = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self._count += 1
        step = value - self._mean
        self._mean += step / self._count
        self._square += step * (value - self._mean)

    @property
    def value(self) -> float:
        return sqrt(self._square / self._count)


SCAN_S = 1.0
"""Process time between two readings of the plant."""


class PlantCourse:
    """Course of a plant, scan by scan.

    Args:
        site: In memory, of the plant of the episode.
        state: Snapshot from which the plant goes on; `None` for its warm steady state.

    Attributes:
        now_s: Process time of the episode.
        alarms: First time of each alarm after the onset, seconds of the episode.
    """

    def __init__(
        self, episode: Episode, site: Site, state: Mapping[str, Any] | None = None
    ) -> None:
        plant = create_plant(episode.plant, episode.seed)
        if state is not None:
            plant.restore(state)
        self.now_s = 0.0
        self.alarms: dict[str, float] = {}
        self._episode, self._begun_s = episode, plant.time_s
        self._devices = ModelPlant(site, Simulation(plant, Scenario(episode.events, plant.time_s)))
        self._symptom = Symptom(episode)

    def change_to(self, episode: Episode) -> None:
        """Goes on as another episode, of which no fault has begun."""
        self._episode = episode
        self._symptom.change_to(episode)
        plant = self._devices.simulation.plant
        self._devices.simulation = Simulation(plant, Scenario(episode.events, self._begun_s))

    @property
    def is_over(self) -> bool:
        """Whether the episode has ended, or the alarm before which it is judged has come."""
        return self.now_s >= self._episode.end_s or self._episode.alarm in self.alarms

    @property
    def symptom_s(self) -> float | None:
        """Time at which a tag has shown the fault, seconds of the episode."""
        return self._symptom.at_s

    def readings(self) -> Readings:
        """Reads every tag of the site now."""
        return self._devices.readings()

    def advance(self) -> list[PlantEvent]:
        """Lets the time of one scan pass, and returns the events of the plant in it."""
        events = self._devices.advance(SCAN_S)
        self.now_s += SCAN_S
        for event in events if self.now_s > self._episode.onset_s else ():
            if event.kind == "alarm":
                self.alarms.setdefault(event.tag, self.now_s)
        if self.now_s % EVERY_S == 0.0:
            self._symptom.observe(self._devices.simulation.plant, self.now_s)
        return events
