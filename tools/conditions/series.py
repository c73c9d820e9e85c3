"""Samples of one window, and their statistics.

A sample covers the time until the next one, but at most three times the usual spacing near it:
the larger of the medians of the five spacings before and the five after, since the scan rate may
change. Where nothing good was read there is a gap. A window is known if good samples cover 80 %
of it and 5 of them lie in it. The sample that covers the window's beginning belongs to it.

Samples nearer to each other than a thousandth of the window share a bucket, which bounds the
memory. A bucket keeps its extremes, and so a `false`. It leaves the window as a whole, at most a
thousandth of the window late.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from statistics import median

Key = tuple[str, float]
Sample = int | float  # truth as 0 or 1, enumeration as its number

BUCKETS = 1000
LEAST_COVERED = 0.8
LEAST_SAMPLES = 5
LONGEST_STEP = 3.0  # of the usual spacing
NEIGHBOURS = 5
_ROUNDING = 1e-9


@dataclass(slots=True)
class Moments:
    """Sums from which mean, deviation and slope are computed.

    Source: T. Chan, G. Golub, R. LeVeque, Algorithms for computing the sample variance (1983),
    equations 1.5: equal samples deviate by exactly zero.
    """

    count: int = 0
    time: float = 0.0
    mean: float = 0.0
    time_square: float = 0.0
    square: float = 0.0
    cross: float = 0.0

    def add(self, other: "Moments") -> None:
        """Adds the samples of another."""
        count = self.count + other.count
        if not count:
            return
        time, mean = other.time - self.time, other.mean - self.mean
        if not self.count:
            time, mean = 0.0, 0.0
            self.time, self.mean = other.time, other.mean
        share = self.count * other.count / count
        self.time += time * other.count / count
        self.mean += mean * other.count / count
        self.time_square += other.time_square + time * time * share
        self.square += other.square + mean * mean * share
        self.cross += other.cross + time * mean * share
        self.count = count


@dataclass(slots=True)
class Bucket:
    """One sample, or several near each other."""

    first_s: float
    last_s: float
    moments: Moments = field(default_factory=Moments)
    low: Sample = inf
    high: Sample = -inf
    first: Sample | None = None
    last: Sample | None = None
    covered_s: float = 0.0  # time that good samples cover within it
    is_good: bool = False  # whether the last sample is good and covers the time after it

    def add(self, now_s: float, value: Sample | None) -> None:
        """Adds a sample."""
        if self.is_good:
            self.covered_s += now_s - self.last_s
        self.last_s, self.is_good = now_s, value is not None
        if value is None:
            return
        self.last = value
        self.first = value if self.first is None else self.first
        self.low, self.high = min(value, self.low), max(value, self.high)
        self.moments.add(Moments(1, now_s, float(value)))


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of a window."""

    is_known: bool  # whether it is covered enough; a `false` in it counts even if not
    moments: Moments
    low: Sample
    high: Sample
    first: Sample | None
    last: Sample | None
    lost_s: float  # time without good samples since the series began, within the window


class Series:
    """Samples of one window of `window_s` seconds, oldest first."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._buckets: deque[Bucket] = deque()
        self._begin_s = 0.0
        self._summary: Summary | None = None

    def __len__(self) -> int:
        return len(self._buckets)

    def add(self, now_s: float, value: Sample | None) -> None:
        """Adds the newest sample, or `None` for a reading that is not usable."""
        self._summary = None
        if not self._buckets:
            self._begin_s = now_s
        width = self._window_s / BUCKETS
        if not self._buckets or now_s >= self._buckets[-1].first_s + width:
            self._buckets.append(Bucket(now_s, now_s))
        self._buckets[-1].add(now_s, value)
        start = now_s - self._window_s
        while len(self._buckets) > 1 and self._buckets[1].first_s <= start:
            self._buckets.popleft()

    def clear(self) -> None:
        """Removes all samples."""
        self._buckets.clear()
        self._summary = None

    @property
    def is_young(self) -> bool:
        """Whether only its short time keeps it from being known."""
        if not self._buckets:
            return True
        lasted = self._buckets[-1].last_s - self._begin_s
        spare = (1.0 - LEAST_COVERED) * self._window_s
        return lasted < self._window_s and self.summary().lost_s <= spare

    @property
    def missing_s(self) -> float:
        """Time of good samples that it needs still to be known, at least, seconds."""
        lasted = self._buckets[-1].last_s - self._begin_s if self._buckets else 0.0
        return max(LEAST_COVERED * self._window_s - lasted, 0.0)

    def ago(self) -> Sample | None:
        """Returns the value that stood for the moment at the window's beginning.

        That one sample must be good. The others, good or not, show how long it may stand.
        """
        if len(self._buckets) < LEAST_SAMPLES:
            return None
        start = self._buckets[-1].last_s - self._window_s
        oldest = self._buckets[0]
        if oldest.first_s > start:
            return None
        if start <= oldest.last_s:
            return oldest.first
        return oldest.last if start < oldest.last_s + next(self._steps()) else None

    def summary(self) -> Summary:
        """Returns what the window comes to as of the newest sample."""
        if self._summary is None:
            self._summary = self._sum_up()
        return self._summary

    def _steps(self) -> Iterator[float]:
        spacings = [after.first_s - before.last_s for before, after in pairwise(self._buckets)]
        for n, (bucket, spacing) in enumerate(zip(self._buckets, spacings, strict=False)):
            yield min(spacing, LONGEST_STEP * _usual(spacings, n)) if bucket.is_good else 0.0
        yield 0.0

    def _sum_up(self) -> Summary:
        now_s = self._buckets[-1].last_s if self._buckets else self._begin_s
        start = now_s - self._window_s
        covered, inside = 0.0, list[Bucket]()
        for bucket, step in zip(self._buckets, self._steps(), strict=False):
            within = min(bucket.covered_s, bucket.last_s - start) + step
            if bucket.last_s >= start or within > 0:
                covered += within
                inside.append(bucket)
        seen = min(self._window_s, now_s - self._begin_s)
        least = (LEAST_COVERED - _ROUNDING) * self._window_s
        return _summary(inside, covered >= least, seen - covered)


def _usual(spacings: Sequence[float], n: int) -> float:
    """Returns the usual spacing around one, without that one."""
    near = (spacings[max(n - NEIGHBOURS, 0) : n], spacings[n + 1 : n + 1 + NEIGHBOURS])
    return max((median(each) for each in near if each), default=spacings[n])


def _summary(buckets: Sequence[Bucket], is_covered: bool, lost_s: float) -> Summary:
    good = [bucket for bucket in buckets if bucket.first is not None]
    moments = Moments()
    for bucket in good:
        moments.add(bucket.moments)
    return Summary(
        is_covered and moments.count >= LEAST_SAMPLES,
        moments,
        min((bucket.low for bucket in good), default=inf),
        max((bucket.high for bucket in good), default=-inf),
        good[0].first if good else None,
        good[-1].last if good else None,
        lost_s,
    )
