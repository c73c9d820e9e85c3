"""Watches tags: a live table in a terminal, one line for each change in a pipe."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from time import monotonic

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from handwheel.connectors.connection import Connection
from handwheel.connectors.reader import SiteReader
from handwheel.connectors.site import Site
from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue, Quality

from .connection_lines import ConnectionChanges, connection_text, is_starting
from .history import History
from .readings import reading_fields
from .screen import has_screen
from .trend import Scale, trend

_REFRESH_S = 0.25
_TREND_WIDTH = 16
_QUALITY_WIDTH = 20  # of `! BadNoCommunication`
_AGE_WIDTH = 8
_GAP = 2  # between columns


async def watch_tags(site: Site, tags: Sequence[Tag], *, as_json: bool) -> None:
    """Watches until cancelled."""
    async with SiteReader(site, tags) as reader:
        if has_screen() and not as_json:
            await _live(reader, tags)
        else:
            await _lines(reader, tags, as_json=as_json)


async def _lines(reader: SiteReader, tags: Sequence[Tag], *, as_json: bool) -> None:
    shown: dict[str, tuple[object, int]] = {}
    changes = ConnectionChanges()
    while True:
        for change in changes.news(reader.connections):
            sys.stderr.write(f"handwheel: {change}\n")
        starting = {each.name for each in reader.connections if is_starting(each)}
        now, readings = monotonic(), reader.latest()
        for tag in tags:
            reading = readings[tag.name]
            key = (reading.value, int(reading.status))
            if tag.connection not in starting and shown.get(tag.name) != key:
                shown[tag.name] = key
                _print_change(tag, reading, now, as_json)
        await asyncio.sleep(_REFRESH_S)


def _print_change(tag: Tag, reading: DataValue, now_s: float, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"tag": tag.name} | reading_fields(reading, now_s)), flush=True)
    else:
        print(f"{tag.name} {tag.show(reading)} {tag.unit} {reading.status.name}", flush=True)


async def _live(reader: SiteReader, tags: Sequence[Tag]) -> None:
    console = Console()
    history = History((tag.name for tag in tags), _TREND_WIDTH * 2)
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            readings = reader.latest()
            history.add(readings)
            size = console.size
            table = render(
                reader.connections, tags, readings, history, width=size.width, height=size.height
            )
            live.update(table, refresh=True)
            await asyncio.sleep(_REFRESH_S)


def render(
    connections: Sequence[Connection],
    tags: Sequence[Tag],
    readings: Mapping[str, DataValue],
    history: History,
    *,
    width: int,
    height: int,
) -> RenderableType:
    """Returns the live table: value, unit, trend, and colour only for what is abnormal.

    Args:
        width: Of the terminal; if it is narrow the trend goes first, then the age.
        height: Of the terminal, lines; tags that do not fit are counted, not shown.
    """
    room = height - len(connections) - 1
    shown = tags if len(tags) <= room else tags[: max(room - 1, 1)]
    table = _table(shown, readings, history, width)
    below: list[Text] = []
    if hidden := tags[len(shown) :]:
        below.append(Text(_more(hidden, readings), style="bold"))
    for connection in connections:
        style = "dim" if connection.is_connected else "bold"
        text = Text(connection_text(connection), style, no_wrap=True, overflow="ellipsis")
        below.append(text)
    return Group(table, *below)


def _more(hidden: Sequence[Tag], readings: Mapping[str, DataValue]) -> str:
    bad = sum(readings[tag.name].quality is not Quality.GOOD for tag in hidden)
    return f"and {len(hidden)} more" + (f", {bad} not good" if bad else "")


def _table(
    tags: Sequence[Tag], readings: Mapping[str, DataValue], history: History, width: int
) -> Table:
    values = [tag.show(readings[tag.name]) for tag in tags]
    name_width = _widest("tag", [tag.name for tag in tags])
    value_width = _widest("value", values)
    unit_width = _widest("unit", [tag.unit for tag in tags])
    spare = width - name_width - value_width - unit_width - _QUALITY_WIDTH - 3 * _GAP
    has_age = spare >= _AGE_WIDTH + _GAP
    has_trend = spare >= _AGE_WIDTH + _TREND_WIDTH + 2 * _GAP
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column("tag", no_wrap=True, width=name_width)
    table.add_column("value", justify="right", no_wrap=True, width=value_width)
    table.add_column("unit", no_wrap=True, width=unit_width)
    if has_trend:
        table.add_column("trend", no_wrap=True, width=_TREND_WIDTH)
    table.add_column("quality", no_wrap=True, ratio=1)
    if has_age:
        table.add_column("age", justify="right", no_wrap=True, width=_AGE_WIDTH)
    now = monotonic()
    for tag, value in zip(tags, values, strict=True):
        reading = readings[tag.name]
        is_good = reading.quality is Quality.GOOD
        style = "" if is_good else "reverse"
        cells = [
            Text(tag.name, style="dim" if is_good else "bold"),
            Text(value, style=style),
            Text(tag.unit, style="dim"),
        ]
        if has_trend:
            cells.append(Text(_spark(tag, history.series(tag.name)), style="dim"))
        cells.append(Text("good" if is_good else f"! {reading.status.name}", style=style or "dim"))
        if has_age:
            cells.append(Text(f"{reading.age_s(now):.1f} s", style="dim"))
        table.add_row(*cells)
    return table


def _widest(title: str, texts: Sequence[str]) -> int:
    return max(cell_len(text) for text in (title, *texts))


def _spark(tag: Tag, series: list[float | None]) -> str:
    numbers = [value for value in series if value is not None]
    if len(numbers) < 2 or tag.kind != "float":
        return ""
    low, high = min(numbers), max(numbers)
    least = (tag.span[1] - tag.span[0]) * 0.01 if tag.span else 1e-9
    middle, half = (low + high) / 2.0, max((high - low) / 2.0, least)
    return trend(series, _TREND_WIDTH, 1, Scale(middle - half, middle + half))[0]
