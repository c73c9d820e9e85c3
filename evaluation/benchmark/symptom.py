"""First moment at which a fault can be seen, by the same plant without it beside.

Both plants have the same noise, since noise goes by seed and step, so that they differ by the
fault alone. A tag shows it when it differs by five times its own healthy spread for a minute.
"""

from collections.abc import Mapping
from math import sqrt

from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..plants.installed_plants import create_plant
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
