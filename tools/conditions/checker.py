"""From a syntax tree to a checked condition: every name, type and unit, before anything is read."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeGuard

from handwheel.connectors.tags import Tag
from handwheel.connectors.values import Value

from . import operands
from .errors import ConditionError, error_at
from .grammar import MAX_NESTING, NUMBER, UNIT, excerpt
from .operands import Form, Operand, Reader

if TYPE_CHECKING:
    from lark import Token, Tree

    Node = Tree[Token] | Token

_NESTING = {"denied", "negative", "group", "call"}
_RELATIONS = {"comparison", "inside", "outside"}
_SIGNS = {"COMPARISON", "PLUS", "MINUS"}
_FUNCTIONS = ("good",)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# Of two temperatures only the difference means anything: 20 degC + 20 degC is not 40 degC.
_OFFSET_UNITS = {"degC", "degF", "°C", "°F"}


def check(text: str, tree: "Tree[Token]", tags: Mapping[str, Tag]) -> Operand:
    """Returns the condition, ready to be read.

    Raises:
        ConditionError: An unknown tag or function, parts that do not go together, a number
            without its unit, too deep a nesting, or something that is no condition.
    """
    checker = _Checker(text, tags)
    whole = checker.check(tree.children[0], 0)
    checker.conditions([whole])
    return whole


class _Checker:
    def __init__(self, text: str, tags: Mapping[str, Tag]) -> None:
        self._text = text
        self._tags = tags

    def check(self, node: "Node", depth: int) -> Operand:
        """Checks a node and all below it; `depth` counts what surrounds it."""
        if isinstance(node, str):
            return self._leaf(node)
        rule = str(node.data)
        depth += rule in _NESTING
        if depth > MAX_NESTING:
            reason = f"a condition is nested at most {MAX_NESTING} deep"
            raise self._error(node.meta.start_pos, reason)
        if rule == "call":
            return self._call(node)
        signs = [each for each in node.children if _is_sign(each)]
        parts = [self.check(each, depth) for each in node.children if not _is_sign(each)]
        match rule:
            case "group":
                return parts[0]
            case "sum" | "negative":
                return self._sum(node, parts, signs)
            case _:
                return self._condition(node, parts, signs)

    def _condition(
        self, node: "Tree[Token]", parts: Sequence[Operand], signs: "Sequence[Token]"
    ) -> Operand:
        match str(node.data):
            case "either":
                read = operands.any_of(self.conditions(parts))
            case "both":
                read = operands.all_of(self.conditions(parts))
            case "denied":
                read = operands.denied(self.conditions(parts)[0])
            case "inside":
                read = self._inside(parts)
            case "outside":
                read = operands.denied(self._inside(parts))
            case _:
                read = self._comparison(parts, signs)
        condition = self._join(node, Form("condition"), read, parts)
        if node.data in _RELATIONS and not condition.tags:
            raise self._error(condition.offset, f"{condition.said!r} compares no tag")
        return condition

    def _join(
        self, node: "Tree[Token]", form: Form, read: Reader, parts: Sequence[Operand]
    ) -> Operand:
        start, end = node.meta.start_pos, node.meta.end_pos
        names = frozenset[str]().union(*(part.tags for part in parts))
        return Operand(form, read, excerpt(self._text[start:end]), start, names)

    def conditions(self, parts: Sequence[Operand]) -> list[Reader]:
        """Returns the readers of parts that must each be true or false."""
        for part in parts:
            if part.form.kind != "condition":
                reason = f"{part.said} is {part.form}, not a condition; compare it with something"
                raise self._error(part.offset, reason)
        return [part.read for part in parts]

    def _comparison(self, parts: Sequence[Operand], signs: "Sequence[Token]") -> Reader:
        if len(signs) > 1:
            reason = "comparisons are not chained; write A < B and B < C, or B in A .. C"
            raise self._error(signs[1].start_pos, reason)
        left, right = self._agree(parts[0], parts[1])
        sign = str(signs[0])
        if left.form.kind != "number" and sign not in {"==", "!="}:
            reason = f"{left.said} is {left.form}; it can be compared by == and != only"
            raise self._error(signs[0].start_pos, reason)
        return operands.compared(_COMPARISONS[sign], left.read, right.read)

    def _inside(self, parts: Sequence[Operand]) -> Reader:
        self._number_form(parts)
        value, low, high = parts
        if operands.is_above(low.constant, high.constant):
            reason = f"nothing lies in {low.said} .. {high.said}; the low end stands first"
            raise self._error(low.offset, reason)
        return operands.inside(value.read, low.read, high.read)

    def _sum(
        self, node: "Tree[Token]", parts: Sequence[Operand], signs: "Sequence[Token]"
    ) -> Operand:
        form = self._number_form(parts)
        for sign in signs:
            if sign == "+" and form.unit in _OFFSET_UNITS:
                reason = f"temperatures in {form.unit} are not added; compare a difference: A - B"
                raise self._error(sign.start_pos, reason)
        is_negative = node.data == "negative"
        minus = [is_negative, *(sign == "-" for sign in signs)]
        readers = [part.read for part in parts]
        read = operands.added(list(zip(minus, readers, strict=True)))
        total = self._join(node, form, read, parts)
        value = parts[0].constant
        if is_negative and isinstance(value, int | float):
            return replace(total, constant=-value)
        return total

    def _number_form(self, parts: Sequence[Operand]) -> Form:
        """Returns the form of parts that must be numbers in one unit."""
        for part in parts:
            if part.form.kind != "number":
                raise self._error(part.offset, f"{part.said} is {part.form}, not a number")
            self._agree(parts[0], part)
        return parts[0].form

    def _agree(self, left: Operand, right: Operand) -> tuple[Operand, Operand]:
        """Returns both sides of a comparison in one form."""
        if right.form.kind == "word":
            return left, self._find_word(right, left)
        if left.form.kind == "word":
            return self._find_word(left, right), right
        if left.form == right.form:
            return left, right
        if left.form.kind == right.form.kind == "number":
            raise self._unit_error(left, right)
        both = f"{left.said} is {left.form}, {right.said} is {right.form}"
        raise self._error(right.offset, f"{both}; they cannot be compared")

    def _find_word(self, word: Operand, other: Operand) -> Operand:
        if other.form.kind == "string":
            return replace(word, form=other.form)
        if other.form.kind != "enum":
            reason = f"{other.said} is {other.form}, {word.said} is a word; they cannot be compared"
            raise self._error(word.offset, reason)
        number = other.form.members.get(str(word.constant))
        if number is None:
            reason = f"{other.said} is never {word.said}; it is {other.form}"
            raise self._error(word.offset, reason)
        return replace(word, form=other.form, read=operands.always(number))

    def _unit_error(self, left: Operand, right: Operand) -> ConditionError:
        literal, other = (left, right) if left.constant is not None else (right, left)
        unit = other.form.unit
        reason = f"{other.said} is {other.form}"
        if literal.constant is None:
            reason += f", {literal.said} is {literal.form}; units are not converted"
        elif unit and not re.fullmatch(UNIT, unit):
            reason += "; this unit cannot be written in a condition"
        else:
            reason += f"; write {f'{literal.constant} {unit}'.strip()}"
        return self._error(literal.offset, reason)

    def _leaf(self, token: "Token") -> Operand:
        said, offset = excerpt(token), token.start_pos or 0
        if token.type == "NAME":
            tag = self._find_tag(token)
            form, read = operands.form_of(tag), operands.value_of(tag)
            return Operand(form, read, said, offset, frozenset([tag.name]))
        form, value = self._literal(token)
        return Operand(form, operands.always(value), said, offset, constant=value)

    def _literal(self, token: "Token") -> tuple[Form, Value]:
        match token.type:
            case "NUMBER":
                value, unit = self._number(token)
                return Form("number", unit), value
            case "STRING":
                return Form("word"), token[1:-1].replace("''", "'")
            case _:
                return Form("condition"), token.type == "TRUE"

    def _number(self, token: "Token") -> tuple[int | float, str]:
        found = re.fullmatch(rf"({NUMBER})\s*({UNIT})?", token)
        assert found is not None
        value = int(found[1]) if found[1].isdigit() else float(found[1])
        if value > operands.LARGEST_NUMBER:
            raise self._error(token.start_pos, "the number is too large")
        return value, found[2] or ""

    def _call(self, node: "Tree[Token]") -> Operand:
        name, *arguments = node.children
        if name not in _FUNCTIONS:
            reason = f"there is no function {excerpt(str(name))!r}; there is: good(TAG)"
            raise self._error(node.meta.start_pos, reason)
        tag_name = arguments[0] if len(arguments) == 1 else None
        if not isinstance(tag_name, str) or tag_name.type != "NAME":
            raise self._error(node.meta.start_pos, f"{name} asks about one tag: {name}(TAG)")
        tag = self._find_tag(tag_name)
        said = excerpt(self._text[node.meta.start_pos : node.meta.end_pos])
        read = operands.is_good(tag)
        return Operand(Form("condition"), read, said, node.meta.start_pos, frozenset([tag.name]))

    def _find_tag(self, token: "Token") -> Tag:
        tag = self._tags.get(str(token))
        if tag is not None:
            return tag
        close = get_close_matches(token, self._tags, n=1)
        if f"{token}.pv" in self._tags:
            close = [f"{token}.pv"]
        reason = f"there is no tag {excerpt(token)!r}"
        reason += f"; did you mean {close[0]!r}?" if close else ""
        raise self._error(token.start_pos, reason)

    def _error(self, offset: int | None, reason: str) -> ConditionError:
        return error_at(self._text, offset or 0, reason)


def _is_sign(node: "Node") -> "TypeGuard[Token]":
    return isinstance(node, str) and node.type in _SIGNS
