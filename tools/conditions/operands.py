"""Parts of a checked condition and their readers.

A reader returns `None` for *unknown*. Only `all_of` and `any_of` (where one part decides),
`is_good`, and a window with enough known samples turn it into a value. No reader raises.
"""

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeGuard

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import NOT_GOOD, Array, DataValue, Value

from .series import Key, Series
from .units import POINTS, UnitConversion

Readings = Mapping[str, DataValue]
Recorded = Mapping[str, Value]
"""What a run recorded about its steps, by the call that asks for it: `done(relieve)`."""
Compute = Callable[..., Any]  # numbers to a number
Fitting = Callable[[Value | Array | None], Value | None]
Kind = Literal["condition", "number", "enum", "string", "word"]

LARGEST_NUMBER = 1e300  # larger integers cannot be added to a float


class ConditionInputs(NamedTuple):
    """Readings and samples on which a condition is evaluated."""

    readings: Readings
    series: Mapping[Key, Series]  # samples of its windows; empty leaves them unknown
    now_s: float | None  # on the clock of the readings; `None` for the present moment
    recorded: Recorded = MappingProxyType({})


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
        """Whether it is on a scale with an arbitrary zero, as a temperature or a gauge pressure."""
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


def fitting(form: Form, *, is_whole: bool = False) -> Fitting:
    """Returns the function that passes values of a form and replaces any other by `None`.

    Replaced: another type, a float that is not finite, a number outside the enumeration.
    """
    match form.kind:
        case "condition":
            return _truth
        case "number":
            return _whole if is_whole else _number
        case "enum":
            return partial(_member, frozenset(form.members.values()))
        case "string" | "word":
            return _text


def _truth(value: Value | Array | None) -> Value | None:
    return value if isinstance(value, bool) else None


def _number(value: Value | Array | None) -> Value | None:
    if type(value) is float:  # the usual case, without another call
        return value if -LARGEST_NUMBER <= value <= LARGEST_NUMBER else None
    return value if is_number(value) else None


def _whole(value: Value | Array | None) -> Value | None:
    return value if isinstance(value, int) and is_number(value) else None


def _member(members: Collection[int], value: Value | Array | None) -> Value | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if value in members else None


def _text(value: Value | Array | None) -> Value | None:
    return value if isinstance(value, str) else None


def is_number(value: Value | Array | None) -> TypeGuard[int | float]:
    """Tests whether a value is a finite number that can be computed with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST_NUMBER


def always(value: Value) -> Reader:
    """Returns the reader of a constant."""
    return lambda inputs: value


def value_of(tag: Tag) -> Reader:
    """Returns the reader of a tag. A reading that is missing or not good is unknown."""
    name, fit = tag.name, fitting(form_of(tag), is_whole=tag.kind == "int")

    def read(inputs: ConditionInputs) -> Value | None:
        reading = inputs.readings.get(name)
        if reading is None or reading.status & NOT_GOOD:
            return None
        return fit(reading.value)

    return read


def is_good(tag: Tag) -> Reader:
    """Returns the reader of a tag's usability, which is never unknown."""
    value = value_of(tag)
    return lambda inputs: value(inputs) is not None


def age_of(tag: Tag) -> Reader:
    """Returns the reader of a tag's age in seconds. Unknown while the tag is."""
    value = value_of(tag)

    def read(inputs: ConditionInputs) -> Value | None:
        if value(inputs) is None:
            return None
        reading = inputs.readings[tag.name]
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
    otherwise = not decisive

    def read(inputs: ConditionInputs) -> Value | None:
        is_unknown = False
        for part in parts:
            value = part(inputs)
            if value is decisive:
                return decisive
            if value is None:
                is_unknown = True
        return None if is_unknown else otherwise

    return read


def compared(compare: Callable[[Any, Any], bool], left: Reader, right: Reader) -> Reader:
    """Returns a comparison of two parts of one form. Unknown if either is."""

    def read(inputs: ConditionInputs) -> Value | None:
        a = left(inputs)
        b = right(inputs)
        return None if a is None or b is None else compare(a, b)

    return read


def compared_with(compare: Callable[[Any, Any], bool], part: Reader, constant: Value) -> Reader:
    """Returns the comparison of a part with a constant of its form."""

    def read(inputs: ConditionInputs) -> Value | None:
        value = part(inputs)
        return None if value is None else compare(value, constant)

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
