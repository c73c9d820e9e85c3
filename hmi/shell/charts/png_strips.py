"""Times on one logarithmic axis as a PNG image, with a row for each subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from math import log10
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

DotKind = Literal["seen", "named", "alarm"]

_BACKGROUND, _TEXT, _SECONDARY, _GRID = "#ffffff", "#1f2933", "#64707d", "#e6e9ed"
_COLOURS: dict[DotKind, str] = {"seen": "#9aa3ac", "named": "#1b5e8c", "alarm": "#c0392b"}
_OFFSETS: dict[DotKind, int] = {"seen": -11, "named": 0, "alarm": 11}  # pixels from the middle

_WIDTH, _LEFT, _RIGHT = 1600, 150, 190  # pixels of the finished image, as are all below
_TOP, _HEAD, _ROW, _FOOT, _RADIUS = 36, 150, 44, 100, 6
_TITLE_TEXT, _NAME_TEXT, _SMALL_TEXT = 40, 28, 26
_FINE = 3  # drawn so much larger and then reduced: Pillow's own lines have hard edges


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
    pen = _Pen(chart)
    pen.draw()
    return pen.png()


class _Pen:
    def __init__(self, chart: StripChart) -> None:
        self._chart = chart
        self._fonts = {
            size: ImageFont.load_default(size * _FINE)
            for size in (_TITLE_TEXT, _NAME_TEXT, _SMALL_TEXT)
        }
        self._bottom = _HEAD + _ROW * len(chart.strips)
        size = _WIDTH * _FINE, (self._bottom + _FOOT) * _FINE
        self._image = Image.new("RGB", size, _BACKGROUND)
        self._canvas = ImageDraw.Draw(self._image)

    def png(self) -> bytes:
        content = BytesIO()
        self._image.reduce(_FINE).save(content, "PNG", optimize=True)
        return content.getvalue()

    def draw(self) -> None:
        chart = self._chart
        self._text((_LEFT, _TOP), chart.title, _TITLE_TEXT, _TEXT, "lm")
        self._text((_LEFT, _TOP + 42), chart.subtitle, _SMALL_TEXT, _SECONDARY, "lm")
        self._draw_legend(_TOP + 80)
        for tick in chart.ticks:
            x = self._x(tick)
            self._line((x, _HEAD), (x, self._bottom), _GRID)
            self._text((x, self._bottom + 24), f"{tick:g}", _SMALL_TEXT, _SECONDARY, "mm")
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        self._text((middle, self._bottom + 66), chart.unit, _SMALL_TEXT, _SECONDARY, "mm")
        for n, strip in enumerate(chart.strips):
            self._draw_strip(strip, _HEAD + _ROW * (n + 0.5))

    def _draw_legend(self, y: float) -> None:
        x = float(_LEFT)
        for kind, said in self._chart.legend.items():
            self._dot(x + _RADIUS, y, kind)
            x += 3 * _RADIUS
            self._text((x, y), said, _SMALL_TEXT, _SECONDARY, "lm")
            x += self._fonts[_SMALL_TEXT].getlength(said) / _FINE + 40

    def _draw_strip(self, strip: Strip, y: float) -> None:
        self._line((_LEFT, y + _ROW / 2), (_WIDTH - _RIGHT, y + _ROW / 2), _GRID)
        self._text((_LEFT - 20, y), strip.name, _NAME_TEXT, _TEXT, "rm")
        self._text((_WIDTH - _RIGHT + 20, y), strip.note, _SMALL_TEXT, _SECONDARY, "lm")
        for kind, at in strip.dots:
            self._dot(self._x(at), y + _OFFSETS[kind], kind)

    def _x(self, at: float) -> float:
        first, last = self._chart.ticks[0], self._chart.ticks[-1]
        share = log10(min(max(at, first), last) / first) / log10(last / first)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def _dot(self, x: float, y: float, kind: DotKind) -> None:
        ends = ((x - _RADIUS) * _FINE, (y - _RADIUS) * _FINE)
        others = ((x + _RADIUS) * _FINE, (y + _RADIUS) * _FINE)
        self._canvas.ellipse([ends, others], _COLOURS[kind])

    def _line(self, begin: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        fine = [(x * _FINE, y * _FINE) for x, y in (begin, end)]
        self._canvas.line(fine, colour, round(1.5 * _FINE))

    def _text(
        self, at: tuple[float, float], text: str, size: int, colour: str, anchor: str
    ) -> None:
        place = at[0] * _FINE, at[1] * _FINE
        self._canvas.text(place, text, colour, self._fonts[size], anchor=anchor)
