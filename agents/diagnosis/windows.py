"""Recent course of tags in process time, which diagnosis looks at.

Samples are summed up in buckets, of 10 s for the last two hours and of 2 min for the last day.
Truth values and enumerations are numbers here. A bucket without a good sample is a gap.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from itertools import pairwise
from math import sqrt
from operator import mul
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


@dataclass(slots=True)
class BucketLists:
    """Buckets of one tag, oldest first, a list for each field, since most methods need few."""

    at_s: list[float] = field(default_factory=list[float])
    size: list[int] = field(default_factory=list[int])
    mean: list[float] = field(default_factory=list[float])
    low: list[float] = field(default_factory=list[float])
    high: list[float] = field(default_factory=list[float])
    noise: list[float] = field(default_factory=list[float])

    def __len__(self) -> int:
        return len(self.at_s)

    def part(self, of: slice) -> "BucketLists":
        """Returns some of the buckets."""
        return BucketLists(*[each[of] for each in self._lists])

    @property
    def buckets(self) -> list[Bucket]:
        """The buckets one by one."""
        return list(map(Bucket, *self._lists))

    def add(self, bucket: Bucket) -> None:
        """Adds the newest bucket."""
        for values, value in zip(self._lists, bucket, strict=True):
            values.append(value)

    def trim(self, most: int) -> None:
        """Removes the oldest buckets once there are many more than this."""
        if len(self) > most * _SPARE:
            for values in self._lists:
                del values[:-most]

    @property
    def _lists(self) -> tuple[list[Any], ...]:
        return self.at_s, self.size, self.mean, self.low, self.high, self.noise


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
        self._fine = {each: BucketLists() for each in self.tags}
        self._coarse = {each: BucketLists() for each in self.tags}

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
                fine.add(_bucket(begin_s, samples))
                samples.clear()
            if is_coarse:
                self._coarsen(name, begin_s - begin_s % (BUCKET_S * _COARSE))

    def _coarsen(self, name: str, begin_s: float) -> None:
        fine, coarse = self._fine[name], self._coarse[name]
        parts = [each for each in fine.part(slice(-_COARSE, None)).buckets if each.at_s >= begin_s]
        if parts:
            coarse.add(_together(begin_s, parts))
        fine.trim(int(FINE_S / BUCKET_S))
        coarse.trim(int(LONGEST_S / BUCKET_S / _COARSE))

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
        return self.bucket_lists(tag, last_s, until_s).buckets

    def bucket_lists(self, tag: str, last_s: float, until_s: float = 0.0) -> BucketLists:
        """Returns the buckets of a window as lists of their fields. See `buckets`."""
        lists, own = self._window(tag, last_s, until_s)
        return lists.part(own)

    def _window(self, tag: str, last_s: float, until_s: float) -> tuple[BucketLists, slice]:
        is_fine = last_s + until_s <= FINE_S
        lists = (self._fine if is_fine else self._coarse).get(tag)
        if lists is None:  # a number, say, that stands in place of a tag
            raise LookupError(f"{tag!r} is no tag with a window")
        end_s = self.now_s - until_s
        first, end = bisect_left(lists.at_s, end_s - last_s), bisect_left(lists.at_s, end_s)
        return lists, slice(first, end)

    @_once
    def mean(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the mean of a window. That of a truth value is the share in which it is true."""
        lists, own = self._window(tag, last_s, until_s)
        means = lists.mean[own]
        return sum(means) / len(means) if _is_enough(means, last_s, until_s) else None

    @_once
    def low(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the smallest sample of a window."""
        lists, own = self._window(tag, last_s, until_s)
        found = lists.low[own]
        return min(found) if _is_enough(found, last_s, until_s) else None

    @_once
    def high(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the largest sample of a window."""
        lists, own = self._window(tag, last_s, until_s)
        found = lists.high[own]
        return max(found) if _is_enough(found, last_s, until_s) else None

    @_once
    def noise(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the standard deviation of one sample, without what moves slowly.

        A bucket of one sample tells none, as where the plant runs 20 times as fast.
        """
        lists, own = self._window(tag, last_s, until_s)
        both = zip(lists.noise[own], lists.size[own], strict=True)
        found = [noise for noise, size in both if size > 1]
        if not _is_enough(found, last_s, until_s):
            return None
        return sqrt(sum(map(mul, found, found)) / len(found))

    @_once
    def spread(self, tag: str, last_s: float, until_s: float = 0.0) -> float | None:
        """Returns the standard deviation of the bucket means of a window."""
        lists, own = self._window(tag, last_s, until_s)
        means = lists.mean[own]
        if not _is_enough(means, last_s, until_s):
            return None
        mean = sum(means) / len(means)
        return sqrt(sum([(each - mean) ** 2 for each in means]) / len(means))

    @_once
    def slope(self, tag: str, last_s: float, until_s: float = 0.0) -> Slope | None:
        """Returns the least-squares line through the bucket means of a window."""
        lists, own = self._window(tag, last_s, until_s)
        at_s, means = lists.at_s[own], lists.mean[own]
        count = len(means)
        if count < 3 or not _is_enough(means, last_s, until_s):
            return None
        mean_t, mean = sum(at_s) / count, sum(means) / count
        times, values = [each - mean_t for each in at_s], [each - mean for each in means]
        square = sum([time**2 for time in times])
        if square <= 0.0:
            return None
        slope = sum(map(mul, times, values)) / square
        off = zip(times, values, strict=True)
        rest = sum([(value - slope * time) ** 2 for time, value in off])
        error = sqrt(rest / (count - 2) / square)
        return Slope(slope * 3600.0, error * 3600.0)


def _is_enough(found: Sequence[float], last_s: float, until_s: float) -> bool:
    """Whether values of as many buckets cover enough of a window."""
    length_s = BUCKET_S if last_s + until_s <= FINE_S else BUCKET_S * _COARSE
    return bool(found) and len(found) * length_s >= _LEAST_COVERED * last_s


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
