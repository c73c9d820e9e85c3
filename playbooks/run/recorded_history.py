"""What was recorded before, on the scale of the process's time."""

import logging
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from threading import Event, Lock
from typing import NamedTuple

from handwheel.connectors.historian.errors import HistoryError, NoHistory
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.historian.slots import Slot
from handwheel.connectors.model.values import DataValue

_SLOTS = 200  # of the plant's clock, between which its pace counts as even
_FASTEST = 64.0  # a plant's clock; with a faster one more is read than is needed
_LONGER = 4.0
_UNITS_S = (3600.0, 60.0)
_LONGEST_S = 366 * 86400.0
_LEAST_S = 10.0
_LATE_S = 60.0

_logger = logging.getLogger(__name__)

_Moment = tuple[float, float]  # of the wall, and what the plant's clock showed then


class RecordedScan(NamedTuple):
    """One scan as it was recorded.

    Attributes:
        before_s: How long ago by the wall clock.
        ago_s: How long before the newest in process time.
    """

    readings: Mapping[str, DataValue]
    before_s: float
    ago_s: float


class RecordedHistory:
    """Reads the historian for a plant view; what it cannot read is logged, and is not there.

    Args:
        open_reader: Opens the history, once.
        clock_tag: The tag that shows process time; empty where the wall clock does.
        scan_s: How often the plant is looked at.
        wall: The wall clock, seconds since 1970.
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

    def close(self) -> None:
        """Closes the history; whoever asks afterwards is told nothing."""
        with self._lock:
            self._is_closed = True
            if self._opened is not None:
                self._opened.close()

    def cancel(self) -> None:
        """Ends `scans`, in whatever thread it is, before its next one."""
        self._is_cancelled.set()

    def scans(self, reaches: Mapping[str, float]) -> Iterator[RecordedScan]:
        """Yields the scans as they were recorded, the oldest first; it takes seconds for days.

        It must have ended before the history is closed; see `break_off`.

        Args:
            reaches: How far back which tag is asked for, process time.
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

    def trend(self, tag: str, last_s: float, most: int) -> list[tuple[float, float]]:
        """Returns how a tag went: seconds, 0 being now, and value, the oldest first.

        Of each slot of time the lowest and the highest value, so that no spike is lost. Any
        thread may ask; it takes some 50 ms, and a second where the file is locked.

        Args:
            last_s: How far back, process time.
            most: How many points at most.
        """
        try:
            with self._lock:
                return [] if self._is_closed else self._trend(tag, last_s, most)
        except HistoryError as error:
            self._warn(error)
            return []

    def _warn(self, error: HistoryError) -> None:
        if self._last_warning != str(error) and not isinstance(error, NoHistory):
            self._last_warning = str(error)
            _logger.warning("windows and trends do without what was recorded: %s", error)

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
        since_s, end_s = _wall_of(scale, scale[-1][1] - last_s), scale[-1][1]
        if since_s >= now_s:
            return []
        points: list[tuple[float, float]] = []
        for slot in self._reader.trend(tag, since_s, now_s, max(most // 2, 1)):
            for at_s, value in _extremes(slot):
                points.append((_shown_at(scale, at_s) - end_s, value))
        return points

    def _scale(self, now_s: float, last_s: float) -> Sequence[_Moment]:
        """Returns what the clock of this plant showed when, the newest last; empty if it did not.

        Args:
            last_s: How far back it is to reach, process time.
        """
        if not self._clock_tag:
            return [(now_s - last_s, now_s - last_s), (now_s, now_s)]
        width_s = max(last_s / _FASTEST, _LEAST_S) / _SLOTS
        while True:
            # Minutes and hours that lay in two slots would look as if the clock had gone back.
            unit_s = next((each for each in _UNITS_S if width_s >= each), 0.0)
            until_s = ceil(now_s / unit_s) * unit_s if unit_s else now_s
            width_s = ceil(width_s / unit_s) * unit_s if unit_s else width_s
            since_s = until_s - _SLOTS * width_s
            slots = self._reader.trend(self._clock_tag, since_s, until_s, _SLOTS)
            found, is_whole = _of_one_plant(slots)
            is_enough = bool(found) and found[-1][1] - found[0][1] >= last_s
            if is_enough or not is_whole or now_s - since_s > _LONGEST_S:
                return found
            width_s *= _LONGER


def _of_one_plant(slots: Sequence[Slot]) -> tuple[list[_Moment], bool]:
    """Returns the moments since the plant's clock went back last, and whether it never did."""
    found: list[_Moment] = []
    for slot in reversed(slots):
        if slot.low is None or slot.high is None:
            continue
        if slot.low_at_s > slot.high_at_s or (found and slot.high > found[-1][1]):
            return found[::-1], False
        if not found:
            found.append((slot.high_at_s, slot.high))
        if slot.low < found[-1][1]:
            found.append((slot.low_at_s, slot.low))
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
    """Returns what belongs to a value, evenly between two moments; at the ends, the end."""
    n = bisect_left(scale, value, key=lambda each: each[known])
    if n == 0 or n == len(scale):
        return scale[min(n, len(scale) - 1)][wanted]
    before, after = scale[n - 1], scale[n]
    share = (value - before[known]) / (after[known] - before[known])
    return before[wanted] + share * (after[wanted] - before[wanted])
