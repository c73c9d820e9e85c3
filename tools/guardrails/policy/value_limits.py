"""Denials of a value, and its risk class, by the rules of its tag."""

from sys import float_info
from typing import TypeGuard

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality, Value

from ...conditions.names import Quantity
from .quantities import rounding
from .rules import TagRules
from .schema import RiskClass


def tag_denials(rules: TagRules) -> tuple[str, ...]:
    """Returns the reasons why a tag is never written."""
    if rules.forbidden:
        return rules.forbidden
    if not rules.is_writable:
        return ("its tag or its connection is not for writing",)
    return () if rules.is_allowed else ("no rule allows it",)


def value_denials(rules: TagRules, value: Value) -> tuple[str, ...]:
    """Returns the reasons why a value has a wrong type or lies outside the limits."""
    tag, limits = rules.tag, rules.limits
    if not _fits(tag, value):
        return (f"it is no value that a {tag.kind} of {tag.name} can have",)
    if tag.kind not in {"float", "int"} or not rules.is_allowed:
        return ()
    if limits is None:
        return ("no rule gives it limits",)
    if not _is_number(value) or not limits.holds(value):
        return (f"{tag.show_value(value)} lies outside the limits {limits}",)
    return ()


def _fits(tag: Tag, value: object) -> bool:
    match tag.kind:
        case "bool":
            return isinstance(value, bool)
        case "enum":
            return _is_integer(value) and value in tag.members.values()
        case "int":
            return _is_integer(value) and _is_number(value)
        case "float":
            return _is_number(value)
        case _:
            return isinstance(value, str)


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[int | float]:
    # Compared, not converted, since an integer can be too large for a float. NaN compares false.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -float_info.max <= value <= float_info.max


def risk(rules: TagRules, value: Value) -> dict[RiskClass, str]:
    """Returns the risk classes above that of the rules, each with its reason."""
    raised: dict[RiskClass, str] = {}
    if rules.band is None:
        raised["R2"] = "R2: it has no normal band"
    elif not (_is_number(value) and rules.band.holds(value)):
        raised["R2"] = f"R2: outside the normal band {rules.band}"
    if not rules.is_commissioned:
        raised["R3"] = "R3: the rule is not commissioned"
    return {class_: why for class_, why in raised.items() if class_ > rules.class_}


def step_denials(rules: TagRules, value: Value, now: DataValue | None) -> tuple[str, ...]:
    """Returns the reasons why a value is too far from the present one, or may be."""
    largest = rules.max_step
    if largest is None or not _is_number(value):
        return ()
    present = now.value if now is not None and now.quality is Quality.GOOD else None
    if not _is_number(present):
        return ("its step is limited, and its present value is not known",)
    slack = rounding(rules.tag) * max(abs(value), abs(present))
    if abs(value - present) <= largest + slack:
        return ()
    step, most = (Quantity(n, rules.tag.unit) for n in (abs(value - present), largest))
    return (f"a step of {step} is more than the {most} allowed",)
