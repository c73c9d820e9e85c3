"""Scans of a plant to learn from, recorded or live, with their times."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, time

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.historian.errors import NoHistory
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.process_clock import ProcessClock, Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag


@dataclass(frozen=True, slots=True)
class TimedScan:
    """One scan of a plant."""

    readings: Readings
    at_s: float  # process time, from any zero
    wall: datetime


def recorded_scans(
    site: Site, tags: Sequence[Tag], for_s: float, until: datetime | None
) -> Iterator[TimedScan]:
    """Yields the recorded scans of a time, oldest first. Without a history there are none.

    Args:
        for_s: Its length, process time.
        until: Its end; `None` for now.
    """
    with closing(RecordedHistory.of(site)) as recorded:
        try:
            end_s = 0.0 if until is None else recorded.ago_s(until.timestamp())
        except NoHistory:
            return
        begin_s, now_s = end_s + for_s, time()
        for scan in recorded.scans({each.name: begin_s for each in tags}):
            if end_s <= scan.ago_s <= begin_s and scan.readings:
                wall = datetime.fromtimestamp(now_s - scan.before_s, UTC)
                yield TimedScan(scan.readings, begin_s - scan.ago_s, wall)


async def live_scans(site: Site, tags: Sequence[Tag], for_s: float) -> AsyncIterator[TimedScan]:
    """Yields the scans of a plant for a time, process time."""
    clock, begin_s = ProcessClock(site.clock_tag), 0.0
    async with SiteReader(site, tags) as reader:
        while True:
            await reader.next_scan(site.shortest_scan_s)
            readings = reader.latest()
            clock.tick(readings, monotonic())
            if not clock.is_readable:
                continue
            begin_s = begin_s or clock.now_s
            if clock.now_s - begin_s > for_s:
                return
            yield TimedScan(readings, clock.now_s, datetime.now(UTC))
