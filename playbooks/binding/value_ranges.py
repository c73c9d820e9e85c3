"""Values that a write of a bound playbook can have."""

from math import isfinite

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.tools.conditions import Expression

from ..language.intervals import Interval
from .step_model import Write


def values_of(write: Write) -> list[Value]:
    """Returns the values that a write can have, those of a computed number without any."""
    if not isinstance(write.value, Expression):
        return [write.value]
    match write.tag.kind:
        case "bool":
            return [False, True]
        case "enum":
            return list(write.tag.members.values())
        case _:
            return []


def range_of(write: Write, *, is_ramp: bool = False) -> tuple[float, float] | None:
    """Returns the ends of a computed number or a ramp, `None` for listed values or no ends.

    They follow from the ranges of the tags that it reads, and lie within the range of its own.
    """
    formula, span = write.value, write.tag.span
    if is_ramp:
        return span  # it may begin anywhere
    if not isinstance(formula, Expression) or values_of(write):
        return None
    readings = {each.name: _reading(each) for each in formula.sources if each.span}
    recorded = {each.key: each.at_begin(readings) for each in formula.step_values}
    known = {key: value for key, value in recorded.items() if value is not None}
    found = formula.value(readings, recorded=known)
    if not isinstance(found, Interval) or not isfinite(found.low) or not isfinite(found.high):
        return span
    if span is None:
        return found.low, found.high
    low, high = max(found.low, span[0]), min(found.high, span[1])
    return (low, high) if low <= high else None


def _reading(tag: Tag) -> DataValue:
    low, high = tag.span or (0.0, 0.0)
    return DataValue(Interval.of(low, high, tag.name, {}), GOOD, None, None, 0.0)
