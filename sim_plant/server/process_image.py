"""Process image, the consistent set of values that both servers publish."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from ..alarm import AlarmDefinition, AlarmState
from ..model import PlantTag, Quality, Value
from ..simulation import Simulation


class ProcessImage:
    """Values of the last scan, and writes to the plant behind the servers.

    Attributes:
        values: Of every tag, the last one where the quality is not good.
        qualities: Of those tags whose value is not good.
        alarm_states: The state of every alarm, by tag.
        is_modbus_down: The Modbus side does not answer.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.tags: Sequence[PlantTag] = simulation.tags
        self.alarms: Sequence[AlarmDefinition] = simulation.plant.alarms
        self.values: dict[str, Value] = {}
        self.qualities: Mapping[str, Quality] = {}
        self.alarm_states: Mapping[str, AlarmState] = {}
        self.is_modbus_down = False
        self.sampled_at = datetime.now(UTC)
        self.version = 0
        self.refresh()

    def refresh(self) -> None:
        """Takes a new scan of the plant."""
        plant = self._simulation.plant
        self.values = self._simulation.values()
        self.qualities = dict(plant.qualities())
        self.is_modbus_down = plant.is_modbus_down()
        self.alarm_states = {tag: replace(state) for tag, state in plant.alarm_states().items()}
        self.sampled_at = datetime.now(UTC)
        self.version += 1

    def write(self, writes: Sequence[tuple[str, Value]]) -> None:
        """Writes all or none of these tags and scans again. Raises the first `WriteRejected`."""
        with self.transaction():
            for tag, value in writes:
                self._simulation.write(tag, value)
        self.refresh()

    def acknowledge(self, alarm: str) -> None:
        """Acknowledges an alarm and takes a new scan. See `BasePlant.acknowledge`."""
        self._simulation.plant.acknowledge(alarm)
        self.refresh()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Undoes the writes inside if it ends in an error, before a client can read them."""
        undo = self._simulation.plant.checkpoint()
        try:
            yield
        except BaseException:
            undo()
            self.refresh()
            raise
