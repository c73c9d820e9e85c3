"""Functions of the language. Arguments that do not fit raise `ExpressionFault`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from handwheel.connectors.model.values import Value

from .errors import ExpressionFault
from .names import Constant, Quantity
from .numbers import all_together, folded, need_amount, need_number
from .operands import (
    Compute,
    ConditionInputs,
    Form,
    Operand,
    Reader,
    Readings,
    Recorded,
    fitting,
)
from .units import seconds
from .windows import FUNCTIONS, LONGEST_AGO_S, LONGEST_S, Window

if TYPE_CHECKING:
    from lark import Token, Tree

ABOUT_A_TAG = ("good", "age")
OF_NUMBERS: Mapping[str, Compute] = {"abs": abs, "min": min, "max": max}
ABOUT_A_STEP: Mapping[str, str] = {
    "before": "before(X) or before(STEP, X)", "done": "done(STEP)"
}  # fmt: skip
NAMES = (*sorted({*OF_NUMBERS, *FUNCTIONS, *ABOUT_A_TAG, *ABOUT_A_STEP}),)


@dataclass(frozen=True, slots=True)
class StepScope:
    """Steps of a playbook that one of its expressions may ask about."""

    earlier: Sequence[str]  # the steps before its own, or all if it belongs to none
    own: str = ""  # its own step; empty where that has not begun, as in `if`


@dataclass(frozen=True, slots=True)
class StepValue:
    """One call of `before` or `done`."""

    key: str  # the call with every name replaced, such as `before(relieve, FIC-201.sp)`
    step: str  # the step that it asks about
    form: Form  # form of its value
    _read: Reader | None = field(repr=False, compare=False)  # `None` for `done`

    @property
    def is_done(self) -> bool:
        """Whether it is `done(STEP)`, whose value is whether the step is done."""
        return self._read is None

    def at_begin(self, readings: Readings) -> Value | None:
        """Returns what to record when the step begins.

        `None` if it is unknown then, which is not recorded, and for `done`.
        """
        return None if self._read is None else self._read(ConditionInputs(readings, {}, None))

    @property
    def read(self) -> Reader:
        """Reader of what was recorded. Unknown if that is missing or of another form."""
        key, fit = self.key, fitting(self.form)
        return lambda inputs: fit(inputs.recorded.get(key))

    def constant(self, recorded: Recorded) -> Constant | None:
        """Returns what was recorded as a constant, an enumeration as its word, or `None`."""
        value = fitting(self.form)(recorded.get(self.key))
        if value is None or isinstance(value, bool | str):
            return value
        if self.form.kind == "enum":
            return next(word for word, number in self.form.members.items() if number == value)
        return Quantity(value, self.form.unit)


def of_numbers(name: str, parts: Sequence[Operand], offset: int) -> Operand:
    """Returns abs, min or max of numbers of one moment."""
    if name == "abs":
        if len(parts) != 1:
            raise ExpressionFault(offset, "abs takes one number: abs(X)")
        need_amount(parts[0])
    elif len(parts) < 2:
        raise ExpressionFault(
            offset, f"{name} takes two or more numbers, or one and a time: {name}(X, T)"
        )
    together = all_together(parts)
    return folded(OF_NUMBERS[name], together, together[0].form)


def is_back_in_time(name: str, parts: Sequence[Operand]) -> bool:
    """Whether a call looks back in time.

    An ambiguous call raises `ExpressionFault`: `min(X, 5 min)` of an X that is a time.
    """
    if name not in OF_NUMBERS:
        return name in FUNCTIONS
    if name == "abs" or len(parts) != 2 or not _is_time(parts[1]):
        return False
    if parts[0].constant is None and seconds(parts[0].form.unit):
        reason = f"this may be a window of {parts[1].said}, or the {name} of two times"
        raise ExpressionFault(parts[1].offset, f"{reason}; for that, write the constant first")
    return parts[0].constant is None


def window(
    name: str,
    parts: Sequence[Operand],
    offset: int,
    inner: tuple[Window, ...],
    text: str,
    seen: str,
) -> Window:
    """Returns the window of a call that looks back in time.

    Args:
        inner: Windows in the first argument.
        text: The call with every name replaced.
        seen: The first argument, so replaced.
    """
    length_s = check_window(name, parts, offset)
    longest_s, longest = (LONGEST_AGO_S, "7 d") if name == "ago" else (LONGEST_S, "24 h")
    reach_s = length_s + max((each.reach_s for each in inner), default=0.0)
    if reach_s > longest_s:
        reason = f"{name} looks back at most {longest}, with the windows in it"
        raise ExpressionFault(parts[1].offset, reason)
    judge, form_after = FUNCTIONS[name]
    form = form_after(parts[0].form)
    return Window(text, (seen, length_s), reach_s, form, inner, parts[0].read, judge)


def check_window(name: str, parts: Sequence[Operand], offset: int) -> float:
    """Returns how far back a call looks, in seconds."""
    if len(parts) != 2:
        raise ExpressionFault(offset, f"{name} takes what it looks at and a time: {name}(X, 5 min)")
    part, time = parts
    if not _is_time(time):
        raise ExpressionFault(time.offset, f"{time.said} is no time; write one such as 5 min")
    if name == "held":
        if part.form.kind != "condition":
            raise ExpressionFault(part.offset, f"{part.said} is {part.form}, not a condition")
    elif name != "ago":
        need_number(part)
    elif part.form.kind in {"string", "word"}:
        raise ExpressionFault(part.offset, f"{part.said} is {part.form}; texts are not kept")
    if not part.tags:
        raise ExpressionFault(
            part.offset, f"{part.said} reads no tag, so there is nothing to look back at"
        )
    assert isinstance(time.constant, int | float)
    return time.constant * (seconds(time.form.unit) or 0.0)


def called(part: Operand, said: str, offset: int) -> Operand:
    """Returns an operand with the text and offset of its call."""
    return replace(part, said=said, offset=offset)


def _is_time(part: Operand) -> bool:
    if part.form.kind != "number" or not isinstance(part.constant, int | float):
        return False
    return seconds(part.form.unit) is not None and part.constant > 0


def asked_step(
    name: str, arguments: "Sequence[Tree[Token] | Token]", scope: StepScope | None, offset: int
) -> str:
    """Returns the step that a call asks about. A call that does not fit raises a fault."""
    if scope is None:
        reason = f"{name} asks about a step of a run, and no step has begun here"
        raise ExpressionFault(offset, reason)
    if len(arguments) not in ((1,) if name == "done" else (1, 2)):
        raise ExpressionFault(offset, f"{name} is written {ABOUT_A_STEP[name]}")
    if name == "before" and len(arguments) == 1:
        if not scope.own:
            reason = "its own step has not begun here; write before(STEP, X) with an earlier step"
            raise ExpressionFault(offset, reason)
        return scope.own
    token = arguments[0]
    known = [*scope.earlier, *((scope.own,) if name == "before" and scope.own else ())]
    if isinstance(token, str) and str(token) in known:
        return str(token)
    at = token.start_pos if isinstance(token, str) else token.meta.start_pos
    which = "an earlier step" if name == "done" else "an earlier step or its own"
    reason = f"{name} asks about {which}; here there is: {', '.join(known) or 'none'}"
    raise ExpressionFault(at, reason)
