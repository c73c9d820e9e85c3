"""Conditions and expressions: parsed and checked once, judged on one set of readings."""

from collections.abc import Callable
from dataclasses import dataclass, field

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value

from .checker import Checker, need_conditions
from .errors import ExpressionFault, error_at
from .grammar import MAX_LENGTH, excerpt, parse_tree, tidy
from .history import History
from .names import Binder, Names
from .numbers import converted
from .operands import ConditionInputs, Form, Kind, Operand, Reader, Readings
from .truth import Truth
from .windows import Window

_NO_SERIES = History(())


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked against the site's tags, so that judging it cannot fail.

    Attributes:
        text: As it was written, on one line.
        tags: Every tag of the site that it reads, sorted.
        bound: The same with every name replaced: by the site's own name of a tag, by the value
            of a parameter. It means the same to whoever knows the site's tags only.
        longest_window_s: How far back it looks, 0 for not at all.
        windows: The functions in it that look back, an inner one before the one around it.
    """

    text: str
    tags: tuple[str, ...]
    bound: str
    longest_window_s: float
    windows: tuple[Window, ...] = field(repr=False)
    _form: Form = field(repr=False)
    _read: Reader = field(repr=False, compare=False)
    _tags: tuple[Tag, ...] = field(repr=False)

    def shown(self, readings: Readings, history: History | None = None) -> str:
        """Returns the bound text with the live values behind it, on one line, for a card."""
        inputs = _inputs(readings, history, None)
        values = [_show(tag, readings.get(tag.name)) for tag in self._tags]
        values += [
            f"{each.text} is {show_value(each.form, each.read(inputs))}" for each in self.windows
        ]
        return f"{self.bound}  [{', '.join(values)}]" if values else self.bound


@dataclass(frozen=True, slots=True)
class Condition(Checked):
    """A condition; see `Checked`."""

    def evaluate(
        self, readings: Readings, history: History | None = None, *, now_s: float | None = None
    ) -> Truth:
        """Judges the condition.

        Args:
            readings: By the site's tag name, from one look at the plant. What is missing, not
                of good quality, without value or of another type is unknown, never an error.
                The age of a reading is judged by whoever set its quality.
            history: What its windows saw; without it they are unknown.
            now_s: The moment, for `age`, on the clock that readings are received by; the
                computer's monotonic clock if it is not given.
        """
        value = self._read(_inputs(readings, history, now_s))
        if value is None:
            return Truth.UNKNOWN
        return Truth.TRUE if value else Truth.FALSE


@dataclass(frozen=True, slots=True)
class Expression(Checked):
    """A number, a truth or a word; see `Checked`."""

    @property
    def unit(self) -> str:
        """The unit of a number, empty for none."""
        return self._form.unit

    @property
    def kind(self) -> Kind:
        """What it is: `condition` for true or false, `word` for a text that is a constant.

        `string` and `enum` are tags; the value of an enumeration is its number.
        """
        return self._form.kind

    def value(
        self, readings: Readings, history: History | None = None, *, now_s: float | None = None
    ) -> Value | None:
        """Returns the value, nothing if it is unknown; the arguments as of a condition."""
        return self._read(_inputs(readings, history, now_s))

    def show(self, readings: Readings) -> str:
        """Returns the value as people read it: five digits and the unit, `?` for unknown."""
        return show_value(self._form, self.value(readings))


def _inputs(readings: Readings, history: History | None, now_s: float | None) -> ConditionInputs:
    return ConditionInputs(readings, (history or _NO_SERIES).series, now_s)


def show_value(form: Form, value: Value | None) -> str:
    """Returns a value as people read it: five digits and the unit, `?` for unknown."""
    if value is None:
        return "?"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if form.kind == "word" else repr(excerpt(value))
    if form.kind == "enum":
        return next(word for word, number in form.members.items() if number == value)
    shown = str(value) if isinstance(value, int) else f"{value:.5g}"
    return f"{shown} {form.unit}".strip()


def _show(tag: Tag, reading: DataValue | None) -> str:
    if reading is None:
        return f"{tag.name} was not read"
    # Without quotes a device's text could pass for the next tag and its value.
    is_text = isinstance(reading.value, str)
    value = repr(excerpt(str(reading.value))) if is_text else tag.show(reading)
    unit = f" {tag.unit}" if tag.unit and reading.value is not None else ""
    quality = "" if reading.status == GOOD else f" ({reading.status.name})"
    return f"{tag.name} is {value}{unit}{quality}"


def parse_condition(text: str, names: Names, *, windows: bool = False) -> Condition:
    """Parses a condition and checks it against what its names mean.

    Args:
        text: At most 500 characters, nested at most 20 deep.
        names: Tags and constants; the tags of a site are such names.
        windows: Whether it may look back in time. What is judged on one set of readings may
            not: there `held(X, T)` is X, and every other such function is refused.

    Raises:
        ConditionError: It is outside the grammar, names what is not there, or compares what
            cannot be compared; with line and column.
    """

    def finish(whole: Operand) -> Operand:
        need_conditions([whole])
        return whole

    return Condition(*_checked(text, names, windows, finish))


def parse_expression(
    text: str, names: Names, *, unit: str | None = None, windows: bool = False
) -> Expression:
    """Parses an expression of any kind; the arguments and errors as of a condition.

    Args:
        unit: It must be a number, and is converted to this unit; empty for a number without.
    """

    def finish(whole: Operand) -> Operand:
        return whole if unit is None else converted(whole, unit)

    return Expression(*_checked(text, names, windows, finish))


_Fields = tuple[str, tuple[str, ...], str, float, tuple[Window, ...], Form, Reader, tuple[Tag, ...]]


def _checked(
    text: str, names: Names, windows: bool, finish: Callable[[Operand], Operand]
) -> _Fields:
    tree = parse_tree(text)
    binder = Binder(text, names)
    checker = Checker(text, binder, windows)
    try:
        whole = finish(checker.check(tree.children[0]))
        bound = binder.bound(0, len(text))
        if len(bound) > MAX_LENGTH:
            reason = f"with its names replaced it has more than {MAX_LENGTH} characters"
            raise ExpressionFault(0, reason)
    except ExpressionFault as refused:
        raise error_at(text, refused.offset, refused.reason) from None
    found = sorted(whole.tags)
    reach_s = max((each.reach_s for each in checker.windows), default=0.0)
    return (
        tidy(text), tuple(found), bound, reach_s, tuple(checker.windows),
        whole.form, whole.read, tuple(binder.found[name] for name in found),
    )  # fmt: skip


def with_written(readings: Readings, tag: str, value: Value) -> dict[str, DataValue]:
    """Returns the readings as they would be if a write had been done and nothing else changed.

    Args:
        value: As the device will hold it: the number of an enumeration, not its word.

    Returns:
        A copy in which the tag has this value and good quality; the reading's times stay.
        What the process would do about it is not predicted: `P-101A.running` stays as
        measured when `P-101A.run_cmd` is written.
    """
    before = readings.get(tag)
    if before is None:
        written = DataValue(value, GOOD, None, None, 0.0)
    else:
        written = before._replace(value=value, status=GOOD)
    return {**readings, tag: written}
