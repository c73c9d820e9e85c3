"""The parts of a checked condition: what each is, and how it is read from the plant.

A reader returns `None` for *unknown*, which no part turns into a value again except
`all_of`, `any_of` (where one part alone decides) and `is_good`. No reader ever raises.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue, Quality, Value

Readings = Mapping[str, DataValue]
Reader = Callable[[Readings], Value | None]

LARGEST_NUMBER = 1e300  # larger integers cannot be added to a float


@dataclass(frozen=True, slots=True)
class Form:
    """What can be compared with what: only parts of the same form.

    Attributes:
        kind: `word` is a text in quotes that has not met its tag yet.
        unit: Of a number, empty for none.
        members: Of an enumeration.
    """

    kind: Literal["condition", "number", "enum", "string", "word"]
    unit: str = ""
    members: Mapping[str, int] = field(default_factory=dict[str, int])

    def __str__(self) -> str:
        match self.kind:
            case "condition":
                return "true or false"
            case "number":
                return f"a number in {self.unit}" if self.unit else "a number without a unit"
            case "enum":
                return "one of " + ", ".join(repr(word) for word in self.members)
            case "string":
                return "a text"
            case "word":
                return "a word"


@dataclass(frozen=True, slots=True)
class Operand:
    """A checked part of a condition.

    Attributes:
        said: The part as it was written, for messages.
        offset: Where it begins in the text.
        tags: Every tag that it reads.
        constant: Its value if it stands in the text itself.
    """

    form: Form
    read: Reader
    said: str
    offset: int
    tags: frozenset[str] = frozenset()
    constant: Value | None = None


def form_of(tag: Tag) -> Form:
    """Returns what a tag is in a comparison."""
    match tag.kind:
        case "bool":
            return Form("condition")
        case "enum":
            return Form("enum", members=tag.members)
        case "string":
            return Form("string")
        case "int" | "float":
            return Form("number", tag.unit)


def usable(tag: Tag, reading: DataValue | None) -> Value | None:
    """Returns a good value of the tag's own type, else nothing.

    Not usable: no reading, any quality but good, no value, a value of another type, a
    float that is not finite, a number that is none of the enumeration's.
    """
    if reading is None or reading.quality is not Quality.GOOD:
        return None
    value = reading.value
    match tag.kind:
        case "bool":
            return value if isinstance(value, bool) else None
        case "string":
            return value if isinstance(value, str) else None
        case "int" | "enum":
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            is_known = value in tag.members.values() if tag.kind == "enum" else _is_number(value)
            return value if is_whole and is_known else None
        case "float":
            return value if _is_number(value) else None


def _is_number(value: Value | None) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST_NUMBER


def always(value: Value) -> Reader:
    """Returns the reader of what stands in the text itself."""
    return lambda readings: value


def value_of(tag: Tag) -> Reader:
    """Returns the reader of a tag."""
    return lambda readings: usable(tag, readings.get(tag.name))


def is_good(tag: Tag) -> Reader:
    """Returns whether a tag could be used in a comparison; never unknown."""
    return lambda readings: usable(tag, readings.get(tag.name)) is not None


def denied(part: Reader) -> Reader:
    """Returns the opposite of a condition."""

    def read(readings: Readings) -> Value | None:
        value = part(readings)
        return None if value is None else not value

    return read


def all_of(parts: Sequence[Reader]) -> Reader:
    """Returns whether all hold: one that is false decides, whatever is unknown."""
    return _decided_by(parts, False)


def any_of(parts: Sequence[Reader]) -> Reader:
    """Returns whether any holds: one that is true decides, whatever is unknown."""
    return _decided_by(parts, True)


def _decided_by(parts: Sequence[Reader], decisive: bool) -> Reader:
    def read(readings: Readings) -> Value | None:
        is_unknown = False
        for part in parts:
            value = part(readings)
            if value is decisive:
                return decisive
            is_unknown |= value is None
        return None if is_unknown else not decisive

    return read


def compared(compare: Callable[[Any, Any], bool], left: Reader, right: Reader) -> Reader:
    """Returns a comparison of two parts of one form; unknown if either is."""

    def read(readings: Readings) -> Value | None:
        a, b = left(readings), right(readings)
        return None if a is None or b is None else compare(a, b)

    return read


def inside(part: Reader, low: Reader, high: Reader) -> Reader:
    """Returns `low <= part and part <= high`."""
    return all_of([compared(operator.le, low, part), compared(operator.le, part, high)])


def is_above(low: Value | None, high: Value | None) -> bool:
    """Returns whether two numbers that stand in the text are the wrong way round."""
    return isinstance(low, int | float) and isinstance(high, int | float) and low > high


def added(terms: Sequence[tuple[bool, Reader]]) -> Reader:
    """Returns the sum of numbers, each after whether it is subtracted; unknown if any is."""

    def read(readings: Readings) -> Value | None:
        total: int | float = 0
        for is_minus, term in terms:
            value = term(readings)
            if not isinstance(value, int | float):
                return None
            total += -value if is_minus else value
        return total

    return read
