"""Watching of tags as a live table in a terminal, or as lines in a pipe."""

import asyncio
import json
import sys
from collections.abc import Sequence
from time import monotonic

from rich.console import Console
from rich.live import Live

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag, connections_of
from handwheel.connectors.model.values import DataValue
from handwheel.tools.safe_text import printable

from ...shell.cli.gc_freeze import freeze_heap
from ...shell.cli.stdio import screen_output
from ...shell.terminal.panel import has_screen
from .connection_text import ConnectionChanges, ScanRates, is_starting, reading_fields
from .sample_buffer import SampleBuffer, recorded_trends
from .watch_table import render

_REFRESH_S = 0.25
_SAMPLE_S = 1.0
_SAMPLES = 240  # the trends are of the last four minutes


async def watch_tags(site: Site, tags: Sequence[Tag], *, as_json: bool) -> None:
    """Watches tags until cancelled."""
    async with SiteReader(site, tags) as reader:
        freeze_heap()
        if has_screen() and not as_json:
            await _live(site, reader, tags)
        else:
            await _lines(reader, site, tags, as_json=as_json)


async def _lines(reader: SiteReader, site: Site, tags: Sequence[Tag], *, as_json: bool) -> None:
    shown: dict[str, tuple[object, int]] = {}
    read_over = {tag.name: connections_of([tag.name], site.tags) for tag in tags}
    changes = ConnectionChanges()
    while True:
        for change in changes.news(reader.connections):
            sys.stderr.write(f"handwheel: {change}\n")
        starting = {each.name for each in reader.connections if is_starting(each)}
        now, readings = monotonic(), reader.latest()
        for tag in tags:
            reading = readings[tag.name]
            key = (reading.value, int(reading.status))
            is_begun = starting.isdisjoint(read_over[tag.name])
            if is_begun and shown.get(tag.name) != key:
                shown[tag.name] = key
                _print_change(tag, reading, now, as_json)
        await asyncio.sleep(_REFRESH_S)


def _print_change(tag: Tag, reading: DataValue, now_s: float, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"tag": tag.name} | reading_fields(reading, now_s)), flush=True)
    else:
        unit, status = printable(tag.unit), reading.status.name
        print(f"{tag.name} {tag.show(reading)} {unit} {status}", flush=True)


async def _live(site: Site, reader: SiteReader, tags: Sequence[Tag]) -> None:
    console = Console(file=screen_output(sys.stdout))
    history = SampleBuffer((tag.name for tag in tags), _SAMPLES, _SAMPLE_S)
    history.begin(recorded_trends(site, tags, _SAMPLES, _SAMPLE_S))
    rates = ScanRates()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            now_s, readings = monotonic(), reader.latest()
            history.sample(readings, now_s)
            rates.add(reader.connections, now_s)
            size = console.size  # it may have been resized
            table = render(
                reader.connections, rates, tags, readings, history, size.width, size.height
            )
            live.update(table, refresh=True)
            await asyncio.sleep(_REFRESH_S)
