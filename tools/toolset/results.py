"""Results of tools as JSON, in which a reading keeps its unit and quality.

Other numbers are as the tool returns them. Its author lets the key carry the unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import Any, Protocol, cast, runtime_checkable

from handwheel.tools.errors import ToolFailed

from ..plant_text import PlantText

_DEEPEST = 64
"""Most tables and lists within each other."""


@runtime_checkable
class HasJson(Protocol):
    """Object that says itself how it looks in JSON."""

    def to_json(self) -> Mapping[str, object]:
        """Returns its fields."""
        ...


def json_of(value: Any, at: str = "result", deepest: int = _DEEPEST) -> Any:
    """Returns a tool's result as JSON.

    A dataclass becomes a table of its fields, an enum its value, a moment its ISO text, and text
    of the plant a table that says that it is not trusted.

    Args:
        at: Place of the value, for the message.
        deepest: Most tables and lists within each other.

    Raises:
        ToolFailed: A part of it has no JSON, such as a number that is not finite, or it holds
            itself.
    """
    if deepest < 0:
        raise ToolFailed(f"the result holds itself, or lists and tables deeper than {_DEEPEST}")
    if isinstance(value, float) and not isfinite(value):
        raise ToolFailed(f"{at} is {value!r}, for which there is no JSON")
    match value:
        case Enum():
            return json_of(value.value, at, deepest - 1)
        case datetime():
            return value.isoformat()
        case PlantText():
            return dict(value.as_data())
        case None | bool() | int() | float() | str():
            return _encodable(value) if isinstance(value, str) else value
        case Sequence() if not isinstance(value, bytes | bytearray):
            items = cast("Sequence[object]", value)
            return [json_of(each, f"{at}[{n}]", deepest - 1) for n, each in enumerate(items)]
        case _:
            entries = _entries(value, at)
            return {key: json_of(each, f"{at}.{key}", deepest - 1) for key, each in entries}


def _encodable(text: str) -> str:
    """Returns a text with escapes for what no UTF-8 has, which would end a peer's connection."""
    return text.encode(errors="backslashreplace").decode()


def _entries(value: Any, at: str) -> list[tuple[str, object]]:
    """Returns the entries of a table."""
    if isinstance(value, HasJson):
        value = value.to_json()
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value).items()
        return [(_encodable(str(key)), each) for key, each in entries]
    if is_dataclass(value):
        return [(each.name, getattr(value, each.name)) for each in fields(value)]
    raise ToolFailed(f"{at} is {value!r}, for which there is no JSON")
