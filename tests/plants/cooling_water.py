"""The cooling-water model behind devices in memory: frames move it, readings come from it."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue, Value
from handwheel.evaluation.trial import model_plant
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

from .fault_injection import Fuse
from .in_memory import Frame, MemoryPlant

F01 = FaultEvent("F01", 0.0, {"d0": 0.18, "tau": 3600.0})
_BEFORE_S = 2400.0
_EVERY_S = 10.0
_CLOSELY_S, _SELDOM = 600.0, 6
"""How long every record is kept; of those before, every sixth is."""
_SHAKES_S = 60.0
"""How long the bearing has shaken; its alarm comes a few seconds later."""

Past = Sequence[tuple[float, Mapping[str, Value]]]
"""What was seen before a test begins: seconds of plant time, and the values."""


@cache
def worn_bearing() -> tuple[Mapping[str, Any], Past]:
    """The plant a few seconds before the alarm about P-101A's bearing, and how it came there."""
    simulation = Simulation(create(None), Scenario((F01,)))
    past: list[tuple[float, Mapping[str, Value]]] = []
    shakes_s = 0.0
    while shakes_s < _SHAKES_S:
        simulation.run(_EVERY_S)
        past.append((simulation.plant.time_s, simulation.values()))
        if simulation.values()["VT-101A.pv"] > 5.0:
            shakes_s += _EVERY_S
    recent = round(_CLOSELY_S / _EVERY_S)
    before = past[-round(_BEFORE_S / _EVERY_S) : -recent : _SELDOM]
    return simulation.plant.snapshot(), [*before, *past[-recent:-1]]


class ModelPlant(MemoryPlant, model_plant.ModelPlant):
    """Devices in memory with the model behind them.

    Attributes:
        is_unseen: Whether the readers have lost it.
        clock_set_back_s: How much earlier its clock shows than it was.
        lies: Values that the readers get instead of the model's; `None` is a bad reading.
        told: What each frame writes.
    """

    def __init__(self, site: Site, fuse: Fuse, simulation: Simulation) -> None:
        self.set_up_faults(fuse)
        self.is_unseen = False
        self.clock_set_back_s = 0.0
        self.lies: dict[str, Value | None] = {}
        self.told: list[str] = []
        model_plant.ModelPlant.__init__(self, site, simulation)

    def refresh(self) -> None:
        super().refresh()
        self.values["SIM-CLOCK.pv"] = self.simulation.plant.time_s - self.clock_set_back_s

    def read(self, tags: Sequence[Tag]) -> dict[str, DataValue]:
        found = super().read(tags)
        for name in self.lies.keys() & found.keys():
            value, at_s = self.lies[name], found[name].received_s
            status = BAD_NO_COMMUNICATION if value is None else GOOD
            found[name] = DataValue(value, status, None, None, at_s)
        return found

    def arrive(self, frame: Frame) -> bytes:
        self.told.append(self.frame_text(frame))
        return super().arrive(frame)
