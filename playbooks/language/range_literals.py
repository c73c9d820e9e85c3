"""Literals in a condition that lie outside the range of the compared tag."""

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
class OutOfRangeLiteral:
    """Literal outside the range of the tag that it is compared with."""

    offset: int  # its offset in the text, from 0
    literal: str
    tag: Tag


def out_of_range_literals(text: str, names: Names) -> Iterator[OutOfRangeLiteral]:
    """Yields each literal that is compared with a tag and outside its range."""
    blanked = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), text)
    for found in _COMPARED.finditer(blanked):
        tag = names.get(found["name"])
        before = text[: found.start()].rstrip()[-1:]
        if not isinstance(tag, Tag) or tag.span is None or (before and before in _SIGNS):
            continue
        for group in ("one", "low", "high"):
            literal = found[group]
            if literal and not _lies_within(literal, tag):
                yield OutOfRangeLiteral(found.start(group), literal, tag)


def _lies_within(literal: str, tag: Tag) -> bool:
    parts = _PARTS.fullmatch(literal)
    by = scale(parts["unit"] or "", tag.unit) if parts else None
    if parts is None or by is None:
        return True  # reported when the whole condition is parsed
    value = rounded(float(re.sub(r"\s", "", parts["number"])) * by.factor + by.offset)
    low, high = tag.span or (0.0, 0.0)
    return low <= value <= high
