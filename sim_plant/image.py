"""The process image: one consistent set of values that both servers publish."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

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
        with self.transaction():
            for tag, value in writes:
                self._simulation.plant.write(tag, value)
        self.refresh()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Undoes the writes inside if it ends in an error, before anyone can have seen them."""
        plant = self._simulation.plant
        before, events = plant.snapshot(), len(plant.events)
        try:
            yield
        except BaseException:
            plant.restore(before)
            del plant.events[events:]
            self.refresh()
            raise
