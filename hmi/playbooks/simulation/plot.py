"""Trends of a simulation in the terminal and as a PNG file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from handwheel.connectors.config.durations import format_duration
from handwheel.sim_plant.scenario import FaultEvent

from ...shell.charts.axis import tick_text, time_axis
from ...shell.charts.braille_trend import TrendScale, labelled
from ...shell.charts.png_trend import Limit, Mark, MarkKind, Panel, TrendChart, draw_png
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
        title += f" (┄ {limits_shown})" if limits_shown else ""
        scale = TrendScale(axis.low, axis.high, others=each.limits)
        shown, dotted = _spread(series, columns), _spread(_without(simulated, name), columns)
        yield from labelled(title, shown, width, _HEIGHT, scale, gutter, dotted)
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


def _spread(series: Sequence[float], columns: int) -> list[float | None]:
    """Returns the values so often that a short run fills the width too."""
    if not series:
        return []
    repeat = -(-2 * columns // len(series))
    return [value if isfinite(value) else None for value in series for _ in range(repeat)]


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
    axis, unit = time_axis(0.0, max(simulated.recording.times_s[-1], 1.0))
    line = [" "] * (columns + 1)
    for tick in axis.ticks:
        text = tick_text(tick, axis)
        at = min(round(axis.share(tick) * (columns - 1)), columns - len(f"{text} {unit}"))
        line[at : at + len(text)] = text
    yield f"{'':{gutter + 1}}{''.join(line).rstrip()} {unit}"
    signs = ", ".join(
        f"{mark.sign} {mark.label.removeprefix(f'{mark.sign} ')}" for mark in marks_of(simulated)
    )
    if signs:
        yield f"{'':{gutter + 1}}{signs}"


def png_of(simulated: Simulated, title: str, subtitle: str) -> bytes:
    """Returns the trends as a PNG file, each with all of its limits."""
    recording = simulated.recording
    panels = [_panel(simulated, each) for each in simulated.trends]
    marks = [Mark(each.at_s, each.kind, each.label) for each in marks_of(simulated)]
    length = format_duration(round(recording.times_s[-1]))
    grey = ", grey without the run" if simulated.without else ""
    subtitle = f"{length}, {subtitle}{grey}"
    return draw_png(TrendChart(title, subtitle, recording.times_s, panels, marks))


def _panel(simulated: Simulated, trend: Trend) -> Panel:
    tag, series = trend.tag, simulated.recording.series[trend.tag.name]
    note = ", ".join(part for part in (tag.unit, tag.description) if part)
    limits = [Limit(each, f"{each:g}") for each in trend.limits]
    axis = trend.axis(_both(simulated, tag.name))
    return Panel(tag.name, note, series, axis, limits, _without(simulated, tag.name))
