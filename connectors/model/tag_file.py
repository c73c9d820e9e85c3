"""The file `tags.yaml`."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, field_validator, model_validator
from pydantic import Tag as UnionTag

from ..config.durations import Duration, between
from ..config.validation import Model, spelled
from .tags import (
    WITHIN_S,
    Address,
    Encoding,
    ItemAddress,
    Kind,
    Limits,
    NodeAddress,
    Order,
    RegisterAddress,
    Table,
    Tag,
)

NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*\.[a-z][a-z0-9_]*", re.ASCII)

ITEM = "an item of another connector"
_REGISTERS = 65536
_MOST_IN_ONE_REQUEST = 125
_LARGEST_NUMBER = 2**32 - 1
_SELF = "self"
_NODE = re.compile(r"(nsu=[^;]+;)?(i=\d+|s=.+|g=[0-9A-Fa-f-]{36}|b=.+)")
_WORD = re.compile(r"[a-z][a-z0-9-]*( [a-z0-9-]+){0,3}", re.ASCII)
_LONGEST_WORD = 24
_BOOLEANS = ("true", "false")
_INDEX = r"\d{1,9}(:\d{1,9})?(,\d{1,9}(:\d{1,9})?)*"


def _as_text(index: object) -> object:
    is_number = isinstance(index, int) and not isinstance(index, bool)
    return str(index) if is_number else index


def _check_words(key: str, words: Mapping[str, str], known: Collection[str]) -> None:
    """Raises `ValueError` for a word of an unknown value, one that is hard to type, or a twin."""
    for value, word in words.items():
        if value not in known:
            names = ", ".join(known) or "a bool or an enum has values to name, other types none"
            raise ValueError(f"{key}: {value!r} is no value of this tag; known: {names}")
        if len(word) > _LONGEST_WORD or not _WORD.fullmatch(word):
            raise ValueError(
                f"{key}: {word!r} is hard to type; write at most four words in lower case, "
                f"{_LONGEST_WORD} characters in all"
            )
        if list(words.values()).count(word) > 1:
            raise ValueError(f"{key}: {word!r} stands for two values")


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
    scale: float = 1.0
    offset: float = 0.0
    scan: Annotated[Duration, between(0.01, 3600.0, "10 ms and 1 h")] | None = None
    label: str = Field(default="", max_length=60)
    verbs: dict[str, str] = Field(default_factory=dict)
    states: dict[str, str] = Field(default_factory=dict)
    alarm: Annotated[Limits, Field(strict=False)] = (None, None)
    trip: Annotated[Limits, Field(strict=False)] = (None, None)

    @model_validator(mode="after")
    def _check(self) -> "_TagModel":
        if self.range and not self.range[0] < self.range[1]:
            raise ValueError("range: the low end must be below the high end")
        if (self.type == "enum") != bool(self.members):
            raise ValueError("members: an enum needs its words and numbers, other types have none")
        numbers = list(self.members.values())
        if twice := [word for word in self.members if numbers.count(self.members[word]) > 1]:
            raise ValueError(f"members: {' and '.join(twice[:2])} have the same number")
        if self.readback and not self.writable:
            raise ValueError("readback: goes with writable, for it is read after a write")
        if self.within is not None and not self.readback:
            raise ValueError("within: goes with readback, for it says how long that may take")
        if self.within is not None and not 0.01 <= self.within <= 3600.0:
            raise ValueError("within: must lie between 10 ms and 1 h")
        if self.scale == 0.0:
            raise ValueError("scale: must not be 0, every value would be the same")
        if self.type != "float" and (self.scale, self.offset) != (1.0, 0.0):
            raise ValueError("scale, offset: go with the type float")
        if self.type not in {"float", "int"} and (self.alarm, self.trip) != ((None, None),) * 2:
            raise ValueError("alarm, trip: go with the types float and int")
        return self

    @field_validator("alarm", "trip")
    @classmethod
    def _check_limits(cls, limits: Limits) -> Limits:
        low, high = limits
        if low is not None and high is not None and low >= high:
            raise ValueError("the low limit must be below the high one; write null for none")
        return limits

    @model_validator(mode="after")
    def _check_words(self) -> "_TagModel":
        if not self.label.isprintable():
            raise ValueError("label: holds a character that cannot be printed")
        if self.verbs and not self.writable:
            raise ValueError("verbs: go with writable, for each names a write")
        if self.states and self.type != "bool":
            raise ValueError("states: name true and false of a bool; an enum has members")
        _check_words("verbs", self.verbs, _BOOLEANS if self.type == "bool" else self.members)
        _check_words("states", self.states, _BOOLEANS)
        return self

    def tag(self, name: str, address: Address, *, is_array: bool = False) -> Tag:
        return Tag(
            name, self.connection, self.type, address, self.unit, self.range,
            self.equipment, self.members, self.writable,
            name if self.readback == _SELF else self.readback,
            WITHIN_S if self.within is None else self.within,
            self.scale, self.offset, self.scan, is_array, self.label, self.verbs, self.states,
            self.alarm, self.trip,
        )  # fmt: skip


class NodeTag(_TagModel):
    """A tag on OPC UA, as `tags.yaml` describes it.

    `index` selects elements of an array in OPC UA's form: `3`, `0:9`, `1,2`. `array` reads all of
    them.
    """

    node: str
    index: Annotated[
        str, BeforeValidator(_as_text), spelled(_INDEX, "is no index; write 3, '0:9' or '1,2'")
    ] = ""
    array: bool = False

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

    @model_validator(mode="after")
    def _check_array(self) -> "NodeTag":
        for each in self.index.split(","):
            low, _, high = each.partition(":")
            if high and int(low) >= int(high):
                raise ValueError(f"index: {each!r}: the first must be below the last")
        if self.index and self.array:
            raise ValueError("array: is for all elements; index names some of them")
        if self.writable and (self.index or self.array):
            raise ValueError("writable: an array or an element of one is read only")
        return self

    def build(self, name: str) -> Tag:
        """Returns the tag under this name."""
        is_array = self.array or ":" in self.index
        return self.tag(name, NodeAddress(self.node, self.index), is_array=is_array)


class RegisterTag(_TagModel):
    """A tag on Modbus, as `tags.yaml` describes it.

    `bit` is a bit of a register, 0 the lowest; `length` a string's number of registers, two
    characters each. `order` and `unit_id` default to the connection's.
    """

    table: Table
    address: int = Field(ge=0, le=65535)
    encoding: Encoding | None = None
    bit: int | None = Field(default=None, ge=0, le=15)
    length: int = Field(default=0, ge=0, le=_MOST_IN_ONE_REQUEST)
    order: Order | None = None
    unit_id: int | None = Field(default=None, ge=0, le=255)

    @field_validator("unit", mode="before")
    @classmethod
    def _check_unit(cls, unit: object) -> object:
        if isinstance(unit, int):
            raise ValueError(
                "is the engineering unit, a text; the unit of a device behind a gateway is unit_id"
            )
        return unit

    @model_validator(mode="after")
    def _check_encoding(self) -> "RegisterTag":
        has_bits = self.table in {"coil", "discrete"}
        is_bit = has_bits or self.bit is not None
        if has_bits and self.bit is not None:
            raise ValueError(f"bit: a {self.table} is a bit itself; bits are of registers")
        if is_bit != (self.type == "bool"):
            raise ValueError(
                "type: coils, discrete inputs and bits of registers are bool, registers are not; "
                "a bit of a register needs bit: 0 to 15"
            )
        if self.encoding and is_bit != (self.encoding == "bit"):
            raise ValueError("encoding: bit goes with coils, discrete inputs and bit")
        if (self.type == "string") != bool(self.length):
            raise ValueError("length: a string needs its number of registers, other types none")
        if self.encoding and (self.type == "string") != (self.encoding == "string"):
            raise ValueError("encoding: string goes with the type string")
        if self.type != "float" and self.encoding in {"float32", "float64"}:
            raise ValueError(f"encoding: a {self.encoding} is no {self.type}")
        self._check_place()
        return self

    def _check_place(self) -> None:
        if self.address + self._register().count > _REGISTERS:
            raise ValueError("address: the value reaches beyond the last register, 65535")
        if self.writable and self.table in {"discrete", "input"}:
            raise ValueError(f"writable: a {self.table} cannot be written in Modbus")
        if self.writable and self.bit is not None:
            # Not every device can write one bit of a register: the others would be written too.
            raise ValueError("writable: a bit of a register is read only")
        is_scaled = (self.scale, self.offset) != (1.0, 0.0)
        if self.writable and is_scaled and self._register().encoding in {"float32", "float64"}:
            raise ValueError("writable: a scaled value is written to whole numbers only")
        if self.writable and self.type == "string":
            raise ValueError("writable: a string is read only in Modbus")
        if self.writable and self.unit_id is not None:
            raise ValueError("writable: only at the connection's own unit; make it a connection")

    def build(self, name: str) -> Tag:
        """Returns the tag under this name."""
        return self.tag(name, self._register())

    def _register(self) -> RegisterAddress:
        usual: dict[str, Encoding] = {"bool": "bit", "float": "float32", "string": "string"}
        encoding = self.encoding or usual.get(self.type, "uint16")
        return RegisterAddress(
            self.table, self.address, encoding, self.bit, self.length, self.order, self.unit_id
        )


class ItemTag(_TagModel):
    """A tag of an installed connector, as `tags.yaml` describes it. It is only read."""

    item: Annotated[str, Field(min_length=1, max_length=500), BeforeValidator(_as_text)]

    @field_validator("item")
    @classmethod
    def _check_item(cls, item: str) -> str:
        if not item.isprintable():
            raise ValueError("holds a character that cannot be printed")
        return item

    @field_validator("writable")
    @classmethod
    def _check_read_only(cls, writable: bool) -> bool:
        if writable:
            raise ValueError("only tags on OPC UA and Modbus are written; an item is read only")
        return writable

    def build(self, name: str) -> Tag:
        """Returns the tag under this name."""
        return self.tag(name, ItemAddress(self.item))


def kind_of_tag(entry: Any) -> str:
    """Returns `opcua`, `modbus` or `ITEM` for a tag, by the keys of its entry."""
    kinds = {"item": ITEM, "table": "modbus", "address": "modbus"}
    named = (kind for key, kind in kinds.items() if isinstance(entry, dict) and key in entry)
    return next(named, "opcua")


TagEntry = Annotated[
    Annotated[NodeTag, UnionTag("opcua")]
    | Annotated[RegisterTag, UnionTag("modbus")]
    | Annotated[ItemTag, UnionTag(ITEM)],
    Discriminator(kind_of_tag),
]


class TagFile(Model):
    """The file `tags.yaml`. Without `tags` the site has none yet."""

    schema_: Literal["tags/1"] = Field(alias="schema")
    tags: dict[str, TagEntry] = Field(default_factory=dict[str, TagEntry])

    @field_validator("tags", mode="before")
    @classmethod
    def _without_tags(cls, tags: object) -> object:
        return {} if tags is None else tags  # as where each line below it is a comment
