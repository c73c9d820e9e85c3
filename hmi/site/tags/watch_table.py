"""Live table of `tags watch`, with colour for abnormal values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.connectors.session.supervisor import Connection, ConnectionState
from handwheel.tools.safe_text import printable

from ...shell.charts.chart import Axis
from ...shell.charts.terminal_chart import sparkline
from ...shell.terminal.plural import age_text
from ...shell.terminal.truncate import short_value, shortened, shortened_name
from .connection_text import ScanRates, live_lines
from .sample_buffer import SampleBuffer

_TREND_WIDTHS = (8, 40)  # at least, at most
_USUAL_QUALITY = 20  # of `! BadNoCommunication`
_QUALITY_WIDTHS = (22, 26)  # at most, in a narrow terminal and in others
_LEAST_NAME = 6
_AGE_WIDTH = 8
_VALUE_WIDTHS = (10, 20)  # at most, in a narrow terminal and in others; a number may have 20
_UNIT_WIDTH = 6  # if it is longer, the name goes before the rest of it
_NARROW = 70
_GAP = 2  # between columns


@dataclass(frozen=True, slots=True)
class _Columns:
    """Widths of the columns, 0 for a column without room."""

    name: int
    value: int
    unit: int
    trend: int
    age: int


def render(
    connections: Sequence[Connection],
    rates: ScanRates,
    tags: Sequence[Tag],
    readings: Mapping[str, DataValue],
    history: SampleBuffer,
    width: int,
    height: int,
) -> RenderableType:
    """Returns the live table with the state of the connections below it.

    If the terminal is narrow the trend goes first, then the age. Where not all tags fit its height,
    those that are not good are shown before the others, and the rest is counted.
    """
    below = [line for each in connections for line in _connection_texts(each, rates)]
    room = height - len(below) - 1
    shown = tags if len(tags) <= room else _foremost(tags, readings, max(room - 1, 1))
    if len(shown) < len(tags):
        below.insert(0, Text(_rest(tags, shown, readings), style="bold"))
    return Group(_table(shown, readings, history, width), *below)


def _connection_texts(connection: Connection, rates: ScanRates) -> list[Text]:
    styles = ("dim" if connection.state is ConnectionState.CONNECTED else "bold", "dim")
    return [
        Text(line, style, no_wrap=True, overflow="ellipsis")
        for line, style in zip(live_lines(connection, rates), styles, strict=False)
    ]


def _foremost(tags: Sequence[Tag], readings: Mapping[str, DataValue], room: int) -> Sequence[Tag]:
    """Returns as many tags as fit in their order, those that are not good before others."""
    by_need = sorted(tags, key=lambda tag: readings[tag.name].quality is Quality.GOOD)
    chosen = {tag.name for tag in by_need[:room]}
    return [tag for tag in tags if tag.name in chosen]


def _rest(tags: Sequence[Tag], shown: Sequence[Tag], readings: Mapping[str, DataValue]) -> str:
    bad = _count_not_good(tags, readings) - _count_not_good(shown, readings)
    return f"and {len(tags) - len(shown)} more, {f'{bad} not good' if bad else 'all good'}"


def _count_not_good(tags: Sequence[Tag], readings: Mapping[str, DataValue]) -> int:
    return sum(readings[tag.name].quality is not Quality.GOOD for tag in tags)


def _table(
    tags: Sequence[Tag], readings: Mapping[str, DataValue], history: SampleBuffer, width: int
) -> Table:
    columns = _columns(tags, readings, width)
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column("tag", no_wrap=True, width=columns.name)
    table.add_column("value", justify="right", no_wrap=True, width=columns.value)
    table.add_column("unit", no_wrap=True, width=columns.unit)
    if columns.trend:
        title = f"trend {history.minutes} min"
        fits = len(title) <= columns.trend
        table.add_column(title if fits else "trend", no_wrap=True, width=columns.trend)
    table.add_column("quality", no_wrap=True, ratio=1)
    if columns.age:
        table.add_column("age", justify="right", no_wrap=True, width=columns.age)
    for tag in tags:
        table.add_row(*_cells(tag, readings[tag.name], history, columns))
    return table


def _columns(tags: Sequence[Tag], readings: Mapping[str, DataValue], width: int) -> _Columns:
    """Returns column widths. Value and quality come first, then name, age and trend."""
    is_wide = width >= _NARROW
    widest = _VALUE_WIDTHS[is_wide]
    name = _widest("tag", [tag.name for tag in tags])
    value = _widest("value", [short_value(tag, readings[tag.name], widest) for tag in tags])
    unit = _widest("unit", [printable(tag.unit) for tag in tags])
    quality = _widest("quality", [_quality(readings[tag.name]) for tag in tags])
    # At least the usual width, so that the table does not jump at the first bad tag.
    quality = max(min(quality, _QUALITY_WIDTHS[is_wide]), _USUAL_QUALITY)
    left = width - quality - 3 * _GAP
    unit = min(unit, max(left - value - name, _UNIT_WIDTH))
    left -= unit
    value = min(value, max(left - _LEAST_NAME, widest))
    name = min(name, max(left - value, _LEAST_NAME))
    spare = left - value - name
    least, most = _TREND_WIDTHS
    for_trend = spare - _AGE_WIDTH - 2 * _GAP
    return _Columns(
        name,
        value,
        unit,
        min(for_trend, most) if for_trend >= least else 0,
        _AGE_WIDTH if spare >= _AGE_WIDTH + _GAP else 0,
    )


def _widest(title: str, texts: Sequence[str]) -> int:
    return max(cell_len(text) for text in (title, *texts))


def _quality(reading: DataValue) -> str:
    return "good" if reading.quality is Quality.GOOD else f"! {reading.status.name}"


def _value(tag: Tag, reading: DataValue, width: int) -> str:
    """Returns the value, or `#` signs for a number that does not fit."""
    text = short_value(tag, reading, width)
    return text if cell_len(text) <= width else "#" * width


def _cells(tag: Tag, reading: DataValue, history: SampleBuffer, columns: _Columns) -> list[Text]:
    is_good = reading.quality is Quality.GOOD
    style = "" if is_good else "reverse"
    cells = [
        Text(shortened_name(tag.name, columns.name), style="dim" if is_good else "bold"),
        Text(_value(tag, reading, columns.value), style=style),
        Text(shortened(printable(tag.unit), columns.unit), style="dim"),
    ]
    if columns.trend:
        cells.append(Text(_spark(tag, history.series(tag.name), columns.trend), style="dim"))
    cells.append(Text(_quality(reading), style=style or "dim"))
    if columns.age:
        cells.append(Text(age_text(reading.age_s(monotonic())), style="dim"))
    return cells


def _spark(tag: Tag, series: list[float | None], width: int) -> str:
    numbers = [value for value in series if value is not None]
    if len(numbers) < 2 or tag.kind != "float":
        return ""
    low, high = min(numbers), max(numbers)
    least = (tag.span[1] - tag.span[0]) * 0.01 if tag.span else 1e-9
    middle, half = (low + high) / 2.0, max((high - low) / 2.0, least)
    return sparkline(series, width, Axis(middle - half, middle + half))
