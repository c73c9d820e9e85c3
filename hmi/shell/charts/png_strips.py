"""Times on one logarithmic axis as a PNG image, with a row for each subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Literal

from .png_pen import NAME_TEXT, SMALL_TEXT, TITLE_TEXT, Colour, Pen, text_length

DotKind = Literal["seen", "named", "alarm"]

_COLOURS: dict[DotKind, str] = {"seen": Colour.PALE, "named": Colour.SERIES, "alarm": Colour.LIMIT}
_OFFSETS: dict[DotKind, int] = {"seen": -11, "named": 0, "alarm": 11}  # pixels from the middle

_WIDTH, _LEFT, _RIGHT = 1600, 150, 190  # pixels of the finished image, as are all below
_TOP, _HEAD, _ROW, _FOOT, _RADIUS = 36, 150, 44, 100, 6


@dataclass(frozen=True, slots=True)
class Strip:
    """Row of the chart, with a dot at each time."""

    name: str
    note: str  # to the right of it
    dots: Sequence[tuple[DotKind, float]]


@dataclass(frozen=True, slots=True)
class StripChart:
    """Content of the image. Times beyond an end of the axis stand at this end."""

    title: str
    subtitle: str
    legend: dict[DotKind, str]
    unit: str  # of the times
    ticks: Sequence[float]  # the first and the last are the ends of the axis
    strips: Sequence[Strip]


def draw_strips(chart: StripChart) -> bytes:
    """Returns the chart as a PNG file, 1600 pixels wide."""
    drawing = _Drawing(chart)
    drawing.draw()
    return drawing.pen.png()


class _Drawing:
    def __init__(self, chart: StripChart) -> None:
        self._chart = chart
        self._bottom = _HEAD + _ROW * len(chart.strips)
        self.pen = Pen(_WIDTH, self._bottom + _FOOT)

    def draw(self) -> None:
        chart, pen = self._chart, self.pen
        pen.text((_LEFT, _TOP), chart.title, TITLE_TEXT, Colour.TEXT, "lm")
        pen.text((_LEFT, _TOP + 42), chart.subtitle, SMALL_TEXT, Colour.SECONDARY, "lm")
        self._draw_legend(_TOP + 80)
        for tick in chart.ticks:
            x = self._x(tick)
            pen.line([(x, _HEAD), (x, self._bottom)], Colour.GRID)
            pen.text((x, self._bottom + 24), f"{tick:g}", SMALL_TEXT, Colour.SECONDARY, "mm")
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        pen.text((middle, self._bottom + 66), chart.unit, SMALL_TEXT, Colour.SECONDARY, "mm")
        for n, strip in enumerate(chart.strips):
            self._draw_strip(strip, _HEAD + _ROW * (n + 0.5))

    def _draw_legend(self, y: float) -> None:
        x = float(_LEFT)
        for kind, said in self._chart.legend.items():
            self.pen.dot((x + _RADIUS, y), _RADIUS, _COLOURS[kind])
            x += 3 * _RADIUS
            self.pen.text((x, y), said, SMALL_TEXT, Colour.SECONDARY, "lm")
            x += text_length(said, SMALL_TEXT) + 40

    def _draw_strip(self, strip: Strip, y: float) -> None:
        pen = self.pen
        pen.line([(_LEFT, y + _ROW / 2), (_WIDTH - _RIGHT, y + _ROW / 2)], Colour.GRID)
        pen.text((_LEFT - 20, y), strip.name, NAME_TEXT, Colour.TEXT, "rm")
        pen.text((_WIDTH - _RIGHT + 20, y), strip.note, SMALL_TEXT, Colour.SECONDARY, "lm")
        for kind, at in strip.dots:
            pen.dot((self._x(at), y + _OFFSETS[kind]), _RADIUS, _COLOURS[kind])

    def _x(self, at: float) -> float:
        first, last = self._chart.ticks[0], self._chart.ticks[-1]
        share = log10(min(max(at, first), last) / first) / log10(last / first)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)
