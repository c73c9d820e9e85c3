"""Literals in a condition that are compared with a tag."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handwheel.connectors.model.tags import Tag
from handwheel.tools.conditions import Names
from handwheel.tools.conditions.grammar import NUMBER, UNIT
from handwheel.tools.conditions.units import rounded, scale

_QUANTITY = rf"-?\s*{NUMBER}(?:\s*{UNIT})?"
_PARTS = re.compile(rf"(?P<number>-?\s*{NUMBER})\s*(?P<unit>{UNIT})?")
_NAME = r"(?<![\w.-])[A-Za-z_][\w-]*\.\w+"
_COMPARED = re.compile(
    rf"(?P<name>{_NAME})\s*"
    rf"(?:(?:==|!=|<=|>=|<|>)\s*(?P<one>{_QUANTITY})"
    rf"|(?:not\s+)?in\s+(?P<low>{_QUANTITY})\s*\.\.\s*(?P<high>{_QUANTITY}))"
    r"(?!\s*[-+*/\w(])"
)
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_SIGNS = "+-*/"


@dataclass(frozen=True, slots=True)
class ComparedLiteral:
    """Literal that is compared with a tag."""

    offset: int  # its offset in the text, from 0
    literal: str
    tag: Tag
    value: float  # in the tag's unit


def compared_literals(text: str, names: Names) -> Iterator[ComparedLiteral]:
    """Yields each literal that is compared with a tag alone, and converts to its unit."""
    blanked = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), text)
    for found in _COMPARED.finditer(blanked):
        tag = names.get(found["name"])
        before = text[: found.start()].rstrip()[-1:]
        if not isinstance(tag, Tag) or (before and before in _SIGNS):
            continue
        for group in ("one", "low", "high"):
            literal = found[group]
            value = _value(literal, tag) if literal else None
            if value is not None:
                yield ComparedLiteral(found.start(group), literal, tag, value)


def out_of_range_literals(text: str, names: Names) -> Iterator[ComparedLiteral]:
    """Yields each literal that is compared with a tag and outside its range."""
    for each in compared_literals(text, names):
        if each.tag.span and not each.tag.span[0] <= each.value <= each.tag.span[1]:
            yield each


def _value(literal: str, tag: Tag) -> float | None:
    parts = _PARTS.fullmatch(literal)
    by = scale(parts["unit"] or "", tag.unit) if parts else None
    if parts is None or by is None:
        return None  # reported when the whole condition is parsed
    return rounded(float(re.sub(r"\s", "", parts["number"])) * by.factor + by.offset)
