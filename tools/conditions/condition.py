"""Conditions and expressions, checked once and evaluated on sets of readings."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value

from ..plant_text import PlantText
from .calls import StepScope, StepValue
from .checker import Checker, need_conditions
from .errors import ConditionError, ExpressionFault, error_at
from .grammar import MAX_LENGTH, excerpt, parse_tree, tidy
from .history import History
from .names import Binder, Names
from .numbers import converted
from .operands import ConditionInputs, Form, Kind, Operand, Reader, Readings, Recorded
from .series import Key, Series
from .truth import Truth
from .windows import Window

_NOTHING: Recorded = {}
_SMALLEST = 1e-12
_NO_SERIES: Mapping[Key, Series] = {}
_TRUTHS: Mapping[Value | None, Truth] = {
    True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """Expression checked against the site's tags, so that evaluating it cannot fail."""

    text: str  # as written, on one line
    tags: tuple[str, ...]  # the tags that it reads, sorted
    bound: str  # the text with every name replaced by the site's tag name or the parameter's value
    longest_window_s: float  # how far back it looks; 0 without windows
    windows: tuple[Window, ...] = field(repr=False)  # calls that look back, inner before outer
    step_values: tuple[StepValue, ...] = field(repr=False)  # calls about the steps of a run
    _form: Form = field(repr=False)
    _read: Reader = field(repr=False, compare=False)
    _tags: tuple[Tag, ...] = field(repr=False)

    @property
    def sources(self) -> tuple[Tag, ...]:
        """The tags that it reads, sorted."""
        return self._tags

    def shown(
        self, readings: Readings, history: History | None = None, *, recorded: Recorded = _NOTHING
    ) -> str:
        """Returns the bound text followed by the live values, on one line."""
        inputs = _inputs(readings, history, None, recorded)
        values = [_show(tag, readings.get(tag.name)) for tag in self._tags]
        values += [
            f"{each.text} is {show_value(each.form, each.read(inputs))}" for each in self.windows
        ]
        values += [
            f"{each.key} is {show_value(each.form, each.read(inputs))}" for each in self.step_values
        ]
        return f"{self.bound}  [{', '.join(values)}]" if values else self.bound


@dataclass(frozen=True, slots=True)
class Condition(Checked):
    """Checked expression that is true, false or unknown."""

    def evaluate(
        self,
        readings: Readings,
        history: History | None = None,
        *,
        now_s: float | None = None,
        recorded: Recorded = _NOTHING,
    ) -> Truth:
        """Evaluates the condition.

        Args:
            readings: By tag name, of one moment. A reading that is missing, not of good quality,
                without value or of another type is unknown, never an error. Its age counts only
                through its quality.
            history: Samples of its windows; without it they are unknown.
            now_s: Time for `age`, on the clock of the readings; by default the monotonic clock.
            recorded: Value of each of its `step_values`, by key. One that is missing, or of
                another type, is unknown.
        """
        return self.truth(_inputs(readings, history, now_s, recorded))

    def truth(self, inputs: ConditionInputs) -> Truth:
        """Evaluates the condition on inputs that it shares with others, as `evaluate` does."""
        return _TRUTHS[self._read(inputs)]

    def with_recorded(self, recorded: Recorded) -> "Condition":
        """Returns the condition with every recorded step value written out in its bound text.

        What is not recorded stays as it is. So a request can carry a condition that the gate can
        evaluate, which knows no steps.

        Raises:
            ConditionError: With the values it is no valid condition, such as a division by zero,
                or has too many characters.
        """
        scope = StepScope([each.step for each in self.step_values])
        names = {tag.name: tag for tag in self._tags}
        return _condition(self.bound, names, bool(self.windows), scope, recorded)


@dataclass(frozen=True, slots=True)
class Expression(Checked):
    """Checked expression of any kind, such as a number, truth or word."""

    @property
    def unit(self) -> str:
        """The unit of a number, empty for none."""
        return self._form.unit

    @property
    def kind(self) -> Kind:
        """The kind, `condition` for a truth or `word` for a constant text.

        `string` and `enum` are tags; the value of an enumeration is its number.
        """
        return self._form.kind

    def value(
        self,
        readings: Readings,
        history: History | None = None,
        *,
        now_s: float | None = None,
        recorded: Recorded = _NOTHING,
    ) -> Value | None:
        """Returns the value, `None` if unknown. Arguments as of `Condition.evaluate`."""
        return self._read(_inputs(readings, history, now_s, recorded))

    def show(self, readings: Readings, *, recorded: Recorded = _NOTHING) -> str:
        """Returns the value as text with five digits and the unit, `?` for unknown."""
        return show_value(self._form, self.value(readings, recorded=recorded))


