"""Course of the same plant without the run, beside which the run is shown."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import count

from handwheel.connectors.model.site import Site
from handwheel.evaluation.trial.model_plant import ModelPlant
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.scenario import Scenario, ScenarioEvent
from handwheel.sim_plant.simulation import Simulation

from .recording import Recording

_AT_ONCE = 60  # scans between two moments at which Ctrl-C can end it
_SCAN_S = 5.0  # from one scan to the next after the end of the simulation


@dataclass(frozen=True, slots=True)
class WithoutRun:
    """Course of the plant with the same seed and events, into which nothing is written."""

    recording: Recording  # its trends over the time of the simulation, all else also after it
    end_s: float  # process time until which it is recorded, and the course with the run too


class PlantCourse:
    """Course of a plant without agents, which is recorded scan by scan.

    Args:
        view: What the recording reads, which has seen the course so far.
        now_s: Process time since the beginning.
        seen_s: Time of the latest scan of the view, on its clock.
    """

    def __init__(
        self,
        devices: ModelPlant,
        view: PlantView,
        recording: Recording,
        now_s: float = 0.0,
        seen_s: float = 0.0,
    ) -> None:
        self.now_s = now_s
        self._devices, self._view, self._recording = devices, view, recording
        self._ahead_s = seen_s - now_s
        self._scans = 0

    async def go_to(self, at_s: float, tell: Callable[[float], None], *, is_drawn: bool) -> None:
        """Lets time pass until a scan, and records it.

        Args:
            tell: Takes the process time now and then.
            is_drawn: Whether trends are recorded too.
        """
        events = self._devices.advance(at_s - self.now_s)
        self.now_s = at_s
        self._view.observe(self._devices.readings(), at_s + self._ahead_s)
        self._recording.measure(at_s, self._view, is_drawn=is_drawn)
        self._recording.note_events(at_s, self._devices.simulation.plant, events)
        if self._scans % _AT_ONCE == 0:
            tell(at_s)
            await asyncio.sleep(0)
        self._scans += 1

    async def go_on(self, end_s: float, tell: Callable[[float], None]) -> None:
        """Lets time pass after the end of a simulation, without trends."""
        for at_s in _later(self.now_s, end_s):
            await self.go_to(at_s, tell, is_drawn=False)


class PlantAlone:
    """Copy of a plant before its run, with the same events to come."""

    def __init__(self, site: Site, plant: Plant, events: Sequence[ScenarioEvent]) -> None:
        alone = deepcopy(plant)  # with its noise, so that both courses have the same
        simulation = Simulation(alone, Scenario(tuple(events), plant.time_s))
        self._devices = ModelPlant(in_memory_site(site), simulation)
        self._clock_tag = site.clock_tag

    async def course(
        self,
        plans: Sequence[BoundPlaybook],
        beside: Recording,
        for_s: float,
        tell: Callable[[float], None],
    ) -> WithoutRun:
        """Returns its course, with a scan wherever the run's recording has one, then up to a trip.

        Args:
            for_s: Process time at which it ends without a trip.
            tell: Takes the process time now and then.
        """
        recording = beside.anew()
        view = PlantView.of_plans(plans, self._clock_tag)
        course = PlantCourse(self._devices, view, recording)
        for at_s in beside.times_s:
            await course.go_to(at_s, tell, is_drawn=True)
        for at_s in _later(course.now_s, for_s):
            if recording.trip is not None:
                break  # what follows a trip is no news
            await course.go_to(at_s, tell, is_drawn=False)
        return WithoutRun(recording, course.now_s)


def _later(begin_s: float, end_s: float) -> Iterator[float]:
    for n in count(1):
        at_s = begin_s + _SCAN_S * n
        if at_s >= end_s:
            break
        yield at_s
    if end_s > begin_s:
        yield end_s
