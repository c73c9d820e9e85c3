"""The demo's screen, 80 by 24: grey by default, colour only for what is abnormal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from handwheel.connectors.connection import Connection, State
from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue, Quality
from handwheel.sim_plant.alarm import Priority

from .connection_lines import is_starting
from .demo_story import ALARM_LIST, Story, Timeline, clock_text
from .history import History
from .trend import Scale, labelled

_TREND_HEIGHT = 6
_COLUMN = 19  # of a value with its unit, or a pump with its state
_NEEDED = (80, 24)
# ISA-101: a shape of its own for each priority, so that colour is not the only sign.
_SIGNS = {
    Priority.HIGH: ("▲", "bold red"),
    Priority.MEDIUM: ("◆", "bold yellow"),
    Priority.LOW: ("■", "bold cyan"),
}
_MORE = 3  # columns for the number of alarms that do not fit
_PUMP_ROWS = (
    ("speed", "P-101{}.speed"),
    ("current", "IT-101{}.pv"),
    ("vibration", "VT-101{}.pv"),
    ("bearing", "TT-111{}.pv"),
)
_CAUSES = {0: "", 8: "elec.", 9: "start"}  # the other numbers are an interlock's
_PROCESS = ("PT-102.pv", "FT-103.pv", "TT-202.pv", "PDT-101.pv", "LT-101.pv")
_NAMES = {
    "PT-102.pv": "header pressure",
    "FT-103.pv": "water flow",
    "TT-202.pv": "product out",
    "PDT-101.pv": "strainer dp",
    "LT-101.pv": "basin level",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that one picture shows."""

    story: Story
    tags: Mapping[str, Tag]
    readings: Mapping[str, DataValue]
    history: History
    timeline: Timeline
    connections: Sequence[Connection]
    width: int
    height: int


def render(frame: Frame) -> RenderableType:
    """Returns the picture for a terminal of at least 80 by 24."""
    return Group(
        *_too_small(frame),
        _header(frame),
        *_below_header(frame),
        _trends(frame),
        Text(""),
        *_numbers(frame),
        Text(""),
        _alarms(frame),
        *_events(frame),
    )


def _too_small(frame: Frame) -> list[Text]:
    if frame.width >= _NEEDED[0] and frame.height >= _NEEDED[1]:
        return []
    return [Text(f"{_NEEDED[0]} x {_NEEDED[1]} needed", style="reverse")]


def _header(frame: Frame) -> Text:
    speed = frame.readings["SIM-CLOCK.speed"]
    pace = f"{speed.value:g}" if _is_good(speed) and isinstance(speed.value, float) else "?"
    text = _line("HANDWHEEL demo", "bold")
    text.append(f"  cw-100 simulated {pace}×")
    text.append(f"  plant time {clock_text(frame.timeline.now_s)}")
    for connection in frame.connections:
        text.append(f"  {connection.name}")
        if connection.state is State.CONNECTED:
            text.append(" ok")
        elif is_starting(connection):
            text.append(" …")
        else:
            text.append(" DOWN", style="reverse")
    return text


def _below_header(frame: Frame) -> list[Text]:
    """Two lines: the reasons of what is down; else what the viewer should look at."""
    reasons = [_line(f"{c.name}: {c.reason}", "bold") for c in frame.connections if c.reason]
    return [*(reasons or [_line(frame.story.intro, "dim")]), Text("")][:2]


def _trends(frame: Frame) -> Table:
    width = (frame.width - 2) // 2
    table = Table.grid(padding=(0, 1))
    vibration = _trend(frame, "VT-101A vibration, mm/s", "VAH-101A", 10.0, width)
    pressure = _trend(frame, "PT-102 header pressure, kPa", "PAL-102", 500.0, width)
    for n, (left, right) in enumerate(zip(vibration, pressure, strict=True)):
        style = "dim" if n == 0 else ""
        table.add_row(
            Text(f"{left:<{width}}", style=style, no_wrap=True),
            Text(right, style=style, no_wrap=True),
        )
    return table


