"""Checks names, types and units of a syntax tree before anything is read.

A part that does not fit raises `ExpressionFault`.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from . import calls, operands
from .errors import ExpressionFault
from .grammar import MAX_NESTING, NUMBER, UNIT, excerpt
from .names import Binder, constant_operand, literal
from .numbers import added, all_together, multiplied, need_amount, together
from .operands import NO_INPUTS, Form, Operand, Reader, Recorded
from .units import UnitConversion
from .windows import Window

if TYPE_CHECKING:
    from lark import Token, Tree

    Node = Tree[Token] | Token

_NESTING = {"denied", "negative", "group", "call"}
_RELATIONS = {"comparison", "inside", "outside"}
_SIGNS = {"COMPARISON", "PLUS", "MINUS", "TIMES", "OVER"}
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def need_conditions(parts: Sequence[Operand]) -> list[Reader]:
    """Returns the readers of parts that must be conditions."""
    for part in parts:
        if part.form.kind != "condition":
            reason = f"{part.said} is {part.form}, not a condition; compare it with something"
            raise ExpressionFault(part.offset, reason)
    return [part.read for part in parts]


class Checker:
    """Checks one expression, and collects its `windows`, inner before outer, and `step_values`.

    Without `allow_windows`, `held(X, T)` is X. A step value that is recorded becomes a constant.
    """

    def __init__(
        self,
        text: str,
        binder: Binder,
        allow_windows: bool,
        scope: calls.StepScope | None,
        recorded: Recorded,
    ) -> None:
        self._text = text
        self._binder = binder
        self._allow_windows = allow_windows
        self._scope = scope
        self._recorded = recorded
        self.windows: list[Window] = []
        self.step_values: list[calls.StepValue] = []

    def check(self, node: "Node", depth: int = 0) -> Operand:
        """Checks a node and its children, with the depth of the nesting around it."""
        if isinstance(node, str):
            return self._leaf(node, depth)
        rule = str(node.data)
        depth += rule in _NESTING
        if depth > MAX_NESTING:
            reason = f"a condition is nested at most {MAX_NESTING} deep"
            raise ExpressionFault(node.meta.start_pos, reason)
        if rule == "call":
            return self._call(node, depth)
        signs = [each for each in node.children if _is_sign(each)]
        parts = [self.check(each, depth) for each in node.children if not _is_sign(each)]
        match rule:
            case "group":
                return parts[0]
            case "sum" | "product":
                return self._computed(node, parts, signs)
            case "negative":
                return self._negative(node, parts[0])
            case _:
                return self._condition(node, parts, signs)

    def _condition(
        self, node: "Tree[Token]", parts: Sequence[Operand], signs: "Sequence[Token]"
    ) -> Operand:
        match str(node.data):
            case "either":
                read = operands.any_of(need_conditions(parts))
            case "both":
                read = operands.all_of(need_conditions(parts))
            case "denied":
                read = operands.denied(need_conditions(parts)[0])
            case "inside":
                read = _inside(parts)
            case "outside":
                read = operands.denied(_inside(parts))
            case _:
                read = _comparison(parts, signs)
        start, end = node.meta.start_pos, node.meta.end_pos
        said = excerpt(self._text[start:end])
        tags = frozenset[str]().union(*(part.tags for part in parts))
        is_named = any(part.is_named for part in parts)
        if node.data in _RELATIONS and not tags:
            if not is_named:
                raise ExpressionFault(start, f"{said!r} compares no tag")
            self._binder.put(start, end, "true" if read(NO_INPUTS) else "false")
        return Operand(Form("condition"), read, said, start, tags, is_named=is_named)

    def _computed(
        self, node: "Tree[Token]", parts: Sequence[Operand], signs: "Sequence[Token]"
    ) -> Operand:
        start, total = node.meta.start_pos, parts[0]
        for sign, part, child in zip(signs, parts[1:], node.children[2::2], strict=True):
            at = sign.start_pos or 0
            if sign.type in {"TIMES", "OVER"}:
                total = multiplied(total, part, sign.type == "OVER", at)
            else:
                total = added(total, part, sign.type == "MINUS", at)
            said = excerpt(self._text[start : _span(child)[1]])
            total = replace(total, said=said, offset=start)
        return total

    def _negative(self, node: "Tree[Token]", part: Operand) -> Operand:
        if part.constant is None or part.form.kind != "number":
            need_amount(part)
        value = part.constant
        constant = -value if isinstance(value, int | float) else None
        read = (
            operands.scaled(part.read, UnitConversion(-1.0))
            if constant is None
            else operands.always(constant)
        )
        said = excerpt(self._text[node.meta.start_pos : node.meta.end_pos])
        start = node.meta.start_pos
        return replace(part, read=read, constant=constant, said=said, offset=start)

    def _leaf(self, token: "Token", depth: int) -> Operand:
        said, offset = excerpt(token), token.start_pos or 0
        match token.type:
            case "NAME":
                part = self._binder.operand(token)
                value = part.constant
                if isinstance(value, float) and value < 0 and depth >= MAX_NESTING:
                    reason = f"with its minus, {part.said} is nested too deep"
                    raise ExpressionFault(offset, reason)
                return part
            case "NUMBER":
                value, unit = _number(token)
                return Operand(
                    Form("number", unit), operands.always(value), said, offset, constant=value
                )
            case "STRING":
                word = token[1:-1].replace("''", "'")
                return Operand(Form("word"), operands.always(word), said, offset, constant=word)
            case _:
                truth = token.type == "TRUE"
                return Operand(
                    Form("condition"), operands.always(truth), said, offset, constant=truth
                )

    def _call(self, node: "Tree[Token]", depth: int) -> Operand:
        name, *arguments = str(node.children[0]), *node.children[1:]
        start, end = node.meta.start_pos, node.meta.end_pos
        said = excerpt(self._text[start:end])
        if name not in calls.NAMES:
            there = ", ".join(calls.NAMES)
            raise ExpressionFault(
                start, f"there is no function {excerpt(name)!r}; there is: {there}"
            )
        if name in calls.ABOUT_A_TAG:
            return self._about_a_tag(name, arguments, said, start)
        if name in calls.ABOUT_A_STEP:
            part = self._about_a_step(name, arguments, node, depth)
            return calls.called(part, said, start)
        outer, asked = len(self.windows), len(self.step_values)
        parts = [self.check(each, depth) for each in arguments]
        if not calls.is_back_in_time(name, parts):
            return calls.called(calls.of_numbers(name, parts, start), said, start)
        if not self._allow_windows:
            return calls.called(self._now(name, parts, start), said, start)
        if len(self.step_values) > asked:
            raise ExpressionFault(start, f"{name} looks back in time, at what no step recorded")
        window = calls.window(
            name, parts, start, tuple(self.windows[outer:]),
            self._binder.bound(start, end), self._binder.bound(*_span(arguments[0])),
        )  # fmt: skip
        self.windows.append(window)
        return Operand(window.form, window.read, said, start, parts[0].tags)

    def _now(self, name: str, parts: Sequence[Operand], start: int) -> Operand:
        if name != "held":
            reason = f"{name} looks back in time; this is evaluated on what is read at one moment"
            raise ExpressionFault(start, reason)
        calls.check_window(name, parts, start)
        return parts[0]

    def _about_a_step(
        self, name: str, arguments: "Sequence[Node]", node: "Tree[Token]", depth: int
    ) -> Operand:
        start, end = node.meta.start_pos, node.meta.end_pos
        step = calls.asked_step(name, arguments, self._scope, start)
        part, bound = None, f"done({step})"
        if name == "before":
            looking_back = len(self.windows) + len(self.step_values)
            part = self.check(arguments[-1], depth)
            if not part.tags or len(self.windows) + len(self.step_values) > looking_back:
                reason = f"before takes what is read at one moment, and {part.said} is not"
                raise ExpressionFault(part.offset, reason)
            bound = f"before({step}, {self._binder.bound(*_span(arguments[-1]))})"
        form = part.form if part else Form("condition")
        value = calls.StepValue(bound, step, form, part.read if part else None)
        constant = value.constant(self._recorded)
        if constant is not None:
            self._binder.put(start, end, literal(constant, start))
            return constant_operand(constant, bound, start)
        self._binder.put(start, end, bound)
        self.step_values.append(value)
        return Operand(form, value.read, bound, start, part.tags if part else frozenset())

    def _about_a_tag(
        self, name: str, arguments: "Sequence[Node]", said: str, start: int
    ) -> Operand:
        why = f"{name} asks about one tag: {name}(TAG)"
        token = arguments[0] if len(arguments) == 1 else None
        if not isinstance(token, str) or token.type != "NAME":
            raise ExpressionFault(start, why)
        tag = self._binder.find_tag(token, why)
        is_age = name == "age"
        form = Form("number", "s") if is_age else Form("condition")
        read = operands.age_of(tag) if is_age else operands.is_good(tag)
        return Operand(form, read, said, start, frozenset([tag.name]))


def _comparison(parts: Sequence[Operand], signs: "Sequence[Token]") -> Reader:
    if len(signs) > 1:
        reason = "comparisons are not chained; write A < B and B < C, or B in A .. C"
        raise ExpressionFault(signs[1].start_pos, reason)
    left, right = _agree(parts[0], parts[1])
    sign = str(signs[0])
    if left.form.kind != "number" and sign not in {"==", "!="}:
        reason = f"{left.said} is {left.form}; it can be compared by == and != only"
        raise ExpressionFault(signs[0].start_pos, reason)
    compare = _COMPARISONS[sign]
    if isinstance(right.constant, int | float):
        return operands.compared_with(compare, left.read, right.constant)
    return operands.compared(compare, left.read, right.read)


def _inside(parts: Sequence[Operand]) -> Reader:
    value, low, high = all_together(parts)
    if operands.is_above(low.constant, high.constant):
        reason = f"{low.said} .. {high.said} is empty; write the low end first"
        raise ExpressionFault(low.offset, reason)
    return operands.inside(value.read, low.read, high.read)


def _agree(left: Operand, right: Operand) -> tuple[Operand, Operand]:
    """Returns both sides of a comparison in one form."""
    kinds = left.form.kind, right.form.kind
    if kinds == ("number", "number"):
        return together(left, right)
    if kinds == ("word", "word"):
        return left, right
    if kinds[1] == "word":
        return left, _find_word(right, left)
    if kinds[0] == "word":
        return _find_word(left, right), right
    if left.form == right.form:
        return left, right
    both = f"{left.said} is {left.form}, {right.said} is {right.form}"
    raise ExpressionFault(right.offset, f"{both}; they cannot be compared")


def _find_word(word: Operand, other: Operand) -> Operand:
    if other.form.kind == "string":
        return replace(word, form=other.form)
    if other.form.kind != "enum":
        reason = f"{other.said} is {other.form}, {word.said} is a word; they cannot be compared"
        raise ExpressionFault(word.offset, reason)
    number = other.form.members.get(str(word.constant))
    if number is None:
        reason = f"{other.said} is never {word.said}; it is {other.form}"
        raise ExpressionFault(word.offset, reason)
    return replace(word, form=other.form, read=operands.always(number))


def _number(token: "Token") -> tuple[int | float, str]:
    found = re.fullmatch(rf"({NUMBER})\s*({UNIT})?", token)
    assert found is not None
    value = int(found[1]) if found[1].isdigit() else float(found[1])
    if value > operands.LARGEST_NUMBER:
        raise ExpressionFault(token.start_pos, "the number is too large")
    return value, found[2] or ""


def _is_sign(node: "Node") -> "TypeGuard[Token]":
    return isinstance(node, str) and node.type in _SIGNS


def _span(node: "Node") -> tuple[int, int]:
    if isinstance(node, str):
        return node.start_pos or 0, node.end_pos or 0
    return node.meta.start_pos, node.meta.end_pos
