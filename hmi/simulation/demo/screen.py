"""Screen of the demo, 80 by 24, with colour for abnormal values only."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.alarm import Priority
from handwheel.tools.safe_text import printable

from ...shell.charts.chart import Axis
from ...shell.charts.terminal_chart import TrendScale, terminal_chart
from ...site.tags.connection_text import is_starting
from ...site.tags.sample_buffer import SampleBuffer
from .evidence import evidence_lines
from .runs import FollowedRun, step_text
from .timeline import ALARM_LIST, Timeline, clock_text

_NEEDED = (80, 24)
_TREND_HEIGHT, _TREND_ALONE = 5, 15
_DOTS = 2  # samples of a column of a trend that is being filled
_TITLE = 19  # columns of a pump with its state
_STEP_LINES, _EVIDENCE_LINES = 2, 8
_EVENTS = 2
# ISA-101: a shape of its own for each priority, so that colour is not the only sign.
_SIGNS = {
    Priority.HIGH: ("▲", "bold red"),
    Priority.MEDIUM: ("◆", "bold yellow"),
    Priority.LOW: ("■", "bold cyan"),
}
_MORE = 3  # columns for the number of alarms that do not fit
# With the width of each, so that a question mark fits before it.
_PUMP = (("IT-101{}.pv", 9), ("VT-101{}.pv", 12), ("TT-111{}.pv", 13))
_BESIDE_WIDTH = 12
_CAUSES = {0: "", 8: "elec.", 9: "start"}  # the other numbers are an interlock's
_BESIDE = {"A": ("header", "PT-102.pv"), "B": ("strainer", "PDT-101.pv")}


@dataclass(frozen=True, slots=True)
class ScreenContent:
    """Content of one screen."""

    site: str  # its name
    hint: str  # what the viewer should know now, on one line
    run: FollowedRun | None  # the run that is shown; `None` as long as there is none
    tags: Mapping[str, Tag]
    readings: Mapping[str, DataValue]
    samples: SampleBuffer
    timeline: Timeline
    connections: Sequence[Connection]
    width: int
    height: int


def render(content: ScreenContent) -> RenderableType:
    """Returns the screen for a terminal of at least 80 by 24."""
    return Group(
        *_too_small(content),
        _header(content),
        _below_header(content),
        _trends(content),
        *(_pump(content, side) for side in "AB"),
        _alarms(content),
        *_run(content),
        *_events(content),
    )


def _too_small(content: ScreenContent) -> list[Text]:
    if content.width >= _NEEDED[0] and content.height >= _NEEDED[1]:
        return []
    return [Text(f"{_NEEDED[0]} x {_NEEDED[1]} needed", style="reverse")]


def _header(content: ScreenContent) -> Text:
    speed = content.readings["SIM-CLOCK.speed"]
    pace = f"{speed.value:g}" if _is_good(speed) and isinstance(speed.value, float) else "?"
    text = _line("HANDWHEEL demo", "bold")
    text.append(f"  {content.site}, simulated  {pace}×")
    text.append(f"  plant time {clock_text(content.timeline.now_s)}")
    for connection in content.connections:
        text.append(f"  {connection.name}")
        if connection.is_connected:
            text.append(" ok")
        elif is_starting(connection):
            text.append(" …")
        else:
            text.append(" DOWN", style="reverse")
    return text


def _below_header(content: ScreenContent) -> Text:
    reasons = [_line(f"{c.name}: {c.reason}", "bold") for c in content.connections if c.reason]
    return reasons[0] if reasons else _line(f"{content.hint}  Ctrl-C stops it.", "dim")


def _trends(content: ScreenContent) -> Table:
    width = (content.width - 2) // 2
    height = _TREND_HEIGHT if content.run else _TREND_ALONE
    table = Table.grid(padding=(0, 1))
    vibration = _trend(content, "VT-101A vibration, mm/s", "VAH-101A", 10.0, (width, height))
    pressure = _trend(content, "PT-102 header pressure, kPa", "PAL-102", 500.0, (width, height))
    for n, (left, right) in enumerate(zip(vibration, pressure, strict=True)):
        style = "dim" if n == 0 else ""
        table.add_row(
            Text(f"{left:<{width}}", style=style, no_wrap=True),
            Text(right, style=style, no_wrap=True),
        )
    return table


def _trend(
    content: ScreenContent, title: str, alarm: str, high: float, size: tuple[int, int]
) -> list[str]:
    definition = ALARM_LIST[alarm]
    series = content.samples.series(f"{definition.measures}.pv")
    title = f"{title} (alarm {definition.limit:g})"
    scale = TrendScale(Axis(0.0, high), (definition.limit,))
    return terminal_chart(title, series, size, scale, span=_DOTS * size[0])


def _pump(content: ScreenContent, side: str) -> Text:
    name, beside = _BESIDE[side]
    return _joined(
        [
            _pump_title(content, f"P-101{side}"),
            *(_value(content, pattern.format(side), width) for pattern, width in _PUMP),
            Text(f"{name:>12}", style="dim"),
            _value(content, beside, _BESIDE_WIDTH),
        ]
    )


def _is_good(reading: DataValue) -> bool:
    return reading.quality is Quality.GOOD


def _line(text: str, style: str = "") -> Text:
    """Returns a line that begins with the text. Appended text does not get its style."""
    return Text(no_wrap=True, overflow="ellipsis").append(text, style)


def _joined(parts: Sequence[Text]) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for part in parts:
        line.append_text(part)
    line.rstrip()
    return line


def _pump_title(content: ScreenContent, pump: str) -> Text:
    readings = content.readings
    states = ("running", "tripped", "trip_cause")
    if not all(_is_good(readings[f"{pump}.{state}"]) for state in states):
        return _padded(f"{pump} ? no data", "reverse")
    if readings[f"{pump}.tripped"].value:
        return _padded(f"{pump} ! TRIP {_cause(readings[f'{pump}.trip_cause'])}", "bold red")
    is_running = bool(readings[f"{pump}.running"].value)
    return _padded(f"{pump} {'running' if is_running else 'stopped'}", "bold")


def _cause(reading: DataValue) -> str:
    cause = reading.value
    return _CAUSES.get(cause, f"I-0{cause}") if isinstance(cause, int) else "?"


def _padded(text: str, style: str) -> Text:
    return Text.assemble((text, style), " " * (_TITLE - len(text)))


def _value(content: ScreenContent, name: str, width: int) -> Text:
    unit, reading = content.tags[name].unit, content.readings[name]
    shown = f"{_fixed(reading)} {unit}"
    if _is_good(reading):
        return Text(f"{shown:>{width}}")
    return Text.assemble(" " * (width - len(shown) - 2), (f"? {shown}", "reverse"))


def _fixed(reading: DataValue) -> str:
    value = reading.value
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) and abs(value) < 10.0 else (
        f"{value:.1f}" if isinstance(value, float) else str(value)
    )  # fmt: skip


def _alarms(content: ScreenContent) -> Text:
    """Returns the active alarms, the most urgent first, with `?` where the state is unknown."""
    text = _line("alarms  ", "dim")
    readings = {name: content.readings[f"{name}.active"] for name in ALARM_LIST}
    active = sorted(
        (name for name in ALARM_LIST if readings[name].value),
        key=lambda name: ALARM_LIST[name].priority,
    )
    if not all(_is_good(reading) for reading in readings.values()):
        text.append("? no data", style="reverse")
        text.append("  ")
    elif not active:
        text.append("none")
    for n, name in enumerate(active):
        priority = ALARM_LIST[name].priority
        sign, style = _SIGNS[priority] if _is_good(readings[name]) else ("?", "reverse")
        item = f"{sign} P{priority:d} {name}"
        if text.cell_len + len(item) > content.width - _MORE:
            text.append(f"+{len(active) - n}", "bold")
            break
        text.append(item, style)
        text.append("  ")
    return text


def _run(content: ScreenContent) -> list[Text]:
    if content.run is None:
        return [_line("no run yet, the agents are watching", "dim")]
    run = content.run
    head = _line(f"{run.run_id}  {run.plan.id}  ")
    head.append(run.run.state, "bold")
    text = printable(step_text(run, content.readings))
    step = textwrap.wrap(text, content.width, max_lines=_STEP_LINES, placeholder="…")
    evidence = [
        _line(text, "bold yellow" if is_blocking else "")
        for text, is_blocking in evidence_lines(run.run.diagnosis)
    ]
    return [head, *_filled(map(_line, step), _STEP_LINES), *_filled(evidence, _EVIDENCE_LINES)]


def _events(content: ScreenContent) -> list[Text]:
    count = max(content.height - _NEEDED[1], 0) + _EVENTS
    latest = content.timeline.entries[-count:]
    return _filled((_line(f"{clock_text(each.time_s)}  {each.text}") for each in latest), count)


def _filled(lines: Iterable[Text], count: int) -> list[Text]:
    """Returns the lines and as many empty ones as make up the number, so that nothing jumps."""
    shown = list(lines)
    return [*shown, *[Text("")] * (count - len(shown))]
