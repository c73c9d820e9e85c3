"""What a simulated plant is to the servers, the scenarios and the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Value = bool | int | float

Table = Literal["coil", "discrete", "input", "holding"]
Encoding = Literal["bit", "uint16", "uint32", "float32"]
Kind = Literal["float", "int", "bool", "enum"]


@dataclass(frozen=True, slots=True)
class Node:
    """An OPC UA variable; its identifier is the tag's name, in the plant's own namespace."""

    folder: str


def namespace_uri(model: str) -> str:
    """Returns the namespace and application URI of a simulated plant's OPC UA server."""
    return f"urn:handwheel:sim:{model}"


@dataclass(frozen=True, slots=True)
class Register:
    """A Modbus item of unit 1; zero-based protocol address, big endian, high word first."""

    table: Table
    address: int
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class PlantTag:
    """One tag of a plant, as both protocols serve it.

    Attributes:
        name: Such as `PT-102.pv`; a tag always has an attribute.
        kind: Type of its value; an `enum` is an integer with `members`.
        address: Where it stands on the wire.
        unit: Engineering unit, empty for none.
        span: Low and high end of the measuring range, in `unit`.
        write: Low and high end of what the plant accepts, or `None` where it accepts nothing.
        equipment: What it belongs to, such as `P-101A`.
    """

    name: str
    kind: Kind
    address: Node | Register
    description: str
    unit: str = ""
    span: tuple[float, float] | None = None
    write: tuple[float, float] | None = None
    equipment: str = ""
    members: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Equipment:
    """One piece of equipment: its class, its place, and which tags carry its attributes."""

    name: str
    path: str
    kind: str = ""
    members: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    remote_when: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A fault's numeric parameter, in SI or the unit that its text names."""

    default: float
    low: float
    high: float
    meaning: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A fault's parameter with a closed list of words."""

    default: str
    words: tuple[str, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One entry of a plant's fault list.

    Attributes:
        tell: How it shows on the tags.
        response: What the right answer is.
        is_decoy: It looks like a fault and needs no answer.
    """

    id: str
    title: str
    tell: str
    response: str
    parameters: Mapping[str, Number | Choice] = field(default_factory=dict[str, "Number | Choice"])
    is_decoy: bool = False


@dataclass(frozen=True, slots=True)
class PlantEvent:
    """Something that an event printer of the plant would have logged.

    Attributes:
        time_s: Plant time.
        kind: `alarm`, `clear`, `trip`, `interlock`, `write`, `fault`, `field` or `refused`.
        tag: What it is about.
    """

    time_s: float
    kind: str
    tag: str
    text: str


class Plant(Protocol):
    """A plant with its PLC, run in fixed steps.

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
    def tags(self) -> Sequence[PlantTag]:
        """Every tag that the servers publish, but for the simulation clock's."""
        ...

    @property
    def equipment(self) -> Sequence[Equipment]:
        """The equipment that the tags belong to."""
        ...

    @property
    def faults(self) -> Mapping[str, FaultKind]:
        """The faults and decoys that `inject` knows, by id."""
        ...

    @property
    def field_actions(self) -> Mapping[str, str]:
        """What a person in the field can do here: action to meaning."""
        ...

    def step(self) -> None:
        """Advances the plant by one step."""
        ...

    def values(self) -> dict[str, Value]:
        """Returns the present value of every tag."""
        ...

    def write(self, tag: str, value: Value) -> None:
        """Takes a write that arrived on the wire.

        Raises:
            WriteRejected: With the reason; nothing changed.
        """
        ...

    def inject(self, fault: str, parameters: Mapping[str, float | str]) -> None:
        """Starts a fault now.

        Args:
            parameters: Complete and checked, see `scenario.bind_fault`.
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

    @property
    def events(self) -> list[PlantEvent]:
        """What happened since `drain_events` was called last; who undoes a write takes it out."""
        ...

    def drain_events(self) -> list[PlantEvent]:
        """Returns the events since the last call, oldest first."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Returns the full state as plain JSON values."""
        ...

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Continues from a snapshot, bit for bit on the same machine.

        Raises:
            SnapshotError: It is not a snapshot of this model.
        """
        ...
