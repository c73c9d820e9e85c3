"""What a simulated plant is to the servers, the scenarios and the command line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from .alarm import AlarmDefinition, AlarmState
from .model import Equipment, FaultKind, PlantEvent, PlantTag, Quality, Value


class Plant(Protocol):
    """A plant with its PLC, run in fixed steps; `BasePlant` has what most of them share.

    The same seed and the same calls give the same bytes on one machine.
    """

    @property
    def model(self) -> str:
        """The model's name, such as `cw-100`."""
        ...

    @property
    def title(self) -> str:
        """One line for people."""
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
        """The operating modes that it can start in, the usual one first."""
        ...

    @property
    def tags(self) -> Sequence[PlantTag]:
        """Every tag that the servers publish, but for the simulation clock's."""
        ...

    @property
    def inputs(self) -> Sequence[PlantTag]:
        """The tags that it takes writes on."""
        ...

    @property
    def equipment(self) -> Sequence[Equipment]:
        """The equipment that the tags belong to."""
        ...

    @property
    def alarms(self) -> Sequence[AlarmDefinition]:
        """The alarm list; `X.active` of each is a tag."""
        ...

    @property
    def faults(self) -> Mapping[str, FaultKind]:
        """The faults and decoys that `inject` knows, by id."""
        ...

    @property
    def field_actions(self) -> Mapping[str, str]:
        """What a person in the field can do here: action to meaning."""
        ...

    @property
    def events(self) -> list[PlantEvent]:
        """What happened since `drain_events` was called last; who undoes a write takes it out."""
        ...

    def start(self, mode: str) -> None:
        """Begins anew at time zero in one of `modes`.

        Raises:
            ScenarioError: There is no such mode.
        """
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
        """Whether nothing answers on the Modbus side at present."""
        ...

    def alarm_states(self) -> Mapping[str, AlarmState]:
        """Returns the present state of every alarm."""
        ...

    def acknowledge(self, alarm: str) -> None:
        """Takes an operator's acknowledgement of an alarm.

        Raises:
            WriteRejected: There is no such alarm, or nothing to acknowledge; nothing changed.
        """
        ...

    def write(self, tag: str, value: Value) -> None:
        """Takes a write that arrived on the wire.

        Raises:
            WriteRejected: With the reason; nothing changed.
        """
        ...

    def inject(
        self, fault: str, parameters: Mapping[str, float | str], severity: float = 1.0
    ) -> None:
        """Sets a fault, anew as it grows or goes.

        Args:
            parameters: Complete and checked, see `scenario.bind_event`.
            severity: Share of its full size that it has now, 0..1; 0 is healthy again.
        """
        ...

    def act(self, action: str) -> None:
        """Does one of `field_actions` now.

        Raises:
            WriteRejected: The plant's state does not allow it; nothing changed.
        """
        ...

    def verdict(self) -> tuple[float, str] | None:
        """Returns when and by what the process tripped, or `None` while it rides."""
        ...

    def drain_events(self) -> list[PlantEvent]:
        """Returns the events since the last call, oldest first."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Returns the full state as plain JSON values."""
        ...

    def checkpoint(self) -> Callable[[], None]:
        """Returns what puts the plant back to this moment, whatever has been done to it since."""
        ...

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Continues from a snapshot, bit for bit on the same machine.

        Raises:
            SnapshotError: It is not a snapshot of this model.
        """
        ...
