"""Course of a plant in an episode in which nobody touches it."""

from collections.abc import Mapping
from typing import Any

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.sim_plant.model import PlantEvent
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..plants.installed_plants import create_plant
from ..trial.model_plant import ModelPlant
from .episodes import Episode
from .symptom import EVERY_S, Symptom

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
