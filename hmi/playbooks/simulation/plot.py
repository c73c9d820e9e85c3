"""Trends of a simulation in the terminal and as a chart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handwheel.connectors.config.durations import format_duration
from handwheel.sim_plant.scenario import FaultEvent

from ...shell.charts.chart import Limit, Mark, MarkKind, Panel, TrendChart, time_unit
from ...shell.charts.terminal_chart import TrendScale, terminal_chart
from .recording import TraceRow
from .run_simulation import Simulated
from .trends import Trend

_HEIGHT = 6  # lines of a trend
_BEGINS = frozenset({"COMMAND", "PERFORM", "DONE", "SKIPPED"})  # states in which a step has begun


@dataclass(frozen=True, slots=True)
class PlotMark:
    """Moment that is marked in every trend."""

    at_s: float
    sign: str  # in the terminal: the number of a step, or `F` for a fault
    label: str
    kind: MarkKind


def marks_of(simulated: Simulated) -> list[PlotMark]:
    """Returns the faults and the beginning of each step, in order of time."""
    end_s = simulated.recording.times_s[-1]
    found = [
        PlotMark(each.at_s, "F", each.fault, "fault")
        for each in simulated.setting.events
        if isinstance(each, FaultEvent) and each.at_s <= end_s
    ]
    begun: dict[tuple[str, str], TraceRow] = {}
    for row in simulated.recording.trace:
        if row.kind == "run.step" and row.body["to"] in _BEGINS:
            begun.setdefault((row.subject, str(row.body["step"])), row)
    for number, ((_, step), row) in enumerate(begun.items(), 1):
        found.append(PlotMark(row.at_s, str(number), f"{number} {step}", "step"))
    return sorted(found, key=lambda each: each.at_s)


def plot_lines(simulated: Simulated, width: int) -> Iterator[str]:
    """Yields a trend for each tag with its limits, and the marks under all of them."""
    recording, trends = simulated.recording, simulated.trends
    axes = {each.tag.name: each.axis(_both(simulated, each.tag.name)) for each in trends}
    ends = [end for axis in axes.values() for end in (axis.low, axis.high)]
    limits = [limit for each in trends for limit in each.limits]
    gutter = max((len(f"{each:g}") for each in (*ends, *limits)), default=0)
    columns = width - gutter - 1
    for each in trends:
        name = each.tag.name
        axis, series = axes[name], recording.series[name]
        limits_shown = ", ".join(f"{limit:g}" for limit in each.limits)
        title = f"{each.tag.name}, {each.tag.unit}".rstrip(", ")
        title += f" (┈ {limits_shown})" if limits_shown else ""
        scale, without = TrendScale(axis, each.limits, gutter), _without(simulated, name)
        yield from terminal_chart(title, series, (width, _HEIGHT), scale, dotted=without)
    if trends:
        yield f"{'':{gutter}}└{_marked(simulated, columns)}"
        yield from _time_lines(simulated, columns, gutter)
    if trends and simulated.without is not None:
        yield f"{'':{gutter + 1}}⠒⠒⠒ with the run, ⠂⠂⠂ without it"


def _without(simulated: Simulated, name: str) -> Sequence[float]:
    """Returns the values of a tag without the run, none where both courses are one."""
    return simulated.without.recording.series[name] if simulated.without else ()


def _both(simulated: Simulated, name: str) -> Sequence[float]:
    return [*simulated.recording.series[name], *_without(simulated, name)]


def _marked(simulated: Simulated, columns: int) -> str:
    """Returns the signs of the marks in one line. One without a place stands further right."""
    line, end_s = ["─"] * columns, simulated.recording.times_s[-1]
    for mark in marks_of(simulated):
        first = min(round(mark.at_s / end_s * (columns - 1)), columns - len(mark.sign))
        places = range(first, columns - len(mark.sign) + 1)
        free = (n for n in places if set(line[n : n + len(mark.sign)]) == {"─"})
        if (at := next(free, None)) is not None:
            line[at : at + len(mark.sign)] = mark.sign
    return "".join(line)


def _time_lines(simulated: Simulated, columns: int, gutter: int) -> Iterator[str]:
    length_s = simulated.recording.times_s[-1]
    unit, size_s = time_unit(length_s)
    quarters = [f"{length_s * n / 4 / size_s:.3g}" for n in range(5)]
    line = "".join(f"{each:<{(columns - 1) // 4}}" for each in quarters[:-1])
    yield f"{'':{gutter + 1}}{line[: columns - len(f'{quarters[-1]} {unit}')]}{quarters[-1]} {unit}"
    signs = ", ".join(
        f"{mark.sign} {mark.label.removeprefix(f'{mark.sign} ')}" for mark in marks_of(simulated)
    )
    if signs:
        yield f"{'':{gutter + 1}}{signs}"


def chart_of(simulated: Simulated, title: str, subtitle: str) -> TrendChart:
    """Returns the trends as a chart, each with all of its limits."""
    recording = simulated.recording
    panels = [_panel(simulated, each) for each in simulated.trends]
    marks = [Mark(each.at_s, each.kind, each.label) for each in marks_of(simulated)]
    length = format_duration(round(recording.times_s[-1]))
    grey = ", grey without the run" if simulated.without else ""
    subtitle = f"{length}, {subtitle}{grey}"
    return TrendChart(title, subtitle, recording.times_s, panels, marks)


def _panel(simulated: Simulated, trend: Trend) -> Panel:
    tag, series = trend.tag, simulated.recording.series[trend.tag.name]
    note = ", ".join(part for part in (tag.unit, tag.description) if part)
    limits = [Limit(each, f"{each:g}") for each in trend.limits]
    axis = trend.axis(_both(simulated, tag.name))
    return Panel(tag.name, note, series, axis, limits, _without(simulated, tag.name))
