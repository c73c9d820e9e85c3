"""Configuration of a Modbus device and facts learned across its sessions."""

from ..errors import NotConnected
from ..model.endpoints import ModbusConnection
from ..model.tags import Table
from .planner import Planner
from .unit_states import UnitStates

_CUTS = 2  # a single one may be a restart


class ModbusDevice:
    """One device with its configuration and what was learned about it.

    With `writes` it is reached over its port for writes.

    Attributes:
        where: The endpoint, for display.
        planner: Plans reads around refused addresses.
        units: States of the units behind it.
        cut_count: Times in a row that a second connection seems to have broken the first.
    """

    def __init__(self, name: str, config: ModbusConnection, *, writes: bool = False) -> None:
        self.name = name
        self.where = config.write_where if writes else config.where
        self.config = config
        bits, words = config.max_bits, config.max_registers
        most: dict[Table, int] = {"coil": bits, "discrete": bits, "input": words, "holding": words}
        self.planner = Planner(most, config.unit, config.order)
        self.units = UnitStates()
        self.cut_count = 0

    @property
    def drops_first_connection(self) -> bool:
        """Whether it drops a connection when a second one is made."""
        return self.cut_count >= _CUTS

    def lost(self, reason: str) -> NotConnected:
        """Returns the error of a lost session."""
        return NotConnected({self.name: f"{self.where}: {reason}"})
