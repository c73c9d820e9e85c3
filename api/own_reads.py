"""Readings of a program by itself, while no agents of the site run."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from time import monotonic

from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from .reading import Reading
from .window import Window


async def read_plant(site: Site, tags: Sequence[Tag]) -> dict[str, Reading]:
    """Reads tags over read-only sessions that are opened for it and closed again.

    Raises:
        NotConnected: Lists every endpoint that is down.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: see `read_once`.
    """
    found = await read_once(site, tags)
    now_s = monotonic()
    return {tag.name: Reading.of(tag, found[tag.name], now_s) for tag in tags}


async def recorded_window(site: Site, tag: Tag, last_s: float, slots: int) -> Window:
    """Returns a window of what was recorded when agents ran, up to now.

    Effect: OBSERVE. Retry: none. Timeout: none.
    """
    with closing(RecordedHistory.of(site)) as recorded:
        found = await asyncio.to_thread(recorded.slots, tag.name, last_s, slots)
    return Window(tag.name, tag.unit, tuple(found))
