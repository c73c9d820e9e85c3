"""Names in an expression with meaning and replacement.

One that is unknown, or cannot be written in an expression, raises `ExpressionFault`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import exact_text

from .errors import ExpressionFault
from .grammar import UNIT, excerpt, tidy
from .operands import LARGEST_NUMBER, Form, Operand, always, form_of, value_of

if TYPE_CHECKING:
    from lark import Token


@dataclass(frozen=True, slots=True)
class Quantity:
    """Number with a unit, or with an empty unit."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        number = exact_text(self.value) if isinstance(self.value, int) else f"{self.value:g}"
        return f"{number} {self.unit}".rstrip()


Constant = Quantity | bool | str
Name = Tag | Constant
Names = Mapping[str, Name]


class Binder:
    """Finds names, which may differ from the tags' own, and records the replacement of each."""

    def __init__(self, text: str, names: Names) -> None:
        self._text = text
        self._names = names
        self._edits: dict[int, tuple[int, str]] = {}
        self.found: dict[str, Tag] = {}

    def find(self, token: "Token") -> Name:
        """Returns the tag or constant of a name."""
        meaning = self._names.get(str(token))
        if meaning is None:
            raise ExpressionFault(token.start_pos, self._unknown(str(token)))
        start, end = _span(token)
        if isinstance(meaning, Tag):
            self.found[meaning.name] = meaning
            self.put(start, end, meaning.name)
        else:
            self.put(start, end, literal(meaning, start))
        return meaning

    def find_tag(self, token: "Token", why: str) -> Tag:
        """Returns the tag of a name."""
        meaning = self.find(token)
        if not isinstance(meaning, Tag):
            raise ExpressionFault(token.start_pos, why)
        return meaning

    def operand(self, token: "Token") -> Operand:
        """Returns the operand of a name."""
        meaning = self.find(token)
        start, _ = _span(token)
        if isinstance(meaning, Tag):
            tags = frozenset([meaning.name])
            return Operand(form_of(meaning), value_of(meaning), excerpt(token), start, tags)
        said = f"{excerpt(token)} ({excerpt(literal(meaning, start))})"
        return constant_operand(meaning, said, start)

    def put(self, start: int, end: int, instead: str) -> None:
        """Records the replacement of a part of the text."""
        if instead == self._text[start:end]:
            return
        inner = [at for at in self._edits if start <= at < end]
        for at in inner:
            del self._edits[at]
        self._edits[start] = (end, instead)

    def bound(self, start: int, end: int) -> str:
        """Returns a part of the text with every name replaced, on one line."""
        said, at = "", start
        for begin in sorted(each for each in self._edits if start <= each < end):
            stop, instead = self._edits[begin]
            said += self._text[at:begin] + self._apart(begin, stop, instead)
            at = stop
        return tidy(said + self._text[at:end])

    def _apart(self, start: int, end: int, instead: str) -> str:
        """Separates a replacement from its neighbours by spaces."""
        before, after = self._text[:start][-1:], self._text[end:][:1]
        is_apart = not before or before in " \t\r\n(," or (before == "-" != instead[0])
        left = "" if is_apart else " "
        right = "" if not after or after in " \t\r\n)," else " "
        return left + instead + right

    def _unknown(self, name: str) -> str:
        what = "tag" if "." in name else "tag or parameter"
        if all(isinstance(each, Tag) for each in self._names.values()):
            what = "tag"
        hint = did_you_mean(name, self._names, f"{name}.pv")
        tags = (each for each in self._names.values() if isinstance(each, Tag))
        if any(name in each.members for each in tags):
            hint = f"; write a word of a tag in quotes: '{name}'"
        return f"there is no {what} {excerpt(name)!r}{hint}"


def constant_operand(constant: Constant, said: str, offset: int) -> Operand:
    """Returns the operand of a constant that the text names."""
    value = constant.value if isinstance(constant, Quantity) else constant
    if isinstance(constant, Quantity):
        form = Form("number", constant.unit)
    else:
        form = Form("condition" if isinstance(constant, bool) else "word")
    return Operand(form, always(value), said, offset, constant=value, is_named=True)


def literal(constant: Constant, offset: int) -> str:
    """Returns a constant as it is written in an expression, not rounded."""
    if isinstance(constant, bool):
        return "true" if constant else "false"
    if isinstance(constant, str):
        if not constant.isprintable():
            raise ExpressionFault(offset, "the text has a character that cannot be seen")
        return "'" + constant.replace("'", "''") + "'"
    if not abs(constant.value) <= LARGEST_NUMBER:
        raise ExpressionFault(offset, "the number is too large")
    if constant.unit and not re.fullmatch(UNIT, constant.unit):
        raise ExpressionFault(offset, f"the unit {excerpt(constant.unit)!r} cannot be written here")
    return f"{exact_text(constant.value + 0.0)} {constant.unit}".strip()


def _span(token: "Token") -> tuple[int, int]:
    return token.start_pos or 0, token.end_pos or 0
