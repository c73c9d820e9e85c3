"""Parts of a checked condition and their readers.

A reader returns `None` for *unknown*. Only `all_of` and `any_of` (where one part decides),
`is_good`, and a window with enough known samples turn it into a value. No reader raises.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal, NamedTuple

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality, Value

from .series import Key, Series
from .units import POINTS, UnitConversion

Readings = Mapping[str, DataValue]
Compute = Callable[..., Any]  # numbers to a number
Kind = Literal["condition", "number", "enum", "string", "word"]

LARGEST_NUMBER = 1e300  # larger integers cannot be added to a float


class ConditionInputs(NamedTuple):
    """Readings and samples on which a condition is evaluated."""

    readings: Readings
    series: Mapping[Key, Series]  # samples of its windows; empty leaves them unknown
    now_s: float | None  # on the clock of the readings; `None` for the present moment


Reader = Callable[[ConditionInputs], Value | None]
NO_INPUTS = ConditionInputs({}, {}, 0.0)


@dataclass(frozen=True, slots=True)
class Form:
    """Type and unit of an operand. Only operands of one form are compared."""

    kind: Kind  # `word` is a text that is not yet matched to a tag
    unit: str = ""  # of a number, empty for none
    is_difference: bool = False  # whether it is a difference of temperatures
    members: Mapping[str, int] = field(default_factory=dict[str, int])  # of an enumeration

    def __str__(self) -> str:
        match self.kind:
            case "condition":
                return "true or false"
            case "number":
                what = "a difference" if self.is_difference else "a number"
                return f"{what} in {self.unit}" if self.unit else f"{what} without a unit"
            case "enum":
                return "one of " + ", ".join(repr(word) for word in self.members)
            case "string":
                return "a text"
            case "word":
                return "a word"

    @property
    def is_point(self) -> bool:
        """Whether it is a temperature, on a scale with an arbitrary zero."""
        return self.kind == "number" and self.unit in POINTS


@dataclass(frozen=True, slots=True)
class Operand:
    """Checked part of a condition."""

    form: Form
    read: Reader
    said: str  # the part as written, for messages
    offset: int  # its start in the text
    tags: frozenset[str] = frozenset()  # the tags that it reads
    constant: Value | None = None  # of a literal, a parameter, or what is computed from these
    is_named: bool = False  # whether it contains a parameter


def form_of(tag: Tag) -> Form:
    """Returns the form of a tag."""
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
    """Returns the value of a good reading of the tag's own type, else `None`.

    Not usable: no reading, any quality but good, no value, another type, a float that is not
    finite, a number outside the enumeration.
    """
    if reading is None or reading.quality is not Quality.GOOD:
        return None
    value = reading.scalar
    match tag.kind:
        case "bool":
            return value if isinstance(value, bool) else None
        case "string":
            return value if isinstance(value, str) else None
        case "int" | "enum":
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            is_known = value in tag.members.values() if tag.kind == "enum" else is_number(value)
            return value if is_whole and is_known else None
        case "float":
            return value if is_number(value) else None


def is_number(value: Value | None) -> bool:
    """Whether a value is a finite number that can be computed with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST_NUMBER


def always(value: Value) -> Reader:
    """Returns the reader of a constant."""
    return lambda inputs: value


def value_of(tag: Tag) -> Reader:
    """Returns the reader of a tag."""
    return lambda inputs: usable(tag, inputs.readings.get(tag.name))


def is_good(tag: Tag) -> Reader:
    """Returns the reader of a tag's usability, which is never unknown."""
    return lambda inputs: usable(tag, inputs.readings.get(tag.name)) is not None


def age_of(tag: Tag) -> Reader:
    """Returns the reader of a tag's age in seconds. Unknown while the tag is."""

    def read(inputs: ConditionInputs) -> Value | None:
        reading = inputs.readings.get(tag.name)
        if reading is None or usable(tag, reading) is None:
            return None
        age = reading.age_s(monotonic() if inputs.now_s is None else inputs.now_s)
        return age if is_number(age) else None

    return read


def denied(part: Reader) -> Reader:
    """Returns the opposite of a condition."""

    def read(inputs: ConditionInputs) -> Value | None:
        value = part(inputs)
        return None if value is None else not value

    return read


def all_of(parts: Sequence[Reader]) -> Reader:
    """Returns the conjunction. One false part decides, whatever is unknown."""
    return _decided_by(parts, False)


def any_of(parts: Sequence[Reader]) -> Reader:
    """Returns the disjunction. One true part decides, whatever is unknown."""
    return _decided_by(parts, True)


def _decided_by(parts: Sequence[Reader], decisive: bool) -> Reader:
    def read(inputs: ConditionInputs) -> Value | None:
        is_unknown = False
        for part in parts:
            value = part(inputs)
            if value is decisive:
                return decisive
            is_unknown |= value is None
        return None if is_unknown else not decisive

    return read


def compared(compare: Callable[[Any, Any], bool], left: Reader, right: Reader) -> Reader:
    """Returns a comparison of two parts of one form. Unknown if either is."""

    def read(inputs: ConditionInputs) -> Value | None:
        a, b = left(inputs), right(inputs)
        return None if a is None or b is None else compare(a, b)

    return read


def inside(part: Reader, low: Reader, high: Reader) -> Reader:
    """Returns `low <= part and part <= high`."""
    return all_of([compared(operator.le, low, part), compared(operator.le, part, high)])


def is_above(low: Value | None, high: Value | None) -> bool:
    """Whether two constants are in the wrong order."""
    return isinstance(low, int | float) and isinstance(high, int | float) and low > high


def computed(compute: Compute, parts: Sequence[Reader]) -> Reader:
    """Returns the reader of a computed number.

    Unknown if an operand is, after a division by zero, and if the result is too large.
    """

    def read(inputs: ConditionInputs) -> Value | None:
        values = [part(inputs) for part in parts]
        if None in values:
            return None
        try:
            result = compute(*values)
        except ArithmeticError:
            return None
        return result if is_number(result) else None

    return read


def scaled(part: Reader, by: UnitConversion) -> Reader:
    """Returns a number in another unit."""
    if by == UnitConversion():
        return part

    def convert(value: float) -> float:
        return value * by.factor + by.offset

    return computed(convert, [part])
