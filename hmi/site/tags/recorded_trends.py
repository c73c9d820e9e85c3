"""Recorded samples that fill a trend at its start."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from handwheel.connectors.historian.errors import HistoryError
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

_MOST = 100  # more than a screen shows; each takes a millisecond


def recorded_trends(
    site: Site, tags: Sequence[Tag], count: int, every_s: float
) -> Mapping[str, Sequence[float | None]]:
    """Returns the newest `count` recorded samples of numeric tags, oldest first.

    `None` is where nothing good is known. A history that cannot be read is none: a live table does
    not need it.
    """
    now_s = time.time()
    found: dict[str, Sequence[float | None]] = {}
    with suppress(HistoryError), HistoryReader.of(site) as reader:
        for tag in [tag for tag in tags if tag.kind == "float"][:_MOST]:
            slots = reader.trend(tag.name, now_s - count * every_s, now_s, count)
            found[tag.name] = [slot.mean for slot in slots]
    return found
