"""Numbers of the policy, in the unit of the tag that they limit. Other text raises `ValueError`."""

import math
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from handwheel.connectors.model.tags import NodeAddress, RegisterAddress, Tag
from handwheel.connectors.model.values import exact_text

from ...conditions.names import Quantity

_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"({_NUMBER})\s*(.*)", re.ASCII)
_RATE = re.compile(r"(.+?)\s*/\s*(s|min|h)", re.ASCII)
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_BETWEEN = ".."
# Relative rounding of a number in 32 bits, and of one that is scaled.
_FLOAT32, _FLOAT64 = 2.0**-23, 2.0**-51


@dataclass(frozen=True, slots=True)
class Range:
    """Closed interval."""

    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        return f"{exact_text(self.low)} .. {exact_text(self.high)} {self.unit}".rstrip()

    def holds(self, number: float) -> bool:
        """Whether a number lies inside, which NaN never does."""
        return self.low <= number <= self.high

    def narrowed(self, other: "Range") -> "Range":
        """Returns the intersection. It is empty if its low end is above its high end."""
        return Range(max(self.low, other.low), min(self.high, other.high), self.unit)


def rounding(tag: Tag) -> float:
    """Returns the relative rounding error of a tag's numbers."""
    if tag.kind != "float":
        return 0.0
    address = tag.address
    is_single = isinstance(address, NodeAddress) or (
        isinstance(address, RegisterAddress) and address.encoding == "float32"
    )
    return _FLOAT32 if is_single else _FLOAT64


def parse_quantity(text: object) -> Quantity:
    """Parses a number with its unit, such as `20 kPa`, or without."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = str(text)
    match = _QUANTITY.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or not math.isfinite(float(match[1])):
        raise ValueError(f"{text!r} is no quantity; write a number and the tag's unit: 20 kPa")
    return Quantity(_number(match[1]), match[2])


def _number(text: str) -> float:
    """Returns a number. An integer that no float holds exactly stays an integer."""
    number = float(text)
    is_exact = abs(number) < 2.0**53 or not text.lstrip("+-").isdecimal()
    return number if is_exact else int(text)


def parse_range(text: object) -> Range:
    """Parses two quantities in one unit, such as `280 kPa .. 420 kPa`, the lower one first."""
    ends = text.split(_BETWEEN) if isinstance(text, str) else []
    if len(ends) != 2:
        raise ValueError(f"{text!r} is no range; write both ends with the unit: 280 kPa .. 420 kPa")
    low, high = (parse_quantity(end) for end in ends)
    if low.unit != high.unit:
        raise ValueError(f"{text!r} has two units; write both ends in the tag's own")
    if not low.value < high.value:
        raise ValueError(f"{text!r}: the low end must be below the high end")
    return Range(low.value, high.value, low.unit)


def parse_step(text: object) -> Quantity:
    """Parses a quantity above zero."""
    step = parse_quantity(text)
    if not step.value > 0.0:
        raise ValueError(f"{text!r} must be above zero")
    return step


def parse_rate(text: object) -> Quantity:
    """Parses a change over time above zero, such as `30 kPa/min`, into a quantity per second."""
    match = _RATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is no rate; write a quantity per s, min or h: 30 kPa/min")
    step = parse_step(match[1])
    return Quantity(step.value / _SECONDS[match[2]], step.unit)


RangeField = Annotated[Range, BeforeValidator(parse_range)]
StepField = Annotated[Quantity, BeforeValidator(parse_step)]
RateField = Annotated[Quantity, BeforeValidator(parse_rate)]
