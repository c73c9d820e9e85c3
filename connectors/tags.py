"""Tags: what a site reads, where it stands on the wire, and how people see it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, field_validator, model_validator
from pydantic import Tag as UnionTag

from .durations import Duration
from .models import Model
from .values import DataValue, Value, exact_text

Kind = Literal["float", "int", "bool", "enum", "string"]
Table = Literal["coil", "discrete", "input", "holding"]
Encoding = Literal["bit", "int16", "uint16", "int32", "uint32", "float32"]

NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*\.[a-z][a-z0-9_]*", re.ASCII)
_REGISTERS = 65536
_LARGEST_NUMBER = 2**32 - 1
_SELF = "self"
_WITHIN_S = 2.0
_NODE = re.compile(r"(nsu=[^;]+;)?(i=\d+|s=.+|g=[0-9A-Fa-f-]{36}|b=.+)")


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """An OPC UA node, with its namespace as a URI: an index can change at a server's restart."""

    node: str

    def __str__(self) -> str:
        return self.node

    @property
    def identifier(self) -> str:
        """The node id without its namespace, for a narrow column."""
        return self.node.partition(";")[2] if self.node.startswith("nsu=") else self.node


@dataclass(frozen=True, slots=True)
class RegisterAddress:
    """A Modbus item; the address is the zero-based one of the protocol."""

    table: Table
    address: int
    encoding: Encoding

    @property
    def count(self) -> int:
        """How many registers or bits it takes."""
        return 2 if self.encoding in {"int32", "uint32", "float32"} else 1

    def __str__(self) -> str:
        return f"{self.table} {self.address} {self.encoding}"

    @property
    def identifier(self) -> str:
        """The address for a narrow column."""
        return str(self)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a site, such as `PT-102.pv`.

    Attributes:
        unit: Engineering unit, empty for none.
        span: Low and high end of the measuring range.
        members: The words of an enumeration and their numbers.
        writable: Whether a request may name it; only the gate ever writes.
        readback: The tag that must read as sent after a write, itself or another; empty where
            nothing shows it, as with a pulse.
        within_s: How long the device may take until it does, seconds.
    """

    name: str
    connection: str
    kind: Kind
    address: NodeAddress | RegisterAddress
    unit: str = ""
    span: tuple[float, float] | None = None
    equipment: str = ""
    members: Mapping[str, int] = field(default_factory=dict[str, int])
    writable: bool = False
    readback: str = ""
    within_s: float = _WITHIN_S

    def show(self, reading: DataValue) -> str:
        """Returns a live reading, without its unit: five digits of a number, `-` for nothing."""
        value = reading.value
        return f"{value:.5g}" if isinstance(value, float) else self.show_value(value)

    def show_value(self, value: Value | None) -> str:
        """Returns a value of this tag exactly, as it is written, expected and signed."""
        if value is None:
            return "-"
        if self.kind == "enum":
            words = [word for word, number in self.members.items() if number == value]
            return words[0] if words else f"{value} (unknown)"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return _printable(value)
        return exact_text(value) if isinstance(value, float) else str(value)


def _printable(text: str) -> str:
    """Escapes what could steer a terminal: the text is a device's."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


class _TagModel(Model):
    connection: str
    type: Kind
    unit: str = ""
    range: Annotated[tuple[float, float] | None, Field(strict=False)] = None
    equipment: str = ""
    members: dict[str, int] = Field(default_factory=dict)
    writable: bool = False
    readback: str = ""
    within: Duration | None = None

    @model_validator(mode="after")
    def _check(self) -> "_TagModel":
        if self.range and not self.range[0] < self.range[1]:
            raise ValueError("range: the low end must be below the high end")
        if (self.type == "enum") != bool(self.members):
            raise ValueError("members: an enum needs its words and numbers, other types have none")
        if self.readback and not self.writable:
            raise ValueError("readback: goes with writable, for it is read after a write")
        if self.within is not None and not self.readback:
            raise ValueError("within: goes with readback, for it says how long that may take")
        if self.within is not None and not 0.01 <= self.within <= 3600.0:
            raise ValueError("within: must lie between 10 ms and 1 h")
        return self

    def tag(self, name: str, address: NodeAddress | RegisterAddress) -> Tag:
        """Returns the tag under this name at this address."""
        within_s = _WITHIN_S if self.within is None else self.within
        return Tag(
            name, self.connection, self.type, address, self.unit, self.range,
            self.equipment, self.members, self.writable,
            name if self.readback == _SELF else self.readback, within_s,
        )  # fmt: skip


class NodeTag(_TagModel):
    """A tag on OPC UA, as `tags.yaml` describes it."""

    node: str

    @field_validator("node")
    @classmethod
    def _check_node(cls, node: str) -> str:
        match = _NODE.fullmatch(node)
        if match is None:
            raise ValueError(
                f"{node!r} is no node id; write nsu=URI;s=NAME (a namespace index is not accepted, "
                "it can change when the server restarts)"
            )
        kind, _, identifier = match[2].partition("=")
        if kind == "i" and int(identifier) > _LARGEST_NUMBER:
            raise ValueError(f"{node!r}: a numeric identifier has at most 32 bits")
        return node

    def build(self, name: str) -> Tag:
        """Returns the tag under this name."""
        return self.tag(name, NodeAddress(self.node))


class RegisterTag(_TagModel):
    """A tag on Modbus, as `tags.yaml` describes it."""

    table: Table
    address: int = Field(ge=0, le=65535)
    encoding: Encoding | None = None

    @model_validator(mode="after")
    def _check_encoding(self) -> "RegisterTag":
        is_bit = self.table in {"coil", "discrete"}
        if is_bit != (self.type == "bool"):
            raise ValueError("type: coils and discrete inputs are bool, registers are not")
        if self.encoding and is_bit != (self.encoding == "bit"):
            raise ValueError("encoding: bit goes with coils and discrete inputs")
        if self.type == "string":
            raise ValueError("type: strings are read over OPC UA only")
        if self.type != "float" and self.encoding == "float32":
            raise ValueError(f"encoding: a float32 is no {self.type}")
        if self.address + self._register().count > _REGISTERS:
            raise ValueError("address: the value reaches beyond the last register, 65535")
        if self.writable and self.table in {"discrete", "input"}:
            raise ValueError(f"writable: a {self.table} cannot be written in Modbus")
        return self

    def build(self, name: str) -> Tag:
        """Returns the tag under this name."""
        return self.tag(name, self._register())

    def _register(self) -> RegisterAddress:
        usual: dict[str, Encoding] = {"bool": "bit", "float": "float32"}
        encoding = self.encoding or usual.get(self.type, "uint16")
        return RegisterAddress(self.table, self.address, encoding)


def _protocol(entry: Any) -> str | None:
    if isinstance(entry, NodeTag):
        return "opcua"
    if isinstance(entry, RegisterTag):
        return "modbus"
    if not isinstance(entry, dict):
        return "opcua"
    return "modbus" if "table" in entry or "address" in entry else "opcua"


TagEntry = Annotated[
    Annotated[NodeTag, UnionTag("opcua")] | Annotated[RegisterTag, UnionTag("modbus")],
    Discriminator(_protocol),
]


class TagFile(Model):
    """The file `tags.yaml`."""

    schema_: Literal["tags/1"] = Field(alias="schema")
    tags: dict[str, TagEntry]
