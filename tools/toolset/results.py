"""Results of tools as JSON, in which a value keeps its unit and quality.

No number of a result is bare: a key carries its unit, as `margin_kPa`, or the tool returns a
`Reading`, which becomes a table with `value`, `unit` and `quality`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import Any, Protocol, cast, runtime_checkable

from handwheel.tools.errors import ToolFailed

from ..plant_text import PlantText


@runtime_checkable
class HasJson(Protocol):
    """Object that says itself how it looks in JSON."""

    def to_json(self) -> Mapping[str, object]:
        """Returns its fields."""
        ...


def json_of(value: Any, at: str = "result") -> Any:
    """Returns a tool's result as JSON.

    A dataclass becomes a table of its fields, an enum its value, a moment its ISO text, and text
    of the plant a table that says that it is not trusted.

    Args:
        at: Place of the value, for the message.

    Raises:
        ToolFailed: A part of it has no JSON, such as a number that is not finite.
    """
    if isinstance(value, float) and not isfinite(value):
        raise ToolFailed(f"{at} is {value!r}, for which there is no JSON")
    match value:
        case Enum():
            return json_of(value.value, at)
        case datetime():
            return value.isoformat()
        case PlantText():
            return dict(value.as_data())
        case None | bool() | int() | float() | str():
            return value
        case Sequence() if not isinstance(value, bytes | bytearray):
            items = cast("Sequence[object]", value)
            return [json_of(each, f"{at}[{n}]") for n, each in enumerate(items)]
        case _:
            return {key: json_of(each, f"{at}.{key}") for key, each in _entries(value, at)}


def _entries(value: Any, at: str) -> list[tuple[str, object]]:
    """Returns the entries of a table."""
    if isinstance(value, HasJson):
        value = value.to_json()
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value).items()
        return [(str(key), each) for key, each in entries]
    if is_dataclass(value):
        return [(each.name, getattr(value, each.name)) for each in fields(value)]
    raise ToolFailed(f"{at} is {value!r}, for which there is no JSON")
