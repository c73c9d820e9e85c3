"""The parts of a checked condition: what each is, and how it is read from the plant.

A reader returns `None` for *unknown*, which no part turns into a value again except
`all_of`, `any_of` (where one part alone decides), `is_good`, and a window over enough of what
is known. No reader ever raises.
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
Compute = Callable[..., Any]  # from numbers to a number
Kind = Literal["condition", "number", "enum", "string", "word"]

LARGEST_NUMBER = 1e300  # larger integers cannot be added to a float


class ConditionInputs(NamedTuple):
    """What a condition is judged on.

    Attributes:
        series: What its windows saw so far; nothing if they are not to be known.
        now_s: On the clock that readings are received by; without it, that clock is asked.
    """

    readings: Readings
    series: Mapping[Key, Series]
    now_s: float | None


Reader = Callable[[ConditionInputs], Value | None]
NO_INPUTS = ConditionInputs({}, {}, 0.0)


@dataclass(frozen=True, slots=True)
class Form:
    """What can be compared with what: only parts of the same form.

    Attributes:
        kind: `word` is a text that has not met its tag yet.
        unit: Of a number, empty for none.
        is_difference: Of two points on a scale of temperature; its unit is the scale's step.
        members: Of an enumeration.
    """

    kind: Kind
    unit: str = ""
    is_difference: bool = False
    members: Mapping[str, int] = field(default_factory=dict[str, int])

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
        """Whether it is a temperature on a scale with an arbitrary zero."""
        return self.kind == "number" and self.unit in POINTS


@dataclass(frozen=True, slots=True)
class Operand:
    """A checked part of a condition.

    Attributes:
        said: The part as it was written, for messages.
        offset: Where it begins in the text.
        tags: Every tag that it reads.
        constant: The value of a literal, of a parameter, and of numbers made of them only.
        is_named: Whether a parameter is in it.
    """

    form: Form
    read: Reader
    said: str
    offset: int
    tags: frozenset[str] = frozenset()
    constant: Value | None = None
    is_named: bool = False


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
    """Returns whether it is a finite number that can be computed with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST_NUMBER


def always(value: Value) -> Reader:
    """Returns the reader of what stands in the text itself."""
    return lambda inputs: value


def value_of(tag: Tag) -> Reader:
    """Returns the reader of a tag."""
    return lambda inputs: usable(tag, inputs.readings.get(tag.name))


def is_good(tag: Tag) -> Reader:
    """Returns whether a tag could be used in a comparison; never unknown."""
    return lambda inputs: usable(tag, inputs.readings.get(tag.name)) is not None


def age_of(tag: Tag) -> Reader:
    """Returns the seconds since the device sampled a tag; unknown while the tag is."""

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
    """Returns whether all hold: one that is false decides, whatever is unknown."""
    return _decided_by(parts, False)


def any_of(parts: Sequence[Reader]) -> Reader:
    """Returns whether any holds: one that is true decides, whatever is unknown."""
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
    """Returns a comparison of two parts of one form; unknown if either is."""

    def read(inputs: ConditionInputs) -> Value | None:
        a, b = left(inputs), right(inputs)
        return None if a is None or b is None else compare(a, b)

    return read


def inside(part: Reader, low: Reader, high: Reader) -> Reader:
    """Returns `low <= part and part <= high`."""
    return all_of([compared(operator.le, low, part), compared(operator.le, part, high)])


def is_above(low: Value | None, high: Value | None) -> bool:
    """Returns whether two numbers that stand in the text are the wrong way round."""
    return isinstance(low, int | float) and isinstance(high, int | float) and low > high


def computed(compute: Compute, parts: Sequence[Reader]) -> Reader:
    """Returns what is computed of numbers.

    Unknown if one of them is, if something is divided by zero, and if the result is too large.
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
