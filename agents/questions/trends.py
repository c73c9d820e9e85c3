"""Trend of a tag by the least squares of what was recorded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import median

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.connectors.model.tags import Tag
from handwheel.tools.conditions.units import scale

from .sources import Sources

LEAST_COVERAGE = 0.6
"""Share of a time with good values, below which nothing is said about it."""
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)\s*(.*)")
_STEADY_SHARE = 0.01  # of the range; a smaller move is none
_VARIED_SHARE = 0.05  # of the range between the lowest and the highest value; above is not steady
_NOTHING = 1e-6  # share of a range, below which a number is shown as none
_STEP = 8.0  # usual differences from the course by which a value jumps
_LEAST_S = 60.0  # after a step, of which a trend is told
_TOLD_S = (10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0)  # steps in which a time is told
_SURE = 3.0  # standard errors of a slope that is told


@dataclass(frozen=True, slots=True)
class Trend:
    """Course of a tag over the last while, process time."""

    tag: Tag
    last_s: float
    points: Sequence[tuple[float, float]]  # seconds before now, mean
    per_h: float  # least squares
    error_per_h: float
    low: float
    high: float

    @property
    def moved(self) -> float:
        """Change from the first to the last recorded mean, in the tag's unit."""
        return self.points[-1][1] - self.points[0][1]

    @property
    def direction(self) -> str:
        """`rising`, `falling` or `steady`."""
        low, high = self.tag.span or (0.0, 100.0)
        is_move = self.moved * self.per_h > 0.0 and abs(self.moved) > _STEADY_SHARE * (high - low)
        is_sure = abs(self.per_h) > _SURE * self.error_per_h
        if not (is_move and is_sure):
            return "steady"
        return "rising" if self.per_h > 0.0 else "falling"

    @property
    def has_varied(self) -> bool:
        """Whether the value neither rose nor fell but was not steady either."""
        low, high = self.tag.span or (0.0, 100.0)
        return self.direction == "steady" and self.high - self.low > _VARIED_SHARE * (high - low)


def trend_of(sources: Sources, tag: Tag, last_s: float, slots: int = 60) -> Trend | None:
    """Returns the trend of a tag, `None` where too little was recorded."""
    found = sources.window(tag.name, last_s, slots)
    points = points_of(found)
    if covered(found) < LEAST_COVERAGE or len(points) < 3:
        return None
    hours = [-before_s / 3600.0 for before_s, _ in points]
    values = [value for _, value in points]
    middle, mean = sum(hours) / len(hours), sum(values) / len(values)
    spread = sum((each - middle) ** 2 for each in hours)
    slope = sum((h - middle) * (v - mean) for h, v in zip(hours, values, strict=True)) / spread
    rest = sum((v - mean - slope * (h - middle)) ** 2 for h, v in zip(hours, values, strict=True))
    error = sqrt(rest / (len(points) - 2) / spread)
    low = min(each.low for each in recorded(found) if each.low is not None)
    high = max(each.high for each in recorded(found) if each.high is not None)
    return Trend(tag, last_s, points, slope, error, low, high)


def longest_trend(sources: Sources, tag: Tag, last_s: float) -> Trend | None:
    """Returns the trend over some time, or over a third or a ninth of it if no more is recorded."""
    lengths = (last_s / part for part in (1, 3, 9))
    return next((found for each in lengths if (found := trend_of(sources, tag, each))), None)


def settled_trend(sources: Sources, tag: Tag, last_s: float) -> tuple[Trend | None, float]:
    """Returns the trend since the last step of a value, and how long ago that was.

    A line through a step tells nothing of what comes. The trend is `None` where too little was
    recorded since, and the time is 0 where there was no step.
    """
    trend, stepped_s = longest_trend(sources, tag, last_s), 0.0
    while trend is not None and (ago_s := _last_step(trend)):
        stepped_s = ago_s
        trend = trend_of(sources, tag, ago_s) if ago_s >= _LEAST_S else None
    return trend, stepped_s


def _last_step(trend: Trend) -> float:
    """Returns how long ago the mean jumped last, seconds, 0 where it did not."""
    moves = [after[1] - before[1] for before, after in pairwise(trend.points)]
    usual = median(moves)
    spread = median(abs(each - usual) for each in moves)
    low, high = trend.tag.span or (0.0, 100.0)
    least = max(_STEP * spread, _STEADY_SHARE * (high - low))
    jumps = [n for n, each in enumerate(moves) if abs(each - usual) > least]
    width_s = trend.last_s / len(trend.points)
    return trend.points[jumps[-1] + 1][0] + width_s / 2 if jumps else 0.0


def span_text(seconds: float) -> str:
    """Returns a duration without a part that is nothing, such as `30 min` and `2 h 05 min`."""
    return format_duration(seconds).removesuffix(" 00 s").removesuffix(" 00 min")


def about_text(seconds: float, within_s: float) -> str:
    """Returns a time before now no finer than it is known, such as `9 min 40 s` or `2 h`."""
    step_s = next((each for each in _TOLD_S if each >= within_s), within_s)
    rounded_s = round(seconds / step_s) * step_s
    return span_text(rounded_s) if rounded_s else f"less than {span_text(step_s)}"


def number_text(tag: Tag, number: float) -> str:
    """Returns a recorded or foretold number of a tag as a live value is shown, with its unit."""
    if tag.kind == "bool":
        return "true" if number >= 0.5 else "false"
    if tag.kind == "enum":
        words = {code: word for word, code in tag.members.items()}
        return words.get(round(number), f"{number:g}")
    low, high = tag.span or (0.0, 0.0)
    rounded = 0.0 if abs(number) < _NOTHING * (high - low) else number
    return f"{rounded:.5g} {tag.unit}".rstrip()


def covered(slots: Sequence[RecordedSlot]) -> float:
    """Returns the share of a window with good values, 0 to 1."""
    span_s = sum(each.span_s for each in slots)
    return sum(each.good * each.span_s for each in slots) / span_s if span_s else 0.0


def points_of(slots: Sequence[RecordedSlot]) -> list[tuple[float, float]]:
    """Returns the middle of each slot with good values, in seconds before now, with its mean."""
    return [(each.before_s - each.span_s / 2, each.mean or 0.0) for each in recorded(slots)]


def recorded(slots: Sequence[RecordedSlot]) -> list[RecordedSlot]:
    """Returns the slots with good values. Their mean is never `None`."""
    return [each for each in slots if each.mean is not None and each.good > 0.0]


def quantity_in(text: str, unit: str) -> float | None:
    """Returns the number of a question in a unit, `None` without one or for another quantity."""
    match = _NUMBER.match(text)
    conversion = scale(match[2] or unit, unit) if match else None
    if match is None or conversion is None:
        return None
    return float(match[1]) * conversion.factor + conversion.offset
