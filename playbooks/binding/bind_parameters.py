"""Binding of parameters and roles, checked by type, bounds and class."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site
from handwheel.tools.conditions import ConditionError, Constant, Quantity, Truth, parse_condition

from ..language.errors import Finding
from ..language.expressions import Expressions
from ..language.loader import Playbook
from ..language.names import RoleBinding
from ..language.schema_start import ParameterSpec
from .bind_writes import bind_quantity
from .model import Adjustable

_MOST_CHARACTERS = 200


def bind_parameters(
    playbook: Playbook, expressions: Expressions, given: Mapping[str, str]
) -> dict[str, Constant]:
    """Returns the value of each parameter that is no role, and reports the invalid ones.

    A value that is `given` as text takes the place of the default. An invalid one has a value of
    its type, so that the texts which use it are still parsed.
    """
    parameters = playbook.file.parameters
    for name in given:
        if name not in parameters or parameters[name].type == "asset":
            text = f"there is no parameter {name!r} with a value"
            expressions.report("unknown-name", ("parameters",), text)
    return {
        name: _value(name, _with_default(each, given.get(name)), expressions)
        for name, each in parameters.items()
        if each.type != "asset"
    }


def _with_default(parameter: ParameterSpec, text: str | None) -> ParameterSpec:
    """Returns a parameter with a given value, read as its type, instead of the default."""
    if text is None:
        return parameter
    value: Any = text
    if parameter.type == "bool":
        value = {"true": True, "false": False}.get(text, text)
    elif parameter.type == "number":
        with suppress(ValueError):
            value = float(text)
    return parameter.model_copy(update={"default": value})


def parameter_text(value: Constant) -> str:
    """Returns the value of a parameter as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def adjustable(parameters: Mapping[str, ParameterSpec]) -> Iterator[Adjustable]:
    """Yields the parameters that a planner may give other values, without roles and texts."""
    for name, each in parameters.items():
        if each.type not in {"asset", "text"}:
            ends = (_written(each.default), each.unit, _written(each.min), _written(each.max))
            yield Adjustable(name, each.type, *ends, tuple(each.values))


def _written(raw: object) -> str:
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def _value(name: str, parameter: ParameterSpec, expressions: Expressions) -> Constant:
    path: Path_ = ("parameters", name, "default")
    raw = parameter.default
    match parameter.type:
        case "bool":
            if not isinstance(raw, bool):
                expressions.report("wrong-value", path, f"must be true or false, not {raw!r}")
            return raw is True
        case "enum":
            if raw not in parameter.values:
                text = f"must be {' or '.join(parameter.values)}, not {raw!r}"
                expressions.report("wrong-value", path, text)
            return _text(str(raw), path, expressions)
        case "text":
            if not isinstance(raw, str):
                expressions.report("wrong-value", path, f"must be a text, not {raw!r}")
            return _text(str(raw), path, expressions)
        case _:
            quantity = _quantity(name, parameter, expressions)
            return quantity or Quantity(0.0, parameter.unit)


def _text(value: str, path: Path_, expressions: Expressions) -> str:
    if value.isprintable() and len(value) <= _MOST_CHARACTERS:
        return value
    text = f"must be at most {_MOST_CHARACTERS} characters that can be seen"
    expressions.report("wrong-value", path, text)
    return ""


def _quantity(name: str, parameter: ParameterSpec, expressions: Expressions) -> Quantity | None:
    path: Path_ = ("parameters", name)
    found: dict[str, Quantity | None] = {}
    for key in ("default", "min", "max"):
        raw = getattr(parameter, key)
        if raw != "":
            found[key] = _number(raw, parameter, (*path, key), expressions)
    default, low, high = (found.get(key) for key in ("default", "min", "max"))
    at, said = (*path, "default"), f"{name} {parameter.default} lies"
    if default and low and default.value < low.value:
        expressions.report("out-of-range", at, f"{said} below min, {parameter.min}")
    if default and high and default.value > high.value:
        expressions.report("out-of-range", at, f"{said} above max, {parameter.max}")
    return default


def _number(
    raw: Any, parameter: ParameterSpec, path: Path_, expressions: Expressions
) -> Quantity | None:
    if parameter.type == "quantity":
        return bind_quantity(raw, parameter.unit, path, expressions)
    if isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw):
        return Quantity(float(raw))
    expressions.report("wrong-value", path, f"must be a number, not {raw!r}")
    return None


def check_role_binding(
    playbook: Playbook, site: Site, role_binding: RoleBinding, values: Mapping[str, Constant]
) -> Iterator[Finding]:
    """Yields a finding for equipment that is missing or of another class, and for failed checks."""
    parameters = playbook.file.parameters
    for role, asset in role_binding.roles.items():
        path = role_binding.place_of(role, playbook)
        if role not in playbook.file.roles:
            text = f"there is no role {role!r}; known: {', '.join(playbook.file.roles) or 'none'}"
            yield playbook.key_finding("unknown-name", path, text)
            continue
        equipment = site.equipment.get(asset)
        if equipment is None:
            yield playbook.finding("unknown-name", path, f"there is no equipment {asset!r}")
            continue
        wanted = parameters[role].class_
        if wanted and equipment.class_ != wanted:
            text = f"{asset} is of class {equipment.class_ or 'none'}, not {wanted}"
            yield playbook.finding("wrong-class", path, text)
    for name in parameters:
        if parameters[name].check:
            yield from _check(playbook, role_binding, values, name)


def _check(
    playbook: Playbook, role_binding: RoleBinding, values: Mapping[str, Constant], name: str
) -> Iterator[Finding]:
    text, path = playbook.file.parameters[name].check, ("parameters", name, "check")
    try:
        truth = parse_condition(text, {**values, **role_binding.roles}).evaluate({})
    except ConditionError as error:
        at = (error.line, error.column)
        yield playbook.finding_within("expression", path, at, error.reason)
        return
    if truth is not Truth.TRUE:
        given = {**role_binding.roles, **{each: parameter_text(values[each]) for each in values}}
        used = set(re.findall(r"\w+", text)) or given.keys()
        chosen = ", ".join(f"{each} is {given[each]}" for each in given if each in used)
        at_: Path_ = role_binding.at if role_binding.at != ("parameters",) else path
        yield playbook.key_finding("check-failed", at_, f"{text!r} does not hold: {chosen}")