def _trend(frame: Frame, title: str, alarm: str, high: float, width: int) -> list[str]:
    """A trend of what an alarm measures, with the alarm's limit."""
    definition = ALARM_LIST[alarm]
    series = frame.history.series(f"{definition.measures}.pv")
    scale = Scale(0.0, high, definition.limit)
    return labelled(f"{title} (alarm {scale.limit:g})", series, width, _TREND_HEIGHT, scale)


def _numbers(frame: Frame) -> list[Text]:
    """One line a row; a column is as wide as its widest content, so that nothing jumps."""
    titles = [Text(" " * 11), _pump_title(frame, "P-101A"), _pump_title(frame, "P-101B")]
    lines = [titles]
    for (name, pattern), process in zip(_PUMP_ROWS, _PROCESS, strict=False):
        pumps = (_value(frame, pattern.format(side)) for side in "AB")
        lines.append([Text(f"{name:<11}", style="dim"), *pumps, *_process(frame, process)])
    blank = Text(" " * (11 + 2 * _COLUMN))
    lines.append([blank, *_process(frame, _PROCESS[-1])])
    return [_joined(parts) for parts in lines]


def _process(frame: Frame, name: str) -> tuple[Text, Text]:
    return Text(f"{_NAMES[name]:<17}", style="dim"), _value(frame, name)


def _is_good(reading: DataValue) -> bool:
    return reading.quality is Quality.GOOD


def _line(text: str, style: str) -> Text:
    """A line that begins with this text; what is appended does not take over its style."""
    return Text(no_wrap=True, overflow="ellipsis").append(text, style)


def _joined(parts: Sequence[Text]) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for part in parts:
        line.append_text(part)
    line.rstrip()
    return line


def _pump_title(frame: Frame, pump: str) -> Text:
    readings = frame.readings
    states = ("running", "tripped", "trip_cause")
    if not all(_is_good(readings[f"{pump}.{state}"]) for state in states):
        return _padded(f"{pump} ? no data", "reverse")
    if readings[f"{pump}.tripped"].value:
        return _padded(f"{pump} ! TRIP {_cause(readings[f'{pump}.trip_cause'])}", "bold red")
    is_running = bool(readings[f"{pump}.running"].value)
    return _padded(f"{pump} {'running' if is_running else 'standby'}", "bold")


def _cause(reading: DataValue) -> str:
    cause = reading.value
    return _CAUSES.get(cause, f"I-0{cause}") if isinstance(cause, int) else "?"


def _value(frame: Frame, name: str) -> Text:
    tag, reading = frame.tags[name], frame.readings[name]
    if not _is_good(reading):
        return _padded(f"? {tag.show(reading):>6} {tag.unit}", "reverse")
    return _padded(f"{_fixed(reading):>8} {tag.unit}", "")


def _padded(text: str, style: str) -> Text:
    return Text.assemble((text, style), " " * (_COLUMN - len(text)))


def _fixed(reading: DataValue) -> str:
    value = reading.value
    return f"{value:.2f}" if isinstance(value, float) and abs(value) < 10.0 else (
        f"{value:.1f}" if isinstance(value, float) else str(value)
    )  # fmt: skip


def _alarms(frame: Frame) -> Text:
    """The most urgent first; one that was active when it was last seen has a question mark."""
    text = _line("alarms  ", "dim")
    readings = {name: frame.readings[f"{name}.active"] for name in ALARM_LIST}
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
        if text.cell_len + len(item) > frame.width - _MORE:
            text.append(f"+{len(active) - n}", "bold")
            break
        text.append(item, style)
        text.append("  ")
    return text


def _events(frame: Frame) -> list[Text]:
    lines = [
        _line(f"{clock_text(time)}  {meaning}", "")
        for time, _, meaning in frame.timeline.entries[-4:]
    ]
    return [*lines, *[Text("")] * (4 - len(lines)), Text("Ctrl-C ends the demo", style="dim")]
