"""Trends of a work order as a chart in a file."""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from pathlib import Path

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.tags import Tag
from handwheel.tools.maintenance.work_order_database import Trend, WorkOrder
from handwheel.tools.safe_text import plain, printable

from ..shell.charts.chart import Limit, Panel, TrendChart, round_axis
from ..shell.charts.chart_file import save_chart

_TIMES = 480
_TITLE = 60  # characters


def draw_order(
    path: Path, order: WorkOrder, trends: Sequence[Trend], tags: Mapping[str, Tag]
) -> None:
    """Draws the trends of a work order, each with its alarms and trips, or ends the command.

    Args:
        trends: At least one, each with a point.
        tags: Of the site.
    """
    ends = [each.points[at][0] for each in trends for at in (0, -1)]
    start_s, length_s = min(ends), max(max(ends) - min(ends), 1.0)
    times = [length_s * n / (_TIMES - 1) for n in range(_TIMES)]
    panels = [_panel(each, [start_s + at for at in times], tags.get(each.tag)) for each in trends]
    title = f"{order.workorder_id}  {printable(order.title, _TITLE)}"
    subtitle = f"{plain(order.asset)}, {format_duration(round(length_s))} up to the latest value"
    save_chart(path, TrendChart(title, subtitle, times, panels, []))


def _panel(trend: Trend, times: Sequence[float], tag: Tag | None) -> Panel:
    limits = [*_limits(tag)] if tag is not None else []
    values = [each[1] for each in trend.points] + [each.value for each in limits]
    low, high = min(values), max(values)
    margin = 0.0 if high > low else abs(low) * 0.05 or 1.0
    axis = round_axis(low - margin, high + margin)
    return Panel(plain(trend.tag), printable(trend.unit), _held(trend, times), axis, limits)


def _limits(tag: Tag) -> Iterator[Limit]:
    for kind, pair in (("alarm", tag.alarm), ("trip", tag.trip)):
        yield from (Limit(each, f"{kind} {each:g}") for each in pair if each is not None)


def _held(trend: Trend, times: Sequence[float]) -> list[float]:
    """Returns a value for each time. Each holds until the next one, the last for no time."""
    points, ats = trend.points, [each[0] for each in trend.points]
    return [
        points[bisect(ats, moment) - 1][1] if ats[0] <= moment <= ats[-1] else nan
        for moment in times
    ]