def _inputs(
    readings: Readings, history: History | None, now_s: float | None, recorded: Recorded
) -> ConditionInputs:
    series = _NO_SERIES if history is None else history.series
    return ConditionInputs(readings, series, now_s, recorded)


def show_value(form: Form, value: Value | None) -> str:
    """Returns a value as text with five digits and the unit, `?` for unknown."""
    if value is None:
        return "?"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if form.kind == "word" else _quoted(value)
    if form.kind == "enum":
        return next(word for word, number in form.members.items() if number == value)
    is_nothing = abs(value) < _SMALLEST  # what is left of a sum that is zero
    shown = str(value) if isinstance(value, int) else f"{0.0 if is_nothing else value:.5g}"
    return f"{shown} {form.unit}".strip()


def _show(tag: Tag, reading: DataValue | None) -> str:
    if reading is None:
        return f"{tag.name} was not read"
    # Without quotes a device's text could pass for the next tag and its value.
    is_text = isinstance(reading.value, str)
    value = _quoted(str(reading.value)) if is_text else tag.show(reading)
    unit = f" {tag.unit}" if tag.unit and reading.value is not None else ""
    quality = "" if reading.status == GOOD else f" ({reading.status.name})"
    return f"{tag.name} is {value}{unit}{quality}"


def _quoted(text: str) -> str:
    """Returns a part of a device's text in quotation marks, which it cannot end."""
    return PlantText(excerpt(text), "condition").for_screen()


def parse_condition(
    text: str, names: Names, *, windows: bool = False, steps: StepScope | None = None
) -> Condition:
    """Parses a condition and checks its names, types and units.

    Args:
        text: At most 500 characters, nested at most 20 deep.
        names: Tags and constants; the tags of a site are such names.
        windows: Whether it may look back in time. Otherwise `held(X, T)` is X, and every other
            such function is refused.
        steps: Steps that `before` and `done` may ask about; without it they are refused.

    Raises:
        ConditionError: Wrong syntax, an unknown name, or a comparison of types or units that do
            not fit; with line and column.
    """
    return _condition(text, names, windows, steps, _NOTHING)


def _condition(
    text: str, names: Names, windows: bool, steps: StepScope | None, recorded: Recorded
) -> Condition:
    def finish(whole: Operand) -> Operand:
        need_conditions([whole])
        return whole

    return Condition(*_checked(text, names, windows, steps, recorded, finish))


def parse_expression(
    text: str,
    names: Names,
    *,
    unit: str | None = None,
    windows: bool = False,
    steps: StepScope | None = None,
) -> Expression:
    """Parses an expression of any kind. Arguments and errors as of a condition.

    Args:
        unit: Unit of the result, which must be a number; empty for a number without unit.
    """

    def finish(whole: Operand) -> Operand:
        return whole if unit is None else converted(whole, unit)

    return Expression(*_checked(text, names, windows, steps, _NOTHING, finish))


_Fields = tuple[
    str, tuple[str, ...], str, float, tuple[Window, ...], tuple[StepValue, ...], Form, Reader,
    tuple[Tag, ...],
]  # fmt: skip


def _checked(
    text: str,
    names: Names,
    windows: bool,
    steps: StepScope | None,
    recorded: Recorded,
    finish: Callable[[Operand], Operand],
) -> _Fields:
    tree = parse_tree(text)
    binder = Binder(text, names)
    checker = Checker(text, binder, windows, steps, recorded)
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
        tuple(checker.step_values), whole.form, whole.read,
        tuple(binder.found[name] for name in found),
    )  # fmt: skip


def tags_in(texts: Iterable[str], names: Names) -> set[str]:
    """Returns the tags that conditions read. A text that is no condition reads none."""
    found = set[str]()
    for text in texts:
        with suppress(ConditionError):
            found.update(parse_condition(text, names).tags)
    return found


def with_written(readings: Readings, tag: str, value: Value) -> dict[str, DataValue]:
    """Returns a copy of the readings with one tag of good quality, as a write would set it.

    The value is as the device will hold it: the number of an enumeration, not its word. The
    reaction of the process is not predicted: `P-101A.running` stays as measured when
    `P-101A.run_cmd` is written.
    """
    before = readings.get(tag)
    if before is None:
        written = DataValue(value, GOOD, None, None, 0.0)
    else:
        written = before._replace(value=value, status=GOOD)
    return {**readings, tag: written}
