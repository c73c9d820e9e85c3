"""What is known of one Modbus device, beyond a single session with it."""

from ..errors import NotConnected
from ..model.endpoints import ModbusConnection
from ..model.tags import Table
from .planner import Planner
from .unit_states import UnitStates

_CUTS = 2  # one may be a restart


class ModbusDevice:
    """One device as it is configured, and what was learned about it.

    Args:
        name: The connection's name in the site file.
        config: Host, port, unit, byte order, window.

    Attributes:
        where: The endpoint for people.
        planner: What it refuses.
        units: Which units behind it answer.
        cuts: How often in a row a second connection seems to have cost it the first.
    """

    def __init__(self, name: str, config: ModbusConnection) -> None:
        self.name = name
        self.where = config.where
        self.config = config
        bits, words = config.max_bits, config.max_registers
        most: dict[Table, int] = {"coil": bits, "discrete": bits, "input": words, "holding": words}
        self.planner = Planner(most, config.unit, config.order)
        self.units = UnitStates()
        self.cuts = 0

    @property
    def has_one_connection(self) -> bool:
        """Whether it drops a connection for the next one."""
        return self.cuts >= _CUTS

    def lost(self, reason: str) -> NotConnected:
        """Returns the error of a lost session."""
        return NotConnected({self.name: f"{self.where}: {reason}"})
