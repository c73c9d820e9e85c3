"""Watches tags: a live table in a terminal, one line for each change in a pipe."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from time import monotonic

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from handwheel.connectors.connection import Connection, State
from handwheel.connectors.reader import SiteReader
from handwheel.connectors.site import Site
from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue, Quality

from .history import History
from .readings import reading_fields
from .trend import Scale, trend

_REFRESH_S = 0.25
_TREND_WIDTH = 16


async def watch_tags(site: Site, tags: Sequence[Tag], *, as_json: bool) -> None:
    """Watches until cancelled."""
    async with SiteReader(site, tags) as reader:
        if sys.stdout.isatty() and not as_json:
            await _live(reader, tags)
        else:
            await _lines(reader, tags, as_json=as_json)


async def _lines(reader: SiteReader, tags: Sequence[Tag], *, as_json: bool) -> None:
    shown: dict[str, tuple[object, int]] = {}
    states: dict[str, State] = {}
    while True:
        for connection in reader.connections:
            if states.get(connection.name) is not connection.state:
                states[connection.name] = connection.state
                sys.stderr.write(f"handwheel: {connection_text(connection)}\n")
        now = monotonic()
        for name, reading in reader.latest().items():
            key = (reading.value, int(reading.status))
            if shown.get(name) != key:
                shown[name] = key
                _print_change(next(tag for tag in tags if tag.name == name), reading, now, as_json)
        await asyncio.sleep(_REFRESH_S)


def _print_change(tag: Tag, reading: DataValue, now_s: float, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"tag": tag.name} | reading_fields(reading, now_s)), flush=True)
    else:
        print(f"{tag.name} {tag.show(reading)} {tag.unit} {reading.status.name}", flush=True)


def connection_text(connection: Connection) -> str:
    """Returns a connection's state in words."""
    reason = f": {connection.reason}" if connection.reason else ""
    return f"{connection.name} {connection.state.value}{reason}"


async def _live(reader: SiteReader, tags: Sequence[Tag]) -> None:
    console = Console()
    history = History((tag.name for tag in tags), _TREND_WIDTH * 2)
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            readings = reader.latest()
            history.add(readings)
            table = render(reader.connections, tags, readings, history, console.height)
            live.update(table, refresh=True)
            await asyncio.sleep(_REFRESH_S)


def render(
    connections: Sequence[Connection],
    tags: Sequence[Tag],
    readings: Mapping[str, DataValue],
    history: History,
    height: int,
) -> RenderableType:
    """Returns the live table: value, unit, trend, and colour only for what is abnormal.

    Args:
        height: Of the terminal, lines; tags that do not fit are counted, not shown.
    """
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column("tag", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("trend", no_wrap=True, width=_TREND_WIDTH)
    table.add_column("quality", no_wrap=True, min_width=20)
    table.add_column("age", justify="right", no_wrap=True)
    now = monotonic()
    room = height - len(connections) - 1
    shown = tags if len(tags) <= room else tags[: max(room - 1, 1)]
    for tag in shown:
        reading = readings[tag.name]
        is_good = reading.quality is Quality.GOOD
        style = "" if is_good else "reverse"
        table.add_row(
            Text(tag.name, style="dim" if is_good else "bold"),
            Text(tag.show(reading), style=style),
            Text(tag.unit, style="dim"),
            Text(_spark(tag, history.series(tag.name)), style="dim"),
            Text("good" if is_good else f"! {reading.status.name}", style=style or "dim"),
            Text(f"{reading.age_s(now):.1f} s", style="dim"),
        )
    below: list[Text] = []
    if len(shown) < len(tags):
        below.append(Text(f"and {len(tags) - len(shown)} more", style="bold"))
    for connection in connections:
        style = "dim" if connection.state is State.CONNECTED else "bold"
        text = Text(connection_text(connection), style, no_wrap=True, overflow="ellipsis")
        below.append(text)
    return Group(table, *below)


def _spark(tag: Tag, series: list[float | None]) -> str:
    numbers = [value for value in series if value is not None]
    if len(numbers) < 2 or tag.kind != "float":
        return ""
    low, high = min(numbers), max(numbers)
    least = (tag.span[1] - tag.span[0]) * 0.01 if tag.span else 1e-9
    middle, half = (low + high) / 2.0, max((high - low) / 2.0, least)
    return trend(series, _TREND_WIDTH, 1, Scale(middle - half, middle + half))[0]
