"""The cooling-water model behind devices in memory: frames move it, readings come from it."""

from collections.abc import Mapping, Sequence
from functools import cache
from time import monotonic
from typing import Any

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue, Value
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

from .fault_injection import Fuse
from .in_memory import Frame, MemoryPlant, _value  # pyright: ignore[reportPrivateUsage]

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


class ModelPlant(MemoryPlant):
    """Devices in memory with the model behind them.

    Attributes:
        simulation: The model.
        is_unseen: Whether the readers have lost it.
        clock_set_back_s: How much earlier its clock shows than it was.
        lies: Values that the readers get instead of the model's; `None` is a bad reading.
    """

    def __init__(self, site: Site, fuse: Fuse, simulation: Simulation) -> None:
        super().__init__(site, fuse, simulation.values())
        self.simulation = simulation
        self.is_unseen = False
        self.clock_set_back_s = 0.0
        self.lies: dict[str, Value | None] = {}
        self.told: list[str] = []

    def advance(self, seconds: float) -> None:
        """Lets plant time go on."""
        self.simulation.run(seconds)
        self._show()

    def _show(self) -> None:
        self.values = dict[str, Value](self.simulation.values())
        self.values["SIM-CLOCK.pv"] = self.simulation.plant.time_s - self.clock_set_back_s

    def read(self, tags: Sequence[Tag]) -> dict[str, DataValue]:
        now_s = monotonic()
        return {
            tag.name: DataValue(None, BAD_NO_COMMUNICATION, None, None, now_s)
            if (value := self.lies.get(tag.name, self.values[tag.name])) is None
            else DataValue(value, GOOD, None, None, now_s)
            for tag in tags
        }

    def arrive(self, frame: Frame) -> bytes:
        self.told.append(self._words(frame))
        return super().arrive(frame)

    def _words(self, frame: Frame) -> str:
        encoder = self.encoder(frame.connection)
        found = [
            f"{tag.name}={value:g}"
            for tag in self._site.tags.values()
            if tag.connection == frame.connection and tag.writable
            if isinstance(value := _value(encoder, tag, frame.wire), int | float)
        ]
        return " or ".join(found)

    def _apply(self, frame: Frame, *, spoil: bool) -> None:
        before = dict(self.values)
        super()._apply(frame, spoil=spoil)
        for name, value in self.values.items():
            if value != before[name]:
                assert not isinstance(value, str)
                self.simulation.plant.write(name, value)
        self._show()
