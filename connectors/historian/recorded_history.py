"""Recorded history on the scale of process time."""

import logging
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from threading import Event, Lock
from typing import NamedTuple, Self, TypeVar

from handwheel.connectors.historian.errors import HistoryError, NoHistory
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.historian.time_slots import Slot
from handwheel.connectors.methods.method import Mean
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import DataValue

_SLOTS = 600  # within a slot the pace of the plant's clock counts as constant
_FASTEST = 64.0  # assumed pace of a plant's clock; a slower one needs longer reads
_LONGER = 4.0
_UNITS_S = (3600.0, 60.0)
_LONGEST_S = 366 * 86400.0
_LEAST_S = 10.0
_LATE_S = 60.0
_HOUR_S = 3600.0
_UNWRITTEN_S = 1.5  # values of the latest while that may not be on disk yet
_LEAST_GOOD = 0.1  # share of a slot with good values, without which its mean does not count

_logger = logging.getLogger(__name__)
_T = TypeVar("_T")
_Moment = tuple[float, float]  # wall-clock time and the plant's clock then


class RecordedScan(NamedTuple):
    """One recorded scan."""

    readings: Mapping[str, DataValue]
    before_s: float  # age by the wall clock
    ago_s: float  # process time before the newest scan


class RecordedSlot(NamedTuple):
    """Good values of a tag in one part of a time, `None` where there was none."""

    before_s: float  # process time from its start to now
    span_s: float
    mean: float | None  # weighted by time
    low: float | None
    high: float | None
    good: float  # share of its time with good values, 0 to 1


