"""Simulated plant behind devices in memory, which frames move and readings show."""

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, StatusCode, Value
from handwheel.sim_plant.errors import WriteRejected
from handwheel.sim_plant.model import PlantEvent, Quality, Register
from handwheel.sim_plant.simulation import CLOCK_TAGS, Simulation

from .devices import MemoryDevices

_UNCERTAIN_SENSOR = StatusCode(0x40930000)  # UncertainSensorNotAccurate
_STATUSES: dict[Quality, StatusCode] = {
    "bad": BAD_SENSOR_FAILURE,
    "uncertain": _UNCERTAIN_SENSOR,
}
_PLANT_TIME = CLOCK_TAGS[0].name
_NO_ANSWER = "no answer"


class ModelPlant(MemoryDevices):
    """Devices in memory with a simulated plant behind them.

    A tag of the site is the model's tag of the same name; a tag that the model does not have reads
    as `BadNodeIdUnknown`. The site's clock tag shows the plant time, whatever its name is.

    Args:
        site: From `in_memory_site`, or with Modbus connections only.
        simulation: The plant with its scenario, at any state.
    """

    def __init__(self, site: Site, simulation: Simulation) -> None:
        super().__init__(site, {})
        self.simulation = simulation
        registers = {tag.name for tag in simulation.tags if isinstance(tag.address, Register)}
        groups = {name: set[str]() for name in site.connections}
        for tag in site.measured(site.tags.values()):
            groups[tag.connection].add(tag.name)
        # The connections of the model's own Modbus side, which its faults can silence.
        self._modbus = [name for name, group in groups.items() if group and group <= registers]
        self._silenced = frozenset[str]().union(*(groups[name] for name in self._modbus))
        self.refresh()

    def advance(self, seconds: float) -> list[PlantEvent]:
        """Lets some seconds of plant time pass, in whole steps, and returns the plant's events."""
        events = self.simulation.run(seconds)
        self.refresh()
        return events

    def refresh(self) -> None:
        """Takes the present values of the plant, those of devices that answer."""
        plant = self.simulation.plant
        values: dict[str, Value] = {**self.simulation.values()}
        if clock_tag := self.site.clock_tag:
            values[clock_tag] = values[_PLANT_TIME]
        is_down = plant.is_modbus_down()
        for name in self._modbus:
            if is_down:
                self.unreachable[name] = _NO_ANSWER
            elif self.unreachable.get(name) == _NO_ANSWER:
                del self.unreachable[name]
        if is_down:
            values |= {name: self.values[name] for name in self._silenced & self.values.keys()}
        self.values = values
        self.statuses = {name: _STATUSES[each] for name, each in plant.qualities().items()}

    def write(self, tag: Tag, value: Value) -> bool:
        """Writes to the plant. Returns whether its controller takes the value now."""
        if isinstance(value, str):
            return False
        try:
            self.simulation.write(tag.name, value)
        except WriteRejected:
            return False
        self.refresh()
        return True
