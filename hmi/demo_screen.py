"""The demo's screen, 80 by 24: grey by default, colour only for what is abnormal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from handwheel.connectors.connection import Connection, State
from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue, Quality

from .demo_story import Story, Timeline, clock_text
from .history import History
from .trend import Scale, labelled

_TREND_HEIGHT = 6
_COLUMN = 19  # of a value with its unit, or a pump with its state
_ALARMS = (
    ("PAL-102.active", "▲", "P1", "bold red"),
    ("FAL-103.active", "▲", "P1", "bold red"),
    ("VAH-101A.active", "◆", "P2", "bold yellow"),
    ("VAH-101B.active", "◆", "P2", "bold yellow"),
    ("TAH-202.active", "◆", "P2", "bold yellow"),
    ("PDAH-101.active", "■", "P3", "bold cyan"),
)
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


def render(frame: Frame) -> RenderableType:
    """Returns the picture for a terminal of at least 80 by 24."""
    return Group(
        _header(frame),
        Text(frame.story.intro, style="dim", no_wrap=True, overflow="ellipsis"),
        Text(""),
        _trends(frame),
        Text(""),
        *_numbers(frame),
        Text(""),
        _alarms(frame),
        *_events(frame),
    )


def _header(frame: Frame) -> Text:
    speed = frame.readings["SIM-CLOCK.speed"].value or 0
    text = Text("HANDWHEEL demo", style="bold", no_wrap=True, overflow="ellipsis")
    text.append(f"  cw-100 simulated {speed:g}×", style="")
    text.append(f"  plant time {clock_text(frame.timeline.now_s)}", style="")
    for connection in frame.connections:
        is_up = connection.state is State.CONNECTED
        text.append(f"  {connection.name}", style="")
        text.append(" ok" if is_up else f" DOWN {connection.reason}", "" if is_up else "reverse")
    return text


def _trends(frame: Frame) -> Table:
    width = (frame.width - 2) // 2
    table = Table.grid(padding=(0, 1))
    vibration = labelled(
        "VT-101A vibration, mm/s (alarm 5.0)",
        frame.history.series("VT-101A.pv"), width, _TREND_HEIGHT, Scale(0.0, 10.0, 5.0),
    )  # fmt: skip
    pressure = labelled(
        "PT-102 header pressure, kPa (alarm 290)",
        frame.history.series("PT-102.pv"), width, _TREND_HEIGHT, Scale(0.0, 500.0, 290.0),
    )  # fmt: skip
    for n, (left, right) in enumerate(zip(vibration, pressure, strict=True)):
        style = "dim" if n == 0 else ""
        table.add_row(
            Text(f"{left:<{width}}", style=style, no_wrap=True),
            Text(right, style=style, no_wrap=True),
        )
    return table


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


def _joined(parts: Sequence[Text]) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for part in parts:
        line.append_text(part)
    line.rstrip()
    return line


def _pump_title(frame: Frame, pump: str) -> Text:
    readings = frame.readings
    if readings[f"{pump}.running"].quality is not Quality.GOOD:
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
    if reading.quality is not Quality.GOOD:
        return _padded(f"? {tag.show(reading):>6} {tag.unit}", "reverse")
    return _padded(f"{_fixed(reading):>8} {tag.unit}", "")


def _padded(text: str, style: str) -> Text:
    padded = Text(text, style=style)
    padded.append(" " * (_COLUMN - len(text)), style="none")
    return padded


def _fixed(reading: DataValue) -> str:
    value = reading.value
    return f"{value:.2f}" if isinstance(value, float) and abs(value) < 10.0 else (
        f"{value:.1f}" if isinstance(value, float) else str(value)
    )  # fmt: skip


def _alarms(frame: Frame) -> Text:
    text = Text("alarms  ", style="dim", no_wrap=True, overflow="ellipsis")
    active = [alarm for alarm in _ALARMS if frame.readings[alarm[0]].value]
    for name, sign, priority, style in active:
        text.append(f"{sign} {priority} {name.removesuffix('.active')}  ", style=style)
    if not active:
        text.append("none")
    return text


def _events(frame: Frame) -> list[Text]:
    lines = [
        Text(f"{clock_text(time)}  {meaning}", no_wrap=True)
        for time, _, meaning in frame.timeline.entries[-4:]
    ]
    return [*lines, *[Text("")] * (4 - len(lines)), Text("Ctrl-C ends the demo", style="dim")]
