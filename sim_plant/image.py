"""The process image: one consistent set of values that both servers publish."""

from collections.abc import Sequence
from datetime import UTC, datetime

from .errors import WriteRejected
from .model import PlantTag, Value
from .simulation import Simulation


class ProcessImage:
    """The values of the last scan, and the way for writes into the plant.

    Args:
        simulation: The plant behind the servers.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.tags: Sequence[PlantTag] = simulation.tags
        self.values: dict[str, Value] = {}
        self.sampled_at = datetime.now(UTC)
        self.version = 0
        self.refresh()

    def refresh(self) -> None:
        """Takes a new scan of the plant."""
        self.values = self._simulation.values()
        self.sampled_at = datetime.now(UTC)
        self.version += 1

    def write(self, writes: Sequence[tuple[str, Value]]) -> None:
        """Writes all or none of these tags and takes a new scan, so that a read-back is true.

        Raises:
            WriteRejected: The first refusal; nothing changed.
        """
        plant = self._simulation.plant
        before = plant.snapshot() if len(writes) > 1 else None
        try:
            for tag, value in writes:
                plant.write(tag, value)
        except WriteRejected:
            if before is not None:
                plant.restore(before)
            raise
        self.refresh()
