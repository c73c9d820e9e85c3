"""Trends as a PNG image with one panel for each tag and a line for each event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from .axis import Axis, tick_text, time_axis

MarkKind = Literal["fault", "alarm", "trip", "hand", "step"]
Point = tuple[float, float]

# One colour for measured values, red for alarms.
_BACKGROUND, _TEXT, _SECONDARY, _GRID, _FRAME = (
    "#ffffff",
    "#1f2933",
    "#64707d",
    "#e6e9ed",
    "#b8c0c8",
)
_SERIES, _PALE, _LIMIT = "#1b5e8c", "#9aa3ac", "#c0392b"
_MARKS: dict[MarkKind, tuple[str, str]] = {  # a label, and its line through the panels
    "fault": ("#1f2933", "#9aa3ac"),
    "alarm": ("#c0392b", "#e3a19a"),
    "trip": ("#7b1d14", "#b5736b"),
    "hand": ("#2d7d46", "#96c2a4"),
    "step": ("#1b5e8c", "#9dbdd3"),
}

_WIDTH, _LEFT, _RIGHT = 1600, 120, 166  # pixels of the finished image, as are all below
_TOP, _HEAD, _ROW, _TITLE, _PANEL, _FOOT = 36, 122, 36, 62, 160, 100
_TITLE_TEXT, _NAME_TEXT, _SMALL_TEXT = 40, 30, 26
_EDGE = _WIDTH - 12  # no label reaches further right
_MOST_ROWS = 8  # of labels above the panels; what does not fit keeps its line
_FINE = 3  # drawn so much larger and then reduced: Pillow's own lines have hard edges


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
    """Content of the image. Every series of a panel has one value for each time."""

    title: str
    subtitle: str
    times_s: Sequence[float]
    panels: Sequence[Panel]
    marks: Sequence[Mark]


def fits_title(text: str) -> bool:
    """Returns whether a text is short enough for the title."""
    length = ImageFont.load_default(_TITLE_TEXT * _FINE).getlength(text) / _FINE
    return _LEFT + length <= _EDGE


def draw_png(chart: TrendChart) -> bytes:
    """Returns the chart as a PNG file, 1600 pixels wide."""
    pen = _Pen(chart)
    pen.draw()
    return pen.png()


class _Pen:
    def __init__(self, chart: TrendChart) -> None:
        self._chart = chart
        self._start_s = chart.times_s[0]
        self._end_s = max(chart.times_s[-1], self._start_s + 1e-3)
        self._fonts = {
            size: ImageFont.load_default(size * _FINE)
            for size in (_TITLE_TEXT, _NAME_TEXT, _SMALL_TEXT)
        }
        self._rows = self._label_rows()
        self._first = _HEAD + _ROW * (max(self._rows.values(), default=-1) + 1)
        self._bottom = self._first + (_TITLE + _PANEL) * len(chart.panels)
        size = _WIDTH * _FINE, (self._bottom + _FOOT) * _FINE
        self._image = Image.new("RGB", size, _BACKGROUND)
        self._canvas = ImageDraw.Draw(self._image)

    def png(self) -> bytes:
        content = BytesIO()
        self._image.reduce(_FINE).save(content, "PNG", optimize=True)
        return content.getvalue()

    def draw(self) -> None:
        self._text((_LEFT, _TOP), self._chart.title, _TITLE_TEXT, _TEXT, "lm")
        self._text((_LEFT, _TOP + 46), self._chart.subtitle, _SMALL_TEXT, _SECONDARY, "lm")
        axis, unit = time_axis(self._start_s, self._end_s)
        across = [_LEFT + axis.share(tick) * self._across for tick in axis.ticks]
        tops = [
            self._first + n * (_TITLE + _PANEL) + _TITLE for n in range(len(self._chart.panels))
        ]
        for top in tops:
            for x in across:
                self._line([(x, top), (x, top + _PANEL)], _GRID, 1.5)
        self._draw_marks()
        for panel, top in zip(self._chart.panels, tops, strict=True):
            self._draw_panel(panel, top)
        for x, tick in zip(across, axis.ticks, strict=True):
            text = tick_text(tick, axis)
            self._text((x, self._bottom + 26), text, _SMALL_TEXT, _SECONDARY, "mm")
        middle = _LEFT + self._across / 2
        self._text((middle, self._bottom + 66), f"time, {unit}", _SMALL_TEXT, _SECONDARY, "mm")

    @property
    def _across(self) -> float:
        return float(_WIDTH - _LEFT - _RIGHT)

    def _x(self, time_s: float) -> float:
        return _LEFT + (time_s - self._start_s) / (self._end_s - self._start_s) * self._across

    def _draw_panel(self, panel: Panel, top: float) -> None:
        right = _LEFT + self._across
        self._draw_name(panel, top - 23)
        for tick in panel.axis.ticks:
            y = self._y(panel.axis, tick, top)
            self._line([(_LEFT, y), (right, y)], _GRID, 1.5)
            text = tick_text(tick, panel.axis)
            self._text((_LEFT - 14, y), text, _SMALL_TEXT, _SECONDARY, "rm")
        for limit in panel.limits:
            y = self._y(panel.axis, limit.value, top)
            self._dashes(y, right)
            self._text((right + 12, y), limit.label, _SMALL_TEXT, _LIMIT, "lm")
        self._line([(_LEFT, top), (_LEFT, top + _PANEL), (right, top + _PANEL)], _FRAME, 1.5)
        if panel.pale:
            self._draw_series(panel.pale, panel.axis, top, _PALE)
        self._draw_series(panel.values, panel.axis, top, _SERIES)

    def _draw_name(self, panel: Panel, y: float) -> None:
        note = _LEFT + self._length(panel.name, _NAME_TEXT) + 14
        end = note + self._length(panel.note, _SMALL_TEXT) + 6
        box = [each * _FINE for each in (_LEFT - 4, y - 20, end, y + 19)]
        self._canvas.rectangle(box, _BACKGROUND)  # so that no mark's line runs through the text
        self._text((_LEFT, y), panel.name, _NAME_TEXT, _TEXT, "lm")
        self._text((note, y + 1), panel.note, _SMALL_TEXT, _SECONDARY, "lm")

    def _draw_series(self, values: Sequence[float], axis: Axis, top: float, colour: str) -> None:
        points = zip(map(self._x, self._chart.times_s), values, strict=True)
        for is_shown, run in groupby(points, key=lambda point: axis.holds(point[1])):
            if is_shown:
                line = [(x, self._y(axis, value, top)) for x, value in _thinned(run)]
                # A value that stands alone is a dot.
                self._line(line if len(line) > 1 else [line[0], (line[0][0] + 2, line[0][1])],
                           colour, 3.0)  # fmt: skip

    def _draw_marks(self) -> None:
        for mark in self._chart.marks:
            x = self._x(mark.at_s)
            pale = _MARKS[mark.kind][1]
            self._line([(x, self._first), (x, self._bottom)], pale, 2.0)
            if mark in self._rows:
                y = self._row_y(mark)
                self._line([(x, y - _ROW / 2 + 3), (x, self._first)], pale, 2.0)
        for mark in self._rows:
            self._draw_label(mark)

    def _draw_label(self, mark: Mark) -> None:
        x, y, colour = self._x(mark.at_s), self._row_y(mark), _MARKS[mark.kind][0]
        if not self._is_late(mark):
            self._text((x + 8, y), mark.label, _SMALL_TEXT, colour, "lm")
            return
        start = x - 12 - self._length(mark.label, _SMALL_TEXT)
        box = [each * _FINE for each in (start, y - _ROW / 2 + 3, x - 4, y + _ROW / 2 - 3)]
        self._canvas.rectangle(box, _BACKGROUND)  # so that no earlier mark's line runs through it
        self._text((x - 8, y), mark.label, _SMALL_TEXT, colour, "rm")

    def _row_y(self, mark: Mark) -> float:
        return _HEAD + _ROW * self._rows[mark] + _ROW / 2

    def _is_late(self, mark: Mark) -> bool:
        """Returns whether a label must stand left of its line to fit the edge."""
        return self._x(mark.at_s) + 8 + self._length(mark.label, _SMALL_TEXT) > _EDGE

    def _label_rows(self) -> dict[Mark, int]:
        """Returns the row of each label, below every earlier label that it would overlap."""
        rows: dict[Mark, int] = {}
        ends: list[tuple[float, int]] = []
        named: set[str] = set()
        for mark in self._chart.marks:
            x, length = self._x(mark.at_s), self._length(mark.label, _SMALL_TEXT)
            is_late = self._is_late(mark)
            start = x - 20 - length if is_late else x
            row = max((row + 1 for end, row in ends if end > start), default=0)
            if mark.label in named or row >= _MOST_ROWS:
                continue
            named.add(mark.label)
            rows[mark] = row
            ends.append((x if is_late else x + 20 + length, row))
        return rows

    @staticmethod
    def _y(axis: Axis, value: float, top: float) -> float:
        return top + (1.0 - axis.share(value)) * _PANEL

    def _line(self, points: Sequence[Point], colour: str, width: float) -> None:
        fine = [(x * _FINE, y * _FINE) for x, y in points]
        self._canvas.line(fine, colour, round(width * _FINE), joint="curve")

    def _dashes(self, y: float, right: float) -> None:
        for x in range(_LEFT, int(right), 18):
            self._line([(x, y), (min(x + 10, right), y)], _LIMIT, 1.5)

    def _text(self, at: Point, text: str, size: int, colour: str, anchor: str) -> None:
        place = at[0] * _FINE, at[1] * _FINE
        self._canvas.text(place, text, colour, self._fonts[size], anchor=anchor)

    def _length(self, text: str, size: int) -> float:
        return self._fonts[size].getlength(text) / _FINE


def _thinned(points: Iterable[Point]) -> list[Point]:
    """Returns the first, lowest, highest and last point of each column of pixels."""
    thin: list[Point] = []
    for _, column in groupby(points, key=lambda point: round(point[0])):
        inside = list(column)
        ends = {inside[0], inside[-1]}
        ends |= {min(inside, key=_value), max(inside, key=_value)}
        thin += [point for point in dict.fromkeys(inside) if point in ends]
    return thin


def _value(point: Point) -> float:
    return point[1]
