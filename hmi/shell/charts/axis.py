"""Axes of a chart with ticks at round numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_UNITS = (  # up to this length of a run, seconds: the unit of its axis, and its round steps
    (180.0, "s", 1.0, (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60)),
    (7_200.0, "min", 60.0, (1, 2, 5, 10, 15, 20, 30)),
    (345_600.0, "h", 3600.0, (0.5, 1, 2, 3, 4, 6, 8, 12)),
    (float("inf"), "d", 86_400.0, (0.5, 1, 2, 5, 10)),
)
_LINES = 4  # about as many across a panel
_TIME_LINES = 10  # at most, across a chart


@dataclass(frozen=True, slots=True)
class Axis:
    """Ends and ticks of an axis, in the unit of its values."""

    low: float
    high: float
    ticks: Sequence[float]

    def share(self, value: float) -> float:
        """Returns the position of a value from 0 at the low end to 1 at the high end, clamped."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def holds(self, value: float) -> bool:
        """Returns whether a value lies on the axis, ends included. NaN does not."""
        slack = 1e-9 * (self.high - self.low)
        return self.low - slack <= value <= self.high + slack


def round_axis(low: float, high: float) -> Axis:
    """Returns an axis from the round number below `low` to the one above `high`, a greater one."""
    wide, fine = (_outer_axis(low, high, lines) for lines in (_LINES, _LINES + 1))
    is_tighter = fine.high - fine.low < wide.high - wide.low
    return fine if is_tighter and len(fine.ticks) <= _LINES + 2 else wide


def _outer_axis(low: float, high: float, lines: int) -> Axis:
    step = _round_step((high - low) / (lines - 1))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    ticks = [round(n * step, 12) for n in range(first, last + 1)]
    return Axis(ticks[0], ticks[-1], ticks)


def exact_axis(low: float, high: float) -> Axis:
    """Returns an axis with just these ends, and lines at the round numbers between them."""
    step = _round_step((high - low) / (_LINES - 1))
    inside = range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)
    return Axis(low, high, [round(n * step, 12) for n in inside])


def time_axis(start_s: float, end_s: float) -> tuple[Axis, str]:
    """Returns the axis of a run and its unit, from seconds, the start before the end."""
    length_s = end_s - start_s
    unit, size_s, steps = next(each[1:] for each in _UNITS if length_s <= each[0])
    low, high = start_s / size_s, end_s / size_s
    least = (high - low) / _TIME_LINES
    step = next((step for step in steps if step >= least), None) or _round_step(least)
    inside = range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)
    return Axis(low, high, [n * step for n in inside]), unit


def tick_text(value: float, axis: Axis) -> str:
    """Returns a tick's number with as many decimals as the axis needs."""
    steps = [after - before for before, after in zip(axis.ticks, axis.ticks[1:], strict=False)]
    step = min(steps, default=axis.high - axis.low)
    decimals = next((n for n in range(7) if abs(round(step, n) - step) < step * 1e-6), 7)
    return f"{value:.{decimals}f}"


def _round_step(least: float) -> float:
    size = 10.0 ** floor(log10(least))
    return next(step * size for step in _STEPS if step * size >= least * (1.0 - 1e-9))
