"""Course of the same plant without the run, beside which the run is shown."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import count

from handwheel.connectors.model.site import Site
from handwheel.evaluation.room.model_plant import ModelPlant
from handwheel.evaluation.room.site import in_memory_site
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.sim_plant.plant import Plant
from handwheel.sim_plant.scenario import Scenario, ScenarioEvent
from handwheel.sim_plant.simulation import Simulation

from .recording import Recording

_AT_ONCE = 60  # scans between two moments at which Ctrl-C can end it
_SCAN_S = 5.0  # from one look at the alarms to the next after the end of the simulation


@dataclass(frozen=True, slots=True)
class WithoutRun:
    """Course of the plant with the same seed and events, into which nothing is written."""

    recording: Recording  # over the time of the simulation; its alarms and its trip also after it
    end_s: float  # process time until which alarms and a trip were looked for


class PlantAlone:
    """Copy of a plant before its run, with the same events to come."""

    def __init__(self, site: Site, plant: Plant, events: Sequence[ScenarioEvent]) -> None:
        self._plant = deepcopy(plant)  # with its noise, so that both courses have the same
        simulation = Simulation(self._plant, Scenario(tuple(events), plant.time_s))
        self._devices, self._clock_tag = (
            ModelPlant(in_memory_site(site), simulation),
            site.clock_tag,
        )

    async def course(
        self,
        plans: Sequence[BoundPlaybook],
        beside: Recording,
        for_s: float,
        tell: Callable[[float], None],
    ) -> WithoutRun:
        """Returns its course, with a scan wherever the run's recording has one.

        Args:
            for_s: Process time until which alarms and trips are looked for.
            tell: Takes the process time now and then.
        """
        recording = beside.anew()
        view = PlantView.of_plans(plans, self._clock_tag)
        now_s = 0.0
        steps = [*beside.times_s, *_later(beside.times_s[-1], for_s)]
        for n, at_s in enumerate(steps):
            events = self._devices.advance(at_s - now_s)
            now_s = at_s
            if n < len(beside.times_s):
                view.observe(self._devices.readings(), at_s)
                recording.measure(at_s, view)
            elif recording.trip is not None:
                break  # what follows a trip is no news
            recording.note_events(at_s, self._plant, events)
            if n % _AT_ONCE == 0:
                tell(at_s)
                await asyncio.sleep(0)
        return WithoutRun(recording, now_s)


def _later(begin_s: float, end_s: float) -> Iterator[float]:
    for n in count(1):
        at_s = begin_s + _SCAN_S * n
        if at_s >= end_s:
            break
        yield at_s
    if end_s > begin_s:
        yield end_s