class RecordedHistory:
    """Reads the historian for a plant view. Errors are logged and yield no data.

    Args:
        open_reader: Opens the history, once.
        clock_tag: The tag of process time; empty for the wall clock.
        wall: Wall clock, seconds since 1970.
    """

    def __init__(
        self,
        open_reader: Callable[[], HistoryReader],
        clock_tag: str,
        scan_s: float,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._open_reader = open_reader
        self._clock_tag = clock_tag
        self._scan_s = scan_s
        self._wall = wall
        self._opened: HistoryReader | None = None
        self._lock = Lock()
        self._is_cancelled = Event()
        self._is_closed = False
        self._last_warning = ""

    @classmethod
    def of(cls, site: Site, wall: Callable[[], float] = time.time) -> Self:
        """Returns the recorded history of a site, by a wall clock in seconds since 1970."""
        return cls(partial(HistoryReader.of, site), site.clock_tag, site.shortest_scan_s, wall)

    def close(self) -> None:
        """Closes the history. Later reads return nothing."""
        with self._lock:
            self._is_closed = True
            if self._opened is not None:
                self._opened.close()

    def cancel(self) -> None:
        """Ends `scans` in its thread before its next scan."""
        self._is_cancelled.set()

    def scans(self, reaches: Mapping[str, float]) -> Iterator[RecordedScan]:
        """Yields the recorded scans, oldest first. Days of history take seconds.

        It must have ended before the history is closed; see `cancel`. The length of history of each
        tag is in process time.
        """
        if not reaches:
            return
        try:
            for scan in self._scans(reaches):
                yield scan
                if self._is_cancelled.is_set():
                    return
        except HistoryError as error:
            self._warn(error)

    def ago_s(self, wall_s: float) -> float:
        """Returns the process time from a moment of the wall clock to now, as `slots` counts it.

        It is that of the oldest scan for an earlier moment. Thread-safe. Raises `HistoryError`.
        """
        with self._lock:
            now_s = self._wall() - _UNWRITTEN_S
            age_s = max(now_s - wall_s, _LEAST_S)
            if not self._clock_tag:
                return age_s
            scale, _ = self._moments(now_s, age_s / (_SLOTS - 2))
            return scale[-1][1] - _shown_at(scale, wall_s) if scale else 0.0

    def trend(self, tag: str, last_s: float, most: int) -> list[tuple[float, float]]:
        """Returns the trend of a tag as (seconds before now, value), oldest first.

        Each slot of time has its lowest and highest value, so that no spike is lost. Thread-safe;
        takes about 50 ms, or a second where the file is locked. The length is in process time.
        """
        return self._read(lambda: self._trend(tag, last_s, most))

    def slots(self, tag: str, last_s: float, count: int) -> list[RecordedSlot]:
        """Returns a tag's values in about `count` parts of the time to now, the oldest first.

        It ends 1.5 s of the wall clock ago, since later values may not be on disk yet. Time that
        was not recorded has parts without values. Thread-safe; takes about 50 ms, or a second
        where the file is locked. The length is in process time.
        """
        return self._read(lambda: self._slots(tag, last_s, count))

    def hourly_means(self, tag: str, last_s: float) -> list[Mean]:
        """Returns the means of a tag over each hour of process time, oldest first.

        Their times are the plant's clock, or without one the monotonic clock of this machine.
        Thread-safe; takes about 50 ms, or a second where the file is locked.
        """
        return self._read(lambda: self._hourly_means(tag, last_s))

    def _read(self, read: Callable[[], list[_T]]) -> list[_T]:
        try:
            with self._lock:
                return [] if self._is_closed else read()
        except HistoryError as error:
            self._warn(error)
            return []

    def _hourly_means(self, tag: str, last_s: float) -> list[Mean]:
        now_s = self._wall()
        scale = self._scale(now_s, last_s)
        since_s = _wall_of(scale, scale[-1][1] - last_s) if scale else now_s
        if since_s >= now_s:
            return []
        begun_s, end_s = _shown_at(scale, since_s), scale[-1][1]
        count = max(round((end_s - begun_s) / _HOUR_S), 1)
        slots = self._reader.trend(tag, since_s, now_s, count)
        half_s = (now_s - since_s) / count / 2
        to_clock_s = 0.0 if self._clock_tag else time.monotonic() - now_s
        return [
            Mean(_shown_at(scale, slot.at_s + half_s) + to_clock_s, slot.mean)
            for slot in slots
            if slot.mean is not None and slot.good >= _LEAST_GOOD
        ]

    def _warn(self, error: HistoryError) -> None:
        if self._last_warning != str(error) and not isinstance(error, NoHistory):
            self._last_warning = str(error)
            _logger.warning("windows and trends lack the recorded history: %s", error)

    @property
    def _reader(self) -> HistoryReader:
        if self._opened is None:
            self._opened = self._open_reader()
        return self._opened

    def _scans(self, reaches: Mapping[str, float]) -> Iterator[RecordedScan]:
        now_s, longest_s = self._wall(), max(reaches.values())
        scale = self._scale(now_s, longest_s + _LATE_S)
        if not scale:
            return
        since = {
            tag: _wall_of(scale, scale[-1][1] - reach - _LATE_S) for tag, reach in reaches.items()
        }
        if self._clock_tag:
            since[self._clock_tag] = min(since.values())
        for scan in self._reader.scans(since, now_s, self._scan_s):
            ago_s = scale[-1][1] - _shown_at(scale, scan.at_s)
            yield RecordedScan(scan.readings, now_s - scan.at_s, ago_s)

    def _trend(self, tag: str, last_s: float, most: int) -> list[tuple[float, float]]:
        now_s = self._wall()
        scale = self._scale(now_s, last_s)
        if not scale:
            return []
        end_s = scale[-1][1]
        if (since_s := _wall_of(scale, end_s - last_s)) >= now_s:
            return []
        slots = self._reader.trend(tag, since_s, now_s, max(most // 2, 1))
        points = (each for slot in slots for each in _extremes(slot))
        return [(_shown_at(scale, at_s) - end_s, value) for at_s, value in points]

    def _slots(self, tag: str, last_s: float, count: int) -> list[RecordedSlot]:
        now_s = self._wall() - _UNWRITTEN_S
        scale = self._scale(now_s, last_s)
        if not scale:
            return []
        begun_s, end_s = max(scale[0][1], scale[-1][1] - last_s), scale[-1][1]
        since_s, missing_s = _wall_of(scale, begun_s), last_s - (end_s - begun_s)
        found = [RecordedSlot(last_s, missing_s, None, None, None, 0.0)] if missing_s > 0.0 else []
        if since_s >= now_s:
            return found
        parts = max(round(count * (end_s - begun_s) / last_s), 1)
        width_s = (now_s - since_s) / parts
        for slot in self._reader.trend(tag, since_s, now_s, parts):
            at_s = _shown_at(scale, slot.at_s)
            span_s = _shown_at(scale, slot.at_s + width_s) - at_s
            values = end_s - at_s, span_s, slot.mean, slot.low, slot.high, slot.good
            found.append(RecordedSlot(*values))
        return found

    def _scale(self, now_s: float, last_s: float) -> Sequence[_Moment]:
        """Returns the readings of this plant's clock in process time `last_s`, oldest first."""
        if not self._clock_tag:
            return [(now_s - last_s, now_s - last_s), (now_s, now_s)]
        width_s = max(last_s / _FASTEST, _LEAST_S) / _SLOTS
        while True:
            found, is_whole = self._moments(now_s, width_s)
            is_enough = bool(found) and found[-1][1] - found[0][1] >= last_s
            if is_enough or not is_whole or width_s * _SLOTS > _LONGEST_S:
                return self._finer(found, now_s, last_s, width_s)
            width_s *= _LONGER

    def _finer(
        self, found: list[_Moment], now_s: float, last_s: float, width_s: float
    ) -> list[_Moment]:
        """Returns moments in shorter slots, since one long slot would hide changes of the pace."""
        n = bisect_left(found, found[-1][1] - last_s, key=lambda each: each[1]) if found else 0
        begun_s = found[max(n - 1, 0)][0] if found else now_s
        finer_s = max(now_s - begun_s, _LEAST_S) / (_SLOTS - 2)
        return self._moments(now_s, finer_s)[0] if found and 2.0 * finer_s < width_s else found

    def _moments(self, now_s: float, width_s: float) -> tuple[list[_Moment], bool]:
        """Returns readings of this plant's clock in slots of a width, see `_of_one_plant`."""
        # A minute or hour split over two slots would look as if the clock had gone back.
        unit_s = next((each for each in _UNITS_S if width_s >= each), 0.0)
        until_s = ceil(now_s / unit_s) * unit_s if unit_s else now_s
        width_s = ceil(width_s / unit_s) * unit_s if unit_s else width_s
        since_s = until_s - _SLOTS * width_s
        return _of_one_plant(self._reader.trend(self._clock_tag, since_s, until_s, _SLOTS))


def _of_one_plant(slots: Sequence[Slot]) -> tuple[list[_Moment], bool]:
    """Returns the moments since the plant's clock last went back, and if it never did."""
    found: list[_Moment] = []
    for slot in reversed(slots):
        if slot.low is None or slot.high is None:
            continue
        if slot.low_at_s > slot.high_at_s or (found and slot.high > found[-1][1]):
            return found[::-1], False
        for moment in ((slot.high_at_s, slot.high), (slot.low_at_s, slot.low)):
            if found and moment[1] == found[-1][1]:
                found[-1] = moment  # a reading that held over several slots began in the first
            else:
                found.append(moment)
    return found[::-1], True


def _extremes(slot: Slot) -> Iterator[tuple[float, float]]:
    if slot.low is None or slot.high is None:
        return
    low, high = (slot.low_at_s, slot.low), (slot.high_at_s, slot.high)
    yield from sorted({low, high}) if slot.low != slot.high else [low]


def _shown_at(scale: Sequence[_Moment], at_s: float) -> float:
    return _between(scale, 0, 1, at_s)


def _wall_of(scale: Sequence[_Moment], shown_s: float) -> float:
    return _between(scale, 1, 0, shown_s)


def _between(scale: Sequence[_Moment], known: int, wanted: int, value: float) -> float:
    """Returns the linear interpolation between two moments, clamped at the ends."""
    n = bisect_left(scale, value, key=lambda each: each[known])
    if n == 0 or n == len(scale):
        return scale[min(n, len(scale) - 1)][wanted]
    before, after = scale[n - 1], scale[n]
    share = (value - before[known]) / (after[known] - before[known])
    return before[wanted] + share * (after[wanted] - before[wanted])
