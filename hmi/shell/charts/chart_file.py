"""Charts as PNG and SVG files, drawn by matplotlib. Slow to import."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handwheel.connectors.errors import os_reason

from ..cli.exits import fail
from .chart import Mark, MarkKind, Panel, TrendChart, time_unit

TEXT, SECONDARY, GRID, SERIES, PALE, LIMIT = (
    "#1f2933", "#64707d", "#e6e9ed", "#1b5e8c", "#9aa3ac", "#c0392b",
)  # fmt: skip
"""Colours of a chart, of which red is for limits and alarms."""
_MARKS: dict[MarkKind, tuple[str, str]] = {  # a label, and its line through the panels
    "fault": (TEXT, PALE),
    "alarm": (LIMIT, "#e3a19a"),
    "trip": ("#7b1d14", "#b5736b"),
    "hand": ("#2d7d46", "#96c2a4"),
    "step": (SERIES, "#9dbdd3"),
}
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # a text of the plant is no formula
    "svg.hashsalt": "handwheel", "font.size": 13.0, "text.color": TEXT, "axes.grid": True,
    "axes.edgecolor": "#b8c0c8", "axes.spines.top": False, "axes.spines.right": False,
    "axes.axisbelow": True, "grid.color": GRID,
    "xtick.color": SECONDARY, "ytick.color": SECONDARY, "axes.labelcolor": SECONDARY,
}  # fmt: skip
_DPI = 100
_WIDTH, _HEAD, _PANEL, _ROW = 16.0, 1.6, 2.2, 0.3  # inches
_MOST_ROWS = 8  # of labels above the panels; what does not fit keeps its line
_LETTER = 0.0058  # share of the width that a letter of a label takes
_RIGHT = 0.85  # share of the width from which on a label stands left of its line


def new_figure(width: float, height: float, title: str, subtitle: str) -> Figure:
    """Returns a figure, in inches, with its title."""
    with mpl.rc_context(_STYLE):
        figure = Figure((width, height), dpi=_DPI, layout="constrained")
        figure.suptitle(f"{title}\n{subtitle}", x=0.01, ha="left", size=17)
    return figure


def new_axes(figure: Figure) -> Axes:
    """Returns the only axes of a figure."""
    with mpl.rc_context(_STYLE):
        return figure.add_subplot()


def save_figure(path: Path, figure: Figure) -> None:
    """Writes a figure, or ends the command. After an error no partial file is left."""
    try:
        with mpl.rc_context(_STYLE), catch_warnings():
            filterwarnings("ignore", "Glyph .* missing")  # which is drawn as a box
            figure.savefig(path, format=path.suffix.lower().lstrip("."))
    except OSError as error:
        if path.is_file():
            with suppress(OSError):
                path.unlink()
        fail(f"{path}: {os_reason(error)}")


def save_chart(path: Path, chart: TrendChart) -> None:
    """Draws a chart into a file, or ends the command. After an error no partial file is left."""
    save_figure(path, trend_figure(chart))


def trend_figure(chart: TrendChart) -> Figure:
    """Returns a chart as a figure with a panel for each tag, 1600 pixels wide."""
    start_s, end_s = chart.times_s[0], max(chart.times_s[-1], chart.times_s[0] + 1e-3)
    unit, size_s = time_unit(end_s - start_s)
    rows = _label_rows(chart.marks, start_s, end_s)
    above = _ROW * (max(rows.values(), default=0) + 1)
    height = _HEAD + above + _PANEL * len(chart.panels)
    figure = new_figure(_WIDTH, height, chart.title, chart.subtitle)
    ratios = [above, *[_PANEL] * len(chart.panels)]
    with mpl.rc_context(_STYLE):
        top, *axes = figure.subplots(len(ratios), sharex=True, squeeze=False, height_ratios=ratios)[
            :, 0
        ]
    times = [each / size_s for each in chart.times_s]
    for panel, each in zip(chart.panels, axes, strict=True):
        _draw_panel(each, panel, times)
    (axes or [top])[-1].set_xlabel(f"time, {unit}")
    top.set_axis_off()
    top.set_xlim(start_s / size_s, end_s / size_s)
    top.set_ylim(above / _ROW, 0.0)
    for mark in chart.marks:
        _draw_mark(mark, axes, mark.at_s / size_s)
    for mark, row in rows.items():
        _draw_label(top, mark, mark.at_s / size_s, row, is_late=_is_late(mark, start_s, end_s))
    return figure


def _draw_panel(axes: Axes, panel: Panel, times: Sequence[float]) -> None:
    axes.set_title(f"{panel.name}   {panel.note}", loc="left")
    axes.set_ylim(panel.axis.low, panel.axis.high)
    if panel.pale:
        axes.plot(times, panel.pale, color=PALE, linewidth=2)
    axes.plot(times, panel.values, color=SERIES, linewidth=2)
    for limit in panel.limits:
        axes.axhline(limit.value, color=LIMIT, linestyle="--", linewidth=1.2)
        axes.annotate(
            limit.label, (1.0, limit.value), (6, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", color=LIMIT, va="center", annotation_clip=False,
        )  # fmt: skip


def _draw_mark(mark: Mark, axes: Sequence[Axes], at: float) -> None:
    for each in axes:
        each.axvline(at, color=_MARKS[mark.kind][1], linewidth=1.5, zorder=0.9)


def _draw_label(top: Axes, mark: Mark, at: float, row: int, *, is_late: bool) -> None:
    colour, pale = _MARKS[mark.kind]
    top.plot([at, at], [row, top.get_ylim()[0]], color=pale, linewidth=1.5, clip_on=False)
    top.annotate(
        mark.label, (at, row + 0.5), (-5 if is_late else 5, 0), textcoords="offset points",
        color=colour, ha="right" if is_late else "left", va="center", annotation_clip=False,
    )  # fmt: skip


def _is_late(mark: Mark, start_s: float, end_s: float) -> bool:
    return (mark.at_s - start_s) / (end_s - start_s) > _RIGHT


def _label_rows(marks: Sequence[Mark], start_s: float, end_s: float) -> dict[Mark, int]:
    """Returns the row of each label, below every earlier label that it would overlap."""
    rows: dict[Mark, int] = {}
    ends: list[tuple[float, int]] = []
    for mark in marks:
        at, length = (mark.at_s - start_s) / (end_s - start_s), _LETTER * (len(mark.label) + 2)
        is_late = _is_late(mark, start_s, end_s)
        row = max((row + 1 for end, row in ends if end > at - length * is_late), default=0)
        if mark.label not in {each.label for each in rows} and row < _MOST_ROWS:
            rows[mark] = row
            ends.append((at if is_late else at + length, row))
    return rows
