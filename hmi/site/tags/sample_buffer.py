"""Recent samples of scanned tags for trends on a screen."""

import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from math import ceil

from handwheel.connectors.historian.errors import HistoryError
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality

_MOST = 100  # more than a screen shows; each takes a millisecond


class SampleBuffer:
    """Buffer of the last `length` samples of numeric tags. Bad quality leaves a gap."""

    def __init__(self, names: Iterable[str], length: int, every_s: float = 0.0) -> None:
        self._series: dict[str, deque[float | None]] = {
            name: deque(maxlen=length) for name in names
        }
        self._length = length
        self._every_s = every_s
        self._due_s = 0.0
        self._count = 0

    def begin(self, recorded: Mapping[str, Sequence[float | None]]) -> None:
        """Fills the buffer with equally many samples of tags, oldest first. Others get a gap."""
        first = min((_first_known(series) for series in recorded.values()), default=None)
        if first is None:
            return
        self._count = max(map(len, recorded.values())) - first
        for name, series in self._series.items():
            series.extend(recorded.get(name, [None] * (first + self._count))[first:])

    def sample(self, readings: Mapping[str, DataValue], now_s: float) -> None:
        """Adds the readings if a sample is due at this monotonic time, every `every_s` seconds."""
        if now_s >= self._due_s:
            self._due_s = max(self._due_s + self._every_s, now_s)
            self.add(readings)

    def add(self, readings: Mapping[str, DataValue]) -> None:
        """Adds one scan."""
        self._count = min(self._count + 1, self._length)
        for name, series in self._series.items():
            reading = readings[name]
            value = reading.value if reading.quality is Quality.GOOD else None
            series.append(float(value) if isinstance(value, int | float) else None)

    def series(self, name: str) -> list[float | None]:
        """Returns the samples of a tag, oldest first."""
        return list(self._series[name])

    @property
    def minutes(self) -> int:
        """Minutes that the samples cover, rounded up."""
        return max(ceil(self._count * self._every_s / 60.0), 1)


def _first_known(series: Sequence[float | None]) -> int:
    return next((n for n, value in enumerate(series) if value is not None), len(series))


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
