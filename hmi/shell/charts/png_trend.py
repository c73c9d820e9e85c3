"""Trends as a PNG image with one panel for each tag and a line for each event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal

from .axis import Axis, tick_text, time_axis
from .png_pen import SMALL_TEXT, TITLE_TEXT, Colour, Pen, Place, text_length

MarkKind = Literal["fault", "alarm", "trip", "hand", "step"]

_FRAME = "#b8c0c8"
_MARKS: dict[MarkKind, tuple[str, str]] = {  # a label, and its line through the panels
    "fault": ("#1f2933", "#9aa3ac"),
    "alarm": ("#c0392b", "#e3a19a"),
    "trip": ("#7b1d14", "#b5736b"),
    "hand": ("#2d7d46", "#96c2a4"),
    "step": ("#1b5e8c", "#9dbdd3"),
}

_WIDTH, _LEFT, _RIGHT = 1600, 120, 166  # pixels of the finished image, as are all below
_TOP, _HEAD, _ROW, _TITLE, _PANEL, _FOOT = 36, 122, 36, 62, 160, 100
_NAME_TEXT = 30
_EDGE = _WIDTH - 12  # no label reaches further right
_MOST_ROWS = 8  # of labels above the panels; what does not fit keeps its line


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
    return _LEFT + text_length(text, TITLE_TEXT) <= _EDGE


def draw_png(chart: TrendChart) -> bytes:
    """Returns the chart as a PNG file, 1600 pixels wide."""
    drawing = _Drawing(chart)
    drawing.draw()
    return drawing.pen.png()


class _Drawing:
    def __init__(self, chart: TrendChart) -> None:
        self._chart = chart
        self._start_s = chart.times_s[0]
        self._end_s = max(chart.times_s[-1], self._start_s + 1e-3)
        self._rows = self._label_rows()
        self._first = _HEAD + _ROW * (max(self._rows.values(), default=-1) + 1)
        self._bottom = self._first + (_TITLE + _PANEL) * len(chart.panels)
        self.pen = Pen(_WIDTH, self._bottom + _FOOT)

    def draw(self) -> None:
        self.pen.text((_LEFT, _TOP), self._chart.title, TITLE_TEXT, Colour.TEXT, "lm")
        self.pen.text((_LEFT, _TOP + 46), self._chart.subtitle, SMALL_TEXT, Colour.SECONDARY, "lm")
        axis, unit = time_axis(self._start_s, self._end_s)
        across = [_LEFT + axis.share(tick) * self._across for tick in axis.ticks]
        tops = [
            self._first + n * (_TITLE + _PANEL) + _TITLE for n in range(len(self._chart.panels))
        ]
        for top in tops:
            for x in across:
                self.pen.line([(x, top), (x, top + _PANEL)], Colour.GRID)
        self._draw_marks()
        for panel, top in zip(self._chart.panels, tops, strict=True):
            self._draw_panel(panel, top)
        for x, tick in zip(across, axis.ticks, strict=True):
            text = tick_text(tick, axis)
            self.pen.text((x, self._bottom + 26), text, SMALL_TEXT, Colour.SECONDARY, "mm")
        middle = _LEFT + self._across / 2
        self.pen.text(
            (middle, self._bottom + 66), f"time, {unit}", SMALL_TEXT, Colour.SECONDARY, "mm"
        )

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
            self.pen.line([(_LEFT, y), (right, y)], Colour.GRID)
            text = tick_text(tick, panel.axis)
            self.pen.text((_LEFT - 14, y), text, SMALL_TEXT, Colour.SECONDARY, "rm")
        for limit in panel.limits:
            y = self._y(panel.axis, limit.value, top)
            self._dashes(y, right)
            self.pen.text((right + 12, y), limit.label, SMALL_TEXT, Colour.LIMIT, "lm")
        self.pen.line([(_LEFT, top), (_LEFT, top + _PANEL), (right, top + _PANEL)], _FRAME)
        if panel.pale:
            self._draw_series(panel.pale, panel.axis, top, Colour.PALE)
        self._draw_series(panel.values, panel.axis, top, Colour.SERIES)

    def _draw_name(self, panel: Panel, y: float) -> None:
        note = _LEFT + text_length(panel.name, _NAME_TEXT) + 14
        end = note + text_length(panel.note, SMALL_TEXT) + 6
        self.pen.blank((_LEFT - 4, y - 20), (end, y + 19))
        self.pen.text((_LEFT, y), panel.name, _NAME_TEXT, Colour.TEXT, "lm")
        self.pen.text((note, y + 1), panel.note, SMALL_TEXT, Colour.SECONDARY, "lm")

    def _draw_series(self, values: Sequence[float], axis: Axis, top: float, colour: str) -> None:
        points = zip(map(self._x, self._chart.times_s), values, strict=True)
        for is_shown, run in groupby(points, key=lambda point: axis.holds(point[1])):
            if is_shown:
                line = [(x, self._y(axis, value, top)) for x, value in _thinned(run)]
                # A value that stands alone is a dot.
                self.pen.line(line if len(line) > 1 else [line[0], (line[0][0] + 2, line[0][1])],
                           colour, 3.0)  # fmt: skip

    def _draw_marks(self) -> None:
        for mark in self._chart.marks:
            x = self._x(mark.at_s)
            pale = _MARKS[mark.kind][1]
            self.pen.line([(x, self._first), (x, self._bottom)], pale, 2.0)
            if mark in self._rows:
                y = self._row_y(mark)
                self.pen.line([(x, y - _ROW / 2 + 3), (x, self._first)], pale, 2.0)
        for mark in self._rows:
            self._draw_label(mark)

    def _draw_label(self, mark: Mark) -> None:
        x, y, colour = self._x(mark.at_s), self._row_y(mark), _MARKS[mark.kind][0]
        if not self._is_late(mark):
            self.pen.text((x + 8, y), mark.label, SMALL_TEXT, colour, "lm")
            return
        start = x - 12 - text_length(mark.label, SMALL_TEXT)
        self.pen.blank((start, y - _ROW / 2 + 3), (x - 4, y + _ROW / 2 - 3))
        self.pen.text((x - 8, y), mark.label, SMALL_TEXT, colour, "rm")

    def _row_y(self, mark: Mark) -> float:
        return _HEAD + _ROW * self._rows[mark] + _ROW / 2

    def _is_late(self, mark: Mark) -> bool:
        """Returns whether a label must stand left of its line to fit the edge."""
        return self._x(mark.at_s) + 8 + text_length(mark.label, SMALL_TEXT) > _EDGE

    def _label_rows(self) -> dict[Mark, int]:
        """Returns the row of each label, below every earlier label that it would overlap."""
        rows: dict[Mark, int] = {}
        ends: list[tuple[float, int]] = []
        named: set[str] = set()
        for mark in self._chart.marks:
            x, length = self._x(mark.at_s), text_length(mark.label, SMALL_TEXT)
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

    def _dashes(self, y: float, right: float) -> None:
        for x in range(_LEFT, int(right), 18):
            self.pen.line([(x, y), (min(x + 10, right), y)], Colour.LIMIT)


def _thinned(points: Iterable[Place]) -> list[Place]:
    """Returns the first, lowest, highest and last point of each column of pixels."""
    thin: list[Place] = []
    for _, column in groupby(points, key=lambda point: round(point[0])):
        inside = list(column)
        ends = {inside[0], inside[-1]}
        ends |= {min(inside, key=itemgetter(1)), max(inside, key=itemgetter(1))}
        thin += [point for point in dict.fromkeys(inside) if point in ends]
    return thin
