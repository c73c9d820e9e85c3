"""Trends in the terminal, drawn by plotext in Braille dots, and in one line of blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from threading import Lock
from typing import Any

from .chart import Axis

_BLOCKS = "▁▂▃▄▅▆▇█"
_DOTS = 2  # columns of Braille dots in a character
_APART = 3  # columns of dots from one to the next of a dotted series
_DRAWING = Lock()  # plotext draws on one figure of its module


@dataclass(frozen=True, slots=True)
class TrendScale:
    """Vertical scale of a trend.

    Attributes:
        axis: Values outside are drawn at its ends.
        limits: Horizontal lines, in the unit of the axis.
        gutter: Least width of its numbers, so that several trends stand under each other.
    """

    axis: Axis
    limits: Sequence[float] = ()
    gutter: int = 0


def terminal_chart(
    title: str,
    values: Sequence[float | None],
    size: tuple[int, int],
    scale: TrendScale,
    *,
    dotted: Sequence[float | None] = (),
    marks: Sequence[tuple[int, float]] = (),
    span: int = 0,
) -> list[str]:
    """Returns a trend without colours, under its title and beside the ends of its axis.

    Args:
        title: Text without control characters.
        values: Equally spaced, oldest first. One that is `None` or not finite leaves a gap.
        size: Columns and lines, the title not counted.
        scale: Its ends and limits have a number beside the trend.
        dotted: Another series over the same time, drawn with dots that stand apart.
        marks: Points that are marked, each by its index in `values` and its own value.
        span: Values across the whole width, if these are more: the last one stands at its end.
    """
    (width, height), axis, limits = size, scale.axis, scale.limits
    labels = {each: f"{each:g}" for each in (*limits, axis.low, axis.high)}
    gutter = max(scale.gutter, *map(len, labels.values()))
    count = max(len(values), len(dotted))
    last = max(count, span, 2) - 1
    with _DRAWING:
        plotext: Any = import_module("plotext")  # slow to import
        figure = plotext.figure
        figure.clear.all()
        plotext.terminal.limit(False, False)
        figure.plot_size(width, height)
        figure.ruler("y").lim(axis.low, axis.high)
        figure.ruler("y").ticks([*labels], [f"{each:>{gutter}}" for each in labels.values()])
        figure.ruler("x").lim(0, last)
        figure.ruler("x").ticks([])
        figure.axes(False)
        figure.axes(True, axis="y", side="left")
        columns = _DOTS * (width - gutter - 1)
        step = max(_APART * len(dotted) // columns, 1)
        begin = last + 1 - count
        every = range(0, len(dotted), step)
        dots = [begin + n for n in every]
        _draw(figure, dots, [dotted[n] for n in every], axis, is_joined=False)
        _draw(figure, [begin + n for n in range(len(values))], values, axis, is_joined=True)
        for at, value in marks:
            figure.draw(figure.signal([begin + at], [_inside(value, axis)], marker="×"))
        for limit in limits:
            figure.line(_inside(limit, axis), orientation="h", style="dotted")
        drawn: str = figure.build().string(True)
    return [title, *(line.rstrip() for line in drawn.splitlines())]


def _draw(
    figure: Any, at: Sequence[int], values: Sequence[float | None], axis: Axis, *, is_joined: bool
) -> None:
    """Draws a series without its gaps, as plotext ends the process at a value that is NaN."""
    points = [
        (x, _inside(value, axis))
        for x, value in zip(at, values, strict=True)
        if value is not None and isfinite(value)
    ]
    if not points:
        return
    signal = figure.signal([x for x, _ in points], [y for _, y in points], marker="braille")
    signal.lines(is_joined)
    for n in range(1, len(points) if is_joined else 0):
        if points[n][0] != points[n - 1][0] + 1:
            signal.line(n, False)
    figure.draw(signal)


def _inside(value: float, axis: Axis) -> float:
    return min(max(value, axis.low), axis.high)


def spread(values: Sequence[float], axis: Axis) -> list[float | None]:
    """Returns the values with a gap for each that the axis does not hold."""
    return [value if axis.holds(value) else None for value in values]


def sparkline(values: Sequence[float | None], width: int, axis: Axis) -> str:
    """Returns the latest values as blocks in one line, right-aligned, with a space for a gap."""
    if len(values) > width:
        values = [_last(values[n * len(values) // width : (n + 1) * len(values) // width])
                  for n in range(width)]  # fmt: skip
    blocks = [
        " " if value is None else _BLOCKS[round(axis.share(value) * (len(_BLOCKS) - 1))]
        for value in values
    ]
    return f"{''.join(blocks):>{width}}"


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)
