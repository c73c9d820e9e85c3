"""Texts with live values, such as `Vibration {standby.vibration}`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .calls import StepScope, StepValue
from .condition import Expression, parse_expression
from .errors import ConditionError, error_at
from .names import Names
from .operands import Readings, Recorded

_PIECE = re.compile(r"\{\{|\}\}|\{((?:[^{}']|'[^']*')*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class Template:
    """Text with expressions in it."""

    text: str  # as written
    tags: tuple[str, ...]  # the tags that it reads, sorted
    _pieces: Sequence[str | Expression] = field(repr=False)

    @property
    def step_values(self) -> tuple[StepValue, ...]:
        """The values that it shows of what a run records about its steps."""
        asking = (each for each in self._pieces if isinstance(each, Expression))
        return tuple(value for each in asking for value in each.step_values)

    @property
    def bound(self) -> str:
        """The text with names replaced as in a condition, and with the values that are fixed."""
        return "".join(each if isinstance(each, str) else _bound(each) for each in self._pieces)

    def render(self, readings: Readings, *, recorded: Recorded | None = None) -> str:
        """Returns the text with the values filled in, `?` for unknown.

        A text from a device is quoted, and what cannot be printed is escaped.
        """
        return "".join(
            each if isinstance(each, str) else each.show(readings, recorded=recorded or {})
            for each in self._pieces
        )


def _bound(shown: Expression) -> str:
    depends = shown.tags or shown.step_values
    return f"{{{shown.bound}}}" if depends else shown.show({}, recorded={})


def parse_template(text: str, names: Names, *, steps: StepScope | None = None) -> Template:
    """Parses a text with expressions in braces. `{{` and `}}` stand for braces.

    Its expressions may ask about `steps`. A brace without a partner, or a wrong expression, raises
    `ConditionError` with line and column.
    """
    pieces: list[str | Expression] = []
    at = 0
    for found in _PIECE.finditer(text):
        pieces.append(text[at : found.start()])
        at = found.end()
        if found[1] is not None:
            pieces.append(_expression(text, found[1], found.start(1), names, steps))
        elif len(found[0]) == 2:
            pieces.append(found[0][0])
        else:
            reason = f"{found[0]!r} has no partner; write {found[0] * 2}"
            raise error_at(text, found.start(), reason)
    pieces.append(text[at:])
    read = {tag for each in pieces if isinstance(each, Expression) for tag in each.tags}
    return Template(text, tuple(sorted(read)), tuple(each for each in pieces if each != ""))


def _expression(
    text: str, inner: str, offset: int, names: Names, steps: StepScope | None
) -> Expression:
    try:
        return parse_expression(inner, names, steps=steps)
    except ConditionError as error:
        lines = inner.split("\n")
        within = sum(len(line) + 1 for line in lines[: error.line - 1]) + error.column - 1
        raise error_at(text, offset + within, error.reason) from None
