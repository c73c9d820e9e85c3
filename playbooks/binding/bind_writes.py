"""Binding of writes to tags, with values in the tag's type and unit."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import Expression, Quantity

from ..language.expressions import Expressions
from .step_model import Write

_BEFORE = re.compile(r"\s*before\s*\(")


class _Wrong(Exception):
    """The tag does not accept the value."""

    def __init__(self, code: str, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.hint = hint


def bind_writes(
    table: Mapping[str, Any], path: Path_, expressions: Expressions, *, is_fixed: bool = False
) -> tuple[Write, ...]:
    """Returns the writes of a step, and reports the invalid ones.

    Args:
        is_fixed: Whether no value may depend on the plant, as in a safe state.
    """
    found: list[Write] = []
    for name, raw in table.items():
        here = (*path, name)
        tag = expressions.tag(here, name, is_key=True)
        try:
            value = _value(tag, raw, here, expressions) if tag else None
        except _Wrong as wrong:
            expressions.report(wrong.code, here, wrong.text, wrong.hint)
            continue
        if is_fixed and isinstance(value, Expression):
            expressions.report("not-constant", here, "a safe state writes fixed values only")
            continue
        if tag and value is not None:
            _check_once(tag, found, here, expressions)
            found.append(Write(tag, value))
    return tuple(found)


def _check_once(tag: Tag, found: Sequence[Write], path: Path_, expressions: Expressions) -> None:
    if any(each.tag == tag for each in found):
        text = f"{tag.name} is written here already, by another of its names"
        expressions.findings.append(expressions.playbook.key_finding("written-twice", path, text))


def _value(tag: Tag, raw: Any, path: Path_, expressions: Expressions) -> Value | Expression | None:
    if tag.kind in {"bool", "enum"} and isinstance(raw, str) and _BEFORE.match(raw):
        return _copied(tag, raw, path, expressions)
    raw = _of_parameter(raw, expressions)
    match tag.kind:
        case "bool":
            if isinstance(raw, bool):
                return raw
            raise _Wrong("wrong-value", f"{tag.name} takes true or false, not {raw!r}")
        case "enum":
            return _member(tag, raw, expressions)
        case "string":
            if isinstance(raw, str) and raw not in expressions.names:
                return raw
            raise _Wrong("wrong-value", f"{tag.name} takes a text, not {raw!r}")
        case _:
            return _number(tag, raw, path, expressions)


def _of_parameter(raw: Any, expressions: Expressions) -> Any:
    """Returns the value of a parameter that is true or false, a word or a text, by its name."""
    value = expressions.names.get(raw) if isinstance(raw, str) else None
    if not isinstance(value, bool | str):
        return raw
    expressions.texts.append(str(raw))
    return value


def _member(tag: Tag, raw: Any, expressions: Expressions) -> Value:
    # A parameter's name has precedence over a member, but a parameter is no word.
    if isinstance(raw, str) and raw in tag.members and raw not in expressions.names:
        return tag.members[raw]
    raise _Wrong("wrong-value", f"{tag.name} takes {' or '.join(tag.members)}, not {raw!r}")


def _copied(tag: Tag, raw: str, path: Path_, expressions: Expressions) -> Expression | None:
    """Returns the earlier value of a tag of the same kind."""
    found = expressions.computed(path, raw)
    wanted = "condition" if tag.kind == "bool" else tag.kind
    if found and found.kind != wanted:
        raise _Wrong("wrong-value", f"{tag.name} takes no {found.kind}, as {raw!r} is")
    return found


def _number(tag: Tag, raw: Any, path: Path_, expressions: Expressions) -> Value | Expression | None:
    if isinstance(raw, bool):
        raise _Wrong("wrong-value", f"{tag.name} takes a number, not {str(raw).lower()}")
    if isinstance(raw, int | float) and tag.unit:
        text = f"{tag.name} is in {tag.unit}, and {raw} has no unit"
        raise _Wrong("unit-mismatch", text, f"write {raw} {tag.unit}")
    found = expressions.computed(path, str(raw), tag.unit)
    if found is None or found.tags:
        return found
    value = found.value({})
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Wrong("wrong-value", f"{tag.name} takes a number, not {raw!r}")
    if text := outside_range(tag, value):
        raise _Wrong("out-of-range", text)
    return _fitted(tag, value)


def outside_range(tag: Tag, value: float) -> str:
    """Returns the sentence that a number lies outside its tag's range, empty if it does not."""
    if not tag.span or tag.span[0] <= value <= tag.span[1]:
        return ""
    low, high = tag.span
    return (
        f"{value:g} {tag.unit}".rstrip()
        + f" lies outside the range of {tag.name}, {low:g} to {high:g}"
    )


def _fitted(tag: Tag, value: float) -> Value:
    if tag.kind == "float":
        return float(value) + 0.0  # -0.0 becomes 0.0
    if value != int(value):
        raise _Wrong("wrong-value", f"{tag.name} takes a whole number, not {value:g}")
    return int(value)


def bind_quantity(raw: Any, unit: str, path: Path_, expressions: Expressions) -> Quantity | None:
    """Returns a parameter's quantity in its unit, and reports an invalid one."""
    if isinstance(raw, int | float) and not isinstance(raw, bool) and unit:
        expressions.report("unit-mismatch", path, f"{raw} has no unit", f"write {raw} {unit}")
        return None
    value = expressions.constant(path, str(raw), unit)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        expressions.report("wrong-value", path, f"{raw!r} is no quantity")
        return None
    return Quantity(float(value), unit)
