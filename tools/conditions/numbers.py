"""Arithmetic on numbers with units.

A part that is no number, or does not convert, and a constant that becomes too large raise
`ExpressionFault`.
"""

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .errors import ExpressionFault
from .grammar import UNIT
from .operands import NO_INPUTS, Compute, Form, Operand, always, computed, is_number, scaled
from .units import POINTS, UnitConversion, point_name, product, quotient, rounded, scale


def _over(left: float, right: float) -> float:
    return left / right


_OPERATIONS: Mapping[str, Compute] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _over,
}


def need_number(part: Operand) -> None:
    """Checks that a part is a number."""
    if part.form.kind != "number":
        raise ExpressionFault(part.offset, f"{part.said} is {part.form}, not a number")


def need_amount(part: Operand) -> None:
    """Checks that a part is a number that can be multiplied or negated.

    A temperature or a gauge pressure cannot: 40 degC is not twice 20 degC.
    """
    need_number(part)
    if part.form.is_point:
        unit = part.form.unit
        reason = f"{part.said} is a {point_name(unit)} in {unit}; only a difference A - B"
        raise ExpressionFault(part.offset, f"{reason} can be multiplied or turned round")


def together(left: Operand, right: Operand) -> tuple[Operand, Operand]:
    """Returns two numbers in the unit of the one that is no constant."""
    is_left = left.constant is not None and right.constant is None
    fitted = fit(left, right.form) if is_left else fit(right, left.form)
    if fitted is None:
        raise _mismatch(left, right)
    return (fitted, right) if is_left else (left, fitted)


def all_together(parts: Sequence[Operand]) -> list[Operand]:
    """Returns numbers in the unit of the first that is no constant."""
    for part in parts:
        need_number(part)
    leading = next((part for part in parts if part.constant is None), parts[0])
    fitted: list[Operand] = []
    for part in parts:
        converted = fit(part, leading.form)
        if converted is None:
            raise _mismatch(leading, part)
        fitted.append(converted)
    return fitted


def fit(part: Operand, form: Form) -> Operand | None:
    """Returns a number in the unit of a form, or `None` if it does not convert.

    K beside degC is a difference, never a temperature; kPa beside kPag is an absolute pressure
    unless it was computed as a difference. `0.5 degC` counts as a difference where only a
    difference fits.
    """
    unit = part.form.unit
    if form.is_difference and part.constant is not None:
        unit = POINTS.get(unit, unit)
    elif (form.is_difference and part.form.is_point) or (part.form.is_difference and form.is_point):
        return None
    by = scale(unit, form.unit)
    return None if by is None else in_unit(part, by, form)


def converted(part: Operand, unit: str) -> Operand:
    """Returns a number in a unit, where degC is a temperature."""
    need_number(part)
    fitted = fit(part, Form("number", unit))
    if fitted is None:
        wanted = Operand(Form("number", unit), part.read, "what is asked for", part.offset)
        raise _mismatch(wanted, part)
    return fitted


def in_unit(part: Operand, by: UnitConversion, form: Form) -> Operand:
    """Returns a number converted to a form."""
    if by == UnitConversion():
        return replace(part, form=form)
    read = scaled(part.read, by)
    if not isinstance(part.constant, int | float):
        return replace(part, form=form, read=read)
    constant = rounded(part.constant * by.factor + by.offset)
    if not is_number(constant):
        raise ExpressionFault(part.offset, "the number is too large")
    return replace(part, form=form, read=always(constant), constant=constant)


def added(left: Operand, right: Operand, is_minus: bool, offset: int) -> Operand:
    """Returns a sum or difference. The caller sets its text and offset.

    degC - degC is a difference in K, degC and a difference are degC again. Temperatures are not
    added.
    """
    need_number(left)
    need_number(right)
    form, unit = left.form, right.form.unit
    if left.form.is_point and right.form.is_point:
        if not is_minus:
            step = POINTS[form.unit]
            reason = (
                f"{point_name(form.unit)}s in {form.unit} are not added; add a difference in {step}"
            )
            raise ExpressionFault(offset, reason)
        by = scale(unit, form.unit)
        form = Form("number", POINTS[form.unit], is_difference=True)
    elif left.form.is_point:
        by = scale(unit, POINTS[form.unit])
    elif right.form.is_point and not is_minus:
        return added(right, left, False, offset)
    else:
        if form.is_difference and right.constant is not None:
            unit = POINTS.get(unit, unit)
        by = scale(unit, form.unit)
        form = replace(form, is_difference=form.is_difference or right.form.is_difference)
    if by is None:
        raise _mismatch(left, right)
    terms = [left, in_unit(right, by, form)]
    return folded(_OPERATIONS["-" if is_minus else "+"], terms, form)


def multiplied(left: Operand, right: Operand, is_over: bool, offset: int) -> Operand:
    """Returns a product or quotient, and its unit. The text must not divide by zero."""
    need_amount(left)
    need_amount(right)
    if is_over and right.constant == 0:
        raise ExpressionFault(offset, f"{right.said} is zero; nothing is divided by it")
    combine = quotient if is_over else product
    unit, factor = combine(left.form.unit, right.form.unit)
    same = [part for part in (left, right) if part.form.unit == unit and part.form.is_difference]
    terms = [left, in_unit(right, UnitConversion(1 / factor if is_over else factor), right.form)]
    form = Form("number", unit, is_difference=bool(same))
    return folded(_OPERATIONS["/" if is_over else "*"], terms, form)


def folded(compute: Compute, parts: Sequence[Operand], form: Form) -> Operand:
    """Returns a computed operand. Of constants only, it is a constant."""
    read = computed(compute, [part.read for part in parts])
    constant = None
    if all(part.constant is not None for part in parts):
        constant = read(NO_INPUTS)
        if constant is None:
            raise ExpressionFault(parts[0].offset, "the number is too large")
    tags = frozenset[str]().union(*(part.tags for part in parts))
    is_named = any(part.is_named for part in parts)
    return Operand(form, read, parts[0].said, parts[0].offset, tags, constant, is_named)


def _mismatch(left: Operand, right: Operand) -> ExpressionFault:
    literal, other = (left, right) if _is_literal(left) else (right, left)
    unit = other.form.unit
    reason = f"{other.said} is {other.form}"
    if not _is_literal(literal):
        reason += f", {literal.said} is {literal.form}; {_why(other.form, literal.form)}"
    elif unit and not re.fullmatch(UNIT, unit):
        reason += "; this unit cannot be written in a condition"
    elif unit and literal.form.unit:
        reason += f", not in {literal.form.unit}; {_why(other.form, literal.form)}"
    else:
        reason += f"; write {_rewritten(literal, unit)}"
    return ExpressionFault(literal.offset, reason)


def _is_literal(part: Operand) -> bool:
    return part.constant is not None and not part.is_named


def _rewritten(literal: Operand, unit: str) -> str:
    number = literal.constant
    if literal.form.unit == "%" and isinstance(number, int | float):
        number = rounded(number * 0.01)
    return f"{number} {unit}".strip()


def _why(form: Form, other: Form) -> str:
    for one, step in ((form.unit, other.unit), (other.unit, form.unit)):
        if POINTS.get(one) == step:
            return f"{step} beside a {point_name(one)} is a difference"
    return "these units do not convert"
