"""Description of a plant by tags, equipment, faults and events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Value = bool | int | float

Table = Literal["coil", "discrete", "input", "holding"]
Encoding = Literal["bit", "uint16", "uint32", "float32"]
Kind = Literal["float", "int", "bool", "enum"]
Quality = Literal["uncertain", "bad"]


@dataclass(frozen=True, slots=True)
class Node:
    """OPC UA variable of the plant's namespace, with the tag's name as identifier."""

    folder: str


def namespace_uri(model: str) -> str:
    """Returns the namespace and application URI of a simulated plant's OPC UA server."""
    return f"urn:handwheel:sim:{model}"


@dataclass(frozen=True, slots=True)
class Register:
    """Modbus item of unit 1 by its zero-based address, big endian, high word first."""

    table: Table
    address: int
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class PlantTag:
    """One tag of a plant, as both protocols serve it."""

    name: str  # such as `PT-102.pv`; a tag always has an attribute
    kind: Kind  # type of its value; an `enum` is an integer with `members`
    address: Node | Register  # on OPC UA or Modbus
    description: str
    unit: str = ""  # engineering unit, empty for none
    span: tuple[float, float] | None = None  # low and high end of the measuring range, in `unit`
    # low and high end of accepted writes; `None` for a read-only tag
    write: tuple[float, float] | None = None
    equipment: str = ""  # equipment that it belongs to, such as `P-101A`
    members: Mapping[str, int] = field(default_factory=dict[str, int])
    # it is written in one move to any value within `write`, such as a mode, an output in manual or
    # a ratio, and not step by step like a set point
    is_command: bool = False
    # verb of writing a value to the equipment, such as `true`: `start`
    verbs: Mapping[str, str] = field(default_factory=dict[str, str])
    states: Mapping[str, str] = field(default_factory=dict[str, str])  # words of true and false
    # low and high value beyond which an interlock acts, in `unit`, `None` for none
    trip: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True, slots=True)
class PlantComputation:
    """Tag that readers of the plant compute from its measurements, as `site.yaml` has it."""

    method: str
    unit: str
    inputs: Mapping[str, str]  # a tag, or a constant with its unit


@dataclass(frozen=True, slots=True)
class PlantEquipment:
    """Equipment with its class, its path and the tags of its attributes."""

    name: str
    path: str
    kind: str = ""
    members: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    remote_when: str = ""
    computed: Mapping[str, PlantComputation] = field(default_factory=dict[str, PlantComputation])


@dataclass(frozen=True, slots=True)
class Number:
    """A fault's numeric parameter, in SI or the unit that its text names."""

    default: float
    low: float
    high: float
    meaning: str


@dataclass(frozen=True, slots=True)
class ChoiceParameter:
    """A fault's parameter with a closed list of words."""

    default: str
    words: tuple[str, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One entry of a plant's fault list."""

    id: str
    title: str
    symptoms: str  # of the fault on the tags
    response: str  # correct response
    parameters: Mapping[str, Number | ChoiceParameter] = field(
        default_factory=dict[str, "Number | ChoiceParameter"]
    )
    is_decoy: bool = False  # it looks like a fault and needs no response


@dataclass(frozen=True, slots=True)
class PlantEvent:
    """Entry of the plant's event log."""

    time_s: float  # plant time
    # `alarm`, `clear`, `ack`, `trip`, `interlock`, `write`, `fault`, `field` or `refused`
    kind: str
    tag: str  # tag, equipment or fault of the event
    text: str
