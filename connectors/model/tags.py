"""Tags of a site with their addresses and their display."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..methods.method import Method
from .values import Array, DataValue, Value, exact_text

Kind = Literal["float", "int", "bool", "enum", "string"]
Table = Literal["coil", "discrete", "input", "holding"]
Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
Limits = tuple[float | None, float | None]
"""Low and high end of normal values, `None` for none."""
Encoding = Literal[
    "bit", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "string",
]  # fmt: skip

WITHIN_S = 2.0
_REGISTERS: Mapping[Encoding, int] = {
    "int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4, "float64": 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """An OPC UA node with its namespace URI, since an index may change at a restart.

    Attributes:
        index: Elements of an array as OPC UA's NumericRange, such as `3`, `0:9` or `1,2`; empty for
            the whole value.

    Source: OPC UA Part 4, 7.27 (NumericRange).
    """

    node: str
    index: str = ""

    def __str__(self) -> str:
        return self.node + (f"[{self.index}]" if self.index else "")

    @property
    def identifier(self) -> str:
        """The node id without its namespace, for a narrow column."""
        whole = str(self)
        return whole.partition(";")[2] if whole.startswith("nsu=") else whole


@dataclass(frozen=True, slots=True)
class RegisterAddress:
    """A Modbus item. The address is the protocol's zero-based one."""

    table: Table
    address: int
    encoding: Encoding
    bit: int | None = None  # bit of the register, 0 the lowest; `None` for the whole
    length: int = 0  # registers of a string, two characters each; 0 for other encodings
    order: Order | None = None  # byte and word order of its registers; `None` for the connection's
    unit: int | None = None  # unit behind the connection; `None` for the connection's own

    @property
    def count(self) -> int:
        """Number of registers or bits."""
        return self.length or _REGISTERS.get(self.encoding, 1)

    def __str__(self) -> str:
        bit = "" if self.bit is None else f".{self.bit}"
        unit = "" if self.unit is None else f" of unit {self.unit}"
        return f"{self.table} {self.address}{bit} {self.encoding}{unit}"

    @property
    def identifier(self) -> str:
        """The address for a narrow column."""
        return str(self)


@dataclass(frozen=True, slots=True)
class ItemAddress:
    """An item of an installed connector, in that connector's own words."""

    item: str

    def __str__(self) -> str:
        return self.item

    @property
    def identifier(self) -> str:
        """The item for a narrow column."""
        return self.item


Address = NodeAddress | RegisterAddress | ItemAddress


@dataclass(frozen=True, slots=True)
class Computation:
    """Computation of a tag from others, in the place of an address.

    Attributes:
        method: Name of the installed method.
        inputs: The tag or the constant of each of its inputs.
        function: The method itself, `None` if it cannot be loaded.
        fault: Why it cannot be loaded, else empty.
    """

    method: str
    inputs: Mapping[str, str | float]
    function: Method | None = None
    fault: str = ""

    @property
    def reads(self) -> list[str]:
        """The tags among its inputs."""
        return [each for each in self.inputs.values() if isinstance(each, str)]

    @property
    def past(self) -> str:
        """The tag whose past it needs, empty for none."""
        own = self.function.past if self.function else ""
        return str(self.inputs[own]) if own else ""

    def __str__(self) -> str:
        inputs = (
            f"{name}={each if isinstance(each, str) else exact_text(each)}"
            for name, each in self.inputs.items()
        )
        return f"{self.method}({', '.join(inputs)})"

    @property
    def identifier(self) -> str:
        """The method for a narrow column."""
        return self.method


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a site, such as `PT-102.pv`."""

    name: str
    connection: str  # empty for a computed tag, whose inputs have theirs
    kind: Kind
    address: Address | Computation
    unit: str = ""  # engineering unit, empty for none
    span: tuple[float, float] | None = None  # low and high end of the measuring range
    equipment: str = ""
    # names and numbers of an enumeration
    members: Mapping[str, int] = field(default_factory=dict[str, int])
    writable: bool = False  # whether a request may name it. Only the gate writes.
    # tag that must read as sent after a write, itself or another; empty for none, as with a pulse
    readback: str = ""
    within_s: float = WITHIN_S  # time limit of the readback, seconds
    scale: float = 1.0  # factor of the device's number; only for floats
    offset: float = 0.0  # added after scaling, in the tag's unit
    scan_s: float | None = None  # seconds between two scans; `None` for the connection's
    is_array: bool = False  # whether it has several values. Such a tag is never written.
    label: str = ""  # description for people, such as `vibration of P-101A`
    # verb of writing a value to the tag's equipment, by the value as `show_value` gives it
    verbs: Mapping[str, str] = field(default_factory=dict[str, str])
    states: Mapping[str, str] = field(default_factory=dict[str, str])  # words of true and false
    alarm: Limits = (None, None)  # beyond which the plant raises an alarm, in the tag's unit
    trip: Limits = (None, None)  # beyond which an interlock acts, in the tag's unit

    @property
    def computation(self) -> Computation | None:
        """The method that computes it from other tags, `None` if a device has it."""
        return self.address if isinstance(self.address, Computation) else None

    @property
    def is_scaled(self) -> bool:
        """Whether its value differs from the device's number."""
        return (self.scale, self.offset) != (1.0, 0.0)

    @property
    def is_alarm(self) -> bool:
        """Whether it tells by its name that an alarm of the plant is active."""
        return self.kind == "bool" and self.name.endswith(".active")

    def show(self, reading: DataValue) -> str:
        """Returns a live reading with five digits, without its unit, and `-` for no value."""
        if isinstance(reading.value, tuple):
            return "[" + ", ".join(self._show_live(each) for each in reading.value) + "]"
        return self._show_live(reading.value)

    def _show_live(self, value: Value | None) -> str:
        return f"{value:.5g}" if isinstance(value, float) else self.show_value(value)

    def show_value(self, value: Value | None) -> str:
        """Returns a value exactly, as it is written, expected and signed."""
        if value is None:
            return "-"
        if self.kind == "enum":
            words = [word for word, number in self.members.items() if number == value]
            return _printable(words[0]) if words else f"{value} (unknown)"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return _printable(value) or '""'
        return exact_text(value)

    def state(self, value: Value | None) -> str:
        """Returns a value as `show_value` does, but true and false in the tag's own words."""
        shown = self.show_value(value)
        return self.states.get(shown, shown)


def connections_of(names: Iterable[str], tags: Mapping[str, Tag]) -> set[str]:
    """Returns the connections over which some tags are read, those of computed ones' inputs too.

    Args:
        names: Names of tags; an unknown one is on none.
        tags: The tags of the site.
    """
    found, open_ = set[str](), [tags[name] for name in names if name in tags]
    while open_:
        tag = open_.pop()
        if tag.computation:
            open_ += [tags[name] for name in tag.computation.reads]
        else:
            found.add(tag.connection)
    return found


def as_plain(value: Value | Array | None) -> Value | list[Value] | None:
    """Returns a value for JSON, with an array as a list."""
    return list(value) if isinstance(value, tuple) else value


def _printable(text: str) -> str:
    """Escapes control characters in a device's text, which could steer a terminal."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
