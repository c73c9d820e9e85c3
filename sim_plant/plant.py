"""Interface of a simulated plant for servers, scenarios and the command line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from .alarm import AlarmDefinition, AlarmState
from .model import FaultKind, PlantEquipment, PlantEvent, PlantTag, Quality, Value


class Plant(Protocol):
    """A plant with its PLC, run in fixed steps.

    `BasePlant` has the common part. The same seed and the same calls give the same bytes on
    one machine.
    """

    @property
    def model(self) -> str:
        """The model's name, such as `cw-100`."""
        ...

    @property
    def title(self) -> str:
        """Title of the model in one line."""
        ...

    @property
    def step_s(self) -> float:
        """Length of one step, seconds of plant time."""
        ...

    @property
    def time_s(self) -> float:
        """Plant time, seconds since the start."""
        ...

    @property
    def modes(self) -> Sequence[str]:
        """Operating modes to start in, the usual one first."""
        ...

    @property
    def tags(self) -> Sequence[PlantTag]:
        """Every tag that the servers publish, except the simulation clock's."""
        ...

    @property
    def inputs(self) -> Sequence[PlantTag]:
        """Tags that accept writes."""
        ...

    @property
    def equipment(self) -> Sequence[PlantEquipment]:
        """The equipment that the tags belong to."""
        ...

    @property
    def alarms(self) -> Sequence[AlarmDefinition]:
        """The alarm list, each with a tag `X.active`."""
        ...

    @property
    def faults(self) -> Mapping[str, FaultKind]:
        """The faults and decoys that `inject` knows, by id."""
        ...

    @property
    def field_actions(self) -> Mapping[str, str]:
        """Field actions and their meanings."""
        ...

    @property
    def events(self) -> list[PlantEvent]:
        """Events since the last `drain_events`, without those of undone writes."""
        ...

    def start(self, mode: str) -> None:
        """Restarts at time zero in one of `modes`. Raises `ScenarioError` for another."""
        ...

    def step(self) -> None:
        """Advances the plant by one step."""
        ...

    def measurements(self) -> dict[str, Value]:
        """Returns the present value of every tag."""
        ...

    def qualities(self) -> Mapping[str, Quality]:
        """Returns the quality of those tags whose value is not good."""
        ...

    def is_modbus_down(self) -> bool:
        """Returns whether the Modbus side does not answer at present."""
        ...

    def alarm_inputs(self) -> Mapping[str, float]:
        """Returns the values that the alarms compare, by `AlarmDefinition.measures`."""
        ...

    def alarm_states(self) -> Mapping[str, AlarmState]:
        """Returns the present state of every alarm."""
        ...

    def acknowledge(self, alarm: str) -> None:
        """Takes an operator's acknowledgement. Raises `WriteRejected` without such an alarm."""
        ...

    def write(self, tag: str, value: Value) -> None:
        """Takes a write that arrived on the wire. Raises `WriteRejected`, with nothing changed."""
        ...

    def inject(
        self, fault: str, parameters: Mapping[str, float | str], severity: float = 1.0
    ) -> None:
        """Sets a fault, with parameters of `scenario.bind_event`, to a severity 0..1. 0 ends it."""
        ...

    def act(self, action: str) -> None:
        """Carries out one of `field_actions` now. Raises `WriteRejected` in the wrong state."""
        ...

    def first_trip(self) -> tuple[float, str] | None:
        """Returns time and cause of the first trip, or `None` before it."""
        ...

    def drain_events(self) -> list[PlantEvent]:
        """Returns the events since the last call, oldest first."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Returns the full state as plain JSON values."""
        ...

    def checkpoint(self) -> Callable[[], None]:
        """Returns a function that resets the plant to its present state."""
        ...

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Continues from a snapshot, bit for bit on the same machine. Raises `SnapshotError`."""
        ...
