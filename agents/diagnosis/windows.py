"""Recent course of tags in process time, which diagnosis looks at.

Samples are summed up in buckets, of 10 s for the last two hours and of 2 min for the last day.
Truth values and enumerations are numbers here. A bucket without a good sample is a gap.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from itertools import pairwise
from math import sqrt
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from handwheel.connectors.model.values import NOT_GOOD, DataValue

BUCKET_S = 10.0
"""Length of a fine bucket, process time."""
FINE_S = 7200.0
"""How far back fine buckets reach."""
LONGEST_S = 86400.0
"""How far back coarse buckets reach."""
GUESSED_S = 60.0
"""By how much process time may go back without a restart, as after a clock was not readable."""
_COARSE = 12  # fine buckets in a coarse one
_LEAST_COVERED = 0.6
_NUMBERS = (int, float)  # a tuple, since a union is made anew for each test
_SPARE = 1.25  # buckets are dropped many at once


class Bucket(NamedTuple):
    """Good samples of a tag in one bucket."""

    at_s: float  # process time of its beginning
    size: int  # number of samples
    mean: float
    low: float
    high: float
    noise: float  # standard deviation of a sample by successive differences; 0 for one sample


class Slope(NamedTuple):
    """Least-squares line through a window."""

    per_h: float  # in the tag's unit
    error_per_h: float  # standard error


_P = ParamSpec("_P")
_R = TypeVar("_R")
_Statistic = Callable[Concatenate["Windows", _P], _R]


def _once(statistic: _Statistic[_P, _R]) -> _Statistic[_P, _R]:
    """Computes a statistic once for a scan, since many methods ask for the same one."""

    @wraps(statistic)
    def found(windows: "Windows", /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        # By its name, because the windows are sent to the process of the twin.
        key = statistic.__name__, args, *kwargs.items()
        if key not in windows.known:
            windows.known[key] = statistic(windows, *args, **kwargs)
        result: _R = windows.known[key]
        return result

    return found


class Windows:
    """Recent course of some tags. `observe` takes each scan.

    A statistic is `None` where good samples cover less than 60 % of its window.

    Attributes:
        known: Statistics of the latest scan, by call.
    """

    def __init__(self, tags: Iterable[str]) -> None:
        self.tags = tuple(dict.fromkeys(tags))
        self._clear()

    def _clear(self) -> None:
        self.now_s = 0.0  # process time of the latest scan
        self.known: dict[object, Any] = {}
        self._latest: dict[str, float] = {}
        self._begin_s = 0.0
        self._open: dict[str, list[float]] = {each: [] for each in self.tags}
        self._fine: dict[str, list[Bucket]] = {each: [] for each in self.tags}
        self._coarse: dict[str, list[Bucket]] = {each: [] for each in self.tags}

    def observe(self, readings: Mapping[str, DataValue], now_s: float) -> None:
        """Takes one scan. Process time that goes back by more than a minute empties all windows."""
        if now_s < self.now_s - GUESSED_S:
            self._clear()
        if now_s >= self._begin_s + BUCKET_S:
            self._close(now_s)
        self.now_s = now_s
        self.known.clear()
        self._latest = latest = dict[str, float]()
        for name, samples in self._open.items():
            reading = readings.get(name)
            if reading is None or reading.status & NOT_GOOD:
                continue
            value = reading.value
            if isinstance(value, _NUMBERS):
                latest[name] = value
                samples.append(value)

    def _close(self, now_s: float) -> None:
        begin_s, self._begin_s = self._begin_s, now_s - now_s % BUCKET_S
        is_coarse = begin_s // (BUCKET_S * _COARSE) != self._begin_s // (BUCKET_S * _COARSE)
        for name, samples in self._open.items():
            fine = self._fine[name]
            if samples:
                fine.append(_bucket(begin_s, samples))
                samples.clear()
            if is_coarse:
                self._coarsen(name, begin_s - begin_s % (BUCKET_S * _COARSE))

    def _coarsen(self, name: str, begin_s: float) -> None:
        fine, coarse = self._fine[name], self._coarse[name]
        parts = [each for each in fine[-_COARSE:] if each.at_s >= begin_s]
        if parts:
            coarse.append(_together(begin_s, parts))
        _trim(fine, int(FINE_S / BUCKET_S))
        _trim(coarse, int(LONGEST_S / BUCKET_S / _COARSE))

    # --- statistics ---------------------------------------------------------------------------

    def latest(self, tag: str) -> float | None:
        """Returns the value of the latest scan, `None` unless it is good."""
        return self._latest.get(tag)

    def buckets(self, tag: str, last_s: float, until_s: float = 0.0) -> list[Bucket]:
        """Returns the buckets of a window, oldest first. Those that are open are not in it.

        Args:
            last_s: Length of the window.
            until_s: How long before now it ends.
        """
        is_fine = last_s + until_s <= FINE_S
        found = (self._fine if is_fine else self._coarse).get(tag)
        if found is None:  # a number, say, that stands in place of a tag
            raise LookupError(f"{tag!r} is no tag with a window")
        end_s = self.now_s - until_s
        first = bisect_left(found, (end_s - last_s,))  # a bucket begins with its time
        return found[first : bisect_left(found, (end_s,))]

    def _is_enough(self, found: list[Bucket], last_s: float, until_s: float) -> bool:
        length_s = BUCKET_S if last_s + until_s <= FINE_S else BUCKET_S * _COARSE
        return bool(found) and len(found) * length_s >= _LEAST_COVERED * last_s

    @_once
    def mean(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the mean of a window. That of a truth value is the share in which it is true."""
        found = self.buckets(tag, last_s, until_s)
        if not self._is_enough(found, last_s, until_s):
            return None
        return sum([each.mean for each in found]) / len(found)

    @_once
    def low(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the smallest sample of a window."""
        found = self.buckets(tag, last_s, until_s)
        is_enough = self._is_enough(found, last_s, until_s)
        return min([each.low for each in found]) if is_enough else None

    @_once
    def high(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the largest sample of a window."""
        found = self.buckets(tag, last_s, until_s)
        is_enough = self._is_enough(found, last_s, until_s)
        return max([each.high for each in found]) if is_enough else None

    @_once
    def noise(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the standard deviation of one sample, without what moves slowly.

        A bucket of one sample tells none, as where the plant runs 20 times as fast.
        """
        found = [each for each in self.buckets(tag, last_s, until_s) if each.size > 1]
        if not self._is_enough(found, last_s, until_s):
            return None
        return sqrt(sum([each.noise * each.noise for each in found]) / len(found))

    @_once
    def spread(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the standard deviation of the bucket means of a window."""
        found = self.buckets(tag, last_s, until_s)
        if not self._is_enough(found, last_s, until_s):
            return None
        mean = sum([each.mean for each in found]) / len(found)
        return sqrt(sum([(each.mean - mean) ** 2 for each in found]) / len(found))

    @_once
    def slope(self, tag: str, last_s: float, until_s: float = 0.0) -> Slope | None:
        """Returns the least-squares line through the bucket means of a window."""
        found = self.buckets(tag, last_s, until_s)
        if len(found) < 3 or not self._is_enough(found, last_s, until_s):
            return None
        count = len(found)
        mean_t = sum([each.at_s for each in found]) / count
        mean = sum([each.mean for each in found]) / count
        off = [(each.at_s - mean_t, each.mean - mean) for each in found]
        square = sum([time**2 for time, _ in off])
        cross = sum([time * value for time, value in off])
        if square <= 0.0:
            return None
        slope = cross / square
        rest = sum([(value - slope * time) ** 2 for time, value in off])
        error = sqrt(rest / (count - 2) / square)
        return Slope(slope * 3600.0, error * 3600.0)


def _bucket(begin_s: float, samples: list[float]) -> Bucket:
    count, low, high = len(samples), min(samples), max(samples)
    mean = sum(samples) / count
    noise = 0.0
    if high > low:
        steps = [after - each for each, after in pairwise(samples)]
        noise = sqrt(sum([each * each for each in steps]) / (2.0 * len(steps)))
    return Bucket(begin_s, count, mean, low, high, noise)


def _together(begin_s: float, parts: list[Bucket]) -> Bucket:
    count = sum([each.size for each in parts])
    return Bucket(
        begin_s,
        count,
        sum([each.mean * each.size for each in parts]) / count,
        min([each.low for each in parts]),
        max([each.high for each in parts]),
        sqrt(sum([each.noise**2 for each in parts]) / len(parts)),
    )


def _trim(buckets: list[Bucket], most: int) -> None:
    if len(buckets) > most * _SPARE:
        del buckets[:-most]
