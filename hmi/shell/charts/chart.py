"""Content of a chart of trends, with axes that end at round numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil, floor, log10
from pathlib import Path
from typing import Literal

from ..cli.exits import fail

MarkKind = Literal["fault", "alarm", "trip", "hand", "step"]

_FORMATS = (".png", ".svg")
_WANTED = "a chart in a file needs matplotlib, which is not installed: install handwheel[plots]"
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_LINES = 4  # about as many across a panel
_UNITS = ((180.0, "s", 1.0), (7_200.0, "min", 60.0), (345_600.0, "h", 3600.0))
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Axis:
    """Ends of an axis, in the unit of its values, the lower one first."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Returns the position of a value from 0 at the low end to 1 at the high end, clamped."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def holds(self, value: float) -> bool:
        """Returns whether a value lies on the axis, ends included. NaN does not."""
        slack = 1e-9 * (self.high - self.low)
        return self.low - slack <= value <= self.high + slack


@dataclass(frozen=True, slots=True)
class Limit:
    """A horizontal line in a panel, such as an alarm limit."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Trend of one tag. Values that are not finite or lie outside the axis leave a gap.

    Attributes:
        pale: Another series, drawn behind the values, such as their course without a playbook.
    """

    name: str
    note: str
    values: Sequence[float]
    axis: Axis
    limits: Sequence[Limit] = ()
    pale: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """An event at its time in seconds."""

    at_s: float
    kind: MarkKind
    label: str


@dataclass(frozen=True, slots=True)
class TrendChart:
    """Content of a chart. Every series of a panel has one value for each time."""

    title: str
    subtitle: str
    times_s: Sequence[float]
    panels: Sequence[Panel]
    marks: Sequence[Mark]


def round_axis(low: float, high: float) -> Axis:
    """Returns an axis from the round number below `low` to the one above `high`, a greater one."""
    wide, fine = (_outer_axis(low, high, lines) for lines in (_LINES, _LINES + 1))
    return fine if fine.high - fine.low < wide.high - wide.low else wide


def _outer_axis(low: float, high: float, lines: int) -> Axis:
    step = _round_step((high - low) / (lines - 1))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return Axis(round(first * step, 12), round(last * step, 12))


def _round_step(least: float) -> float:
    size = 10.0 ** floor(log10(least))
    return next(step * size for step in _STEPS if step * size >= least * (1.0 - 1e-9))


def time_unit(length_s: float) -> tuple[str, float]:
    """Returns the unit that fits a length of time, and its seconds."""
    found = ((unit, size_s) for longest_s, unit, size_s in _UNITS if length_s <= longest_s)
    return next(found, ("d", _DAY_S))


def check_chart_file(path: Path) -> None:
    """Ends the command if a chart cannot be written to this file."""
    if path.is_dir():
        fail(f"{path}: is a directory")
    if path.suffix.lower() not in _FORMATS:
        fail(f"--png: {path}: the name does not end in {' or '.join(_FORMATS)}")
    if not path.parent.is_dir():
        fail(f"{path}: no such file or directory")
    if find_spec("matplotlib") is None:
        fail(_WANTED)
