"""Parses typed values of tags, and compares them with readings."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality, Value

from ..errors import InterlockActive, InvalidArguments

_ASSIGN = "="
_BOOLEANS = {"true": True, "false": False}
_NUMBER = re.compile(r"(-?\d{1,15}(?:\.\d{1,15})?)\s*(.*)", re.ASCII)
_INTEGER = re.compile(r"(-?\d{1,20})\s*(.*)", re.ASCII)  # as many as 64 bits can need
_EMPTY = ("", '""', "''")  # a shell takes one pair of quotes away, or leaves it


def split_assignment(text: str) -> tuple[str, str]:
    """Splits `TAG=VALUE` at its first `=`. The value may be empty.

    Without `=` or a tag it raises `InvalidArguments`.
    """
    name, equals, value = text.partition(_ASSIGN)
    if not equals or not name.strip():
        raise InvalidArguments(f"{_shown(text)}: write TAG=VALUE, such as PIC-102.sp=360")
    return name.strip(), value


def parse_value(tag: Tag, text: str) -> Value:
    """Parses a value for a tag.

    Args:
        text: `true` or `false`; a word of an enumeration; a decimal number without exponent,
            on its own or with the tag's own unit; or a text, empty or `""` for the empty one.

    Raises:
        InvalidArguments: It is anything else; says which values the tag takes.
    """
    stripped = text.strip()
    match tag.kind:
        case "bool":
            value: Value | None = _BOOLEANS.get(stripped)
        case "enum":
            value = tag.members.get(stripped)
        case "int":
            number = _number(_INTEGER, tag, stripped)
            value = int(number) if number else None
        case "float":
            number = _number(_NUMBER, tag, stripped)
            value = float(number) + 0.0 if number else None  # -0.0 becomes 0.0
        case _ if stripped in _EMPTY:
            value = ""
        case _:
            value = unicodedata.normalize("NFC", text) if text.isprintable() else None
    if value is None:
        raise InvalidArguments(f"{tag.name}: {_shown(text)} is not taken; write {_accepted(tag)}")
    return value


def is_already(tag: Tag, value: Value, reading: DataValue | None) -> bool:
    """Whether a tag reads a value already, of the same type and with good quality.

    False for a tag that does not show what is written to it, such as a pulse.
    """
    if reading is None or reading.quality is not Quality.GOOD or tag.readback != tag.name:
        return False
    wanted = float(value) if tag.kind == "float" and type(value) is int else value
    return is_same(reading.scalar, wanted)


def check_not_already(
    wanted: Iterable[tuple[Tag, Value]], readings: Mapping[str, DataValue]
) -> None:
    """Raises `InterlockActive` for tags that read the wanted value already."""
    found = [
        already_text(tag, value)
        for tag, value in wanted
        if is_already(tag, value, readings.get(tag.name))
    ]
    if found:
        raise InterlockActive(f"{'; '.join(found)}; nothing was submitted")


def is_same(value: Value | None, other: Value) -> bool:
    """Whether two values are equal and of one type, so that 1 is not `true`."""
    return type(value) is type(other) and value == other


def already_text(tag: Tag, value: Value) -> str:
    """Returns the sentence that a tag reads a value already."""
    return f"{tag.name} is already {tag.show_value(value)} {tag.unit}".rstrip()


def _number(pattern: re.Pattern[str], tag: Tag, text: str) -> str:
    match = pattern.fullmatch(text)
    return match[1] if match and match[2] in {"", tag.unit} else ""


def _accepted(tag: Tag) -> str:
    match tag.kind:
        case "bool":
            return "true or false"
        case "enum":
            return " or ".join(tag.members)
        case "int" | "float":
            digits = 20 if tag.kind == "int" else 15
            what = "an integer" if tag.kind == "int" else "a decimal number such as 36.5"
            what += f" without exponent and of at most {digits} digits"
            return f"{what}, with {tag.unit} after it or without" if tag.unit else what
        case _:
            return "text without control characters"


def _shown(text: str) -> str:
    return ascii(text) if len(text) <= 60 else f"{text[:60]!a}..."
