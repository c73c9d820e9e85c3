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
from dataclasses import dataclass
from math import inf
from statistics import median

from .moments import NO_MOMENTS, NOTHING, Moments, Sample, Totals, TotalsQueue

Key = tuple[str, float]

BUCKETS = 1000
LEAST_COVERED = 0.8
LEAST_SAMPLES = 5
LONGEST_STEP = 3.0  # of the usual spacing
NEIGHBOURS = 5
_ROUNDING = 1e-9


@dataclass(slots=True)
class Bucket:
    """One sample, or several near each other."""

    first_s: float
    last_s: float
    moments: Moments = NO_MOMENTS
    low: Sample = inf
    high: Sample = -inf
    first: Sample | None = None
    last: Sample | None = None
    covered_s: float = 0.0  # time that good samples cover within it
    spacing_s: float = 0.0  # from its last sample to the next bucket
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
        self.moments = self.moments.plus(Moments(1, now_s, float(value)))

    def totals(self, covered_s: float) -> Totals:
        """Returns its statistics, with the time that it covers in its window."""
        return Totals(self.moments, self.low, self.high, self.first, self.last, covered_s)


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of a window."""

    is_known: bool  # whether it is covered enough; a `false` in it counts even if not
    totals: Totals
    lost_s: float  # time without good samples since the series began, within the window


class Series:
    """Samples of one window of `window_s` seconds, oldest first."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._buckets: deque[Bucket] = deque()
        self._begin_s = 0.0
        self._summary: Summary | None = None
        self._left = 0  # number of buckets that have left
        self._middle = TotalsQueue()  # of the buckets whose usual spacing is final

    def __len__(self) -> int:
        return len(self._buckets)

    def add(self, now_s: float, value: Sample | None) -> None:
        """Adds the newest sample, or `None` for a reading that is not usable."""
        self._summary = None
        if not self._buckets:
            self._begin_s = now_s
        width = self._window_s / BUCKETS
        if not self._buckets or now_s >= self._buckets[-1].first_s + width:
            if self._buckets:
                self._buckets[-1].spacing_s = now_s - self._buckets[-1].last_s
            self._buckets.append(Bucket(now_s, now_s))
        self._buckets[-1].add(now_s, value)
        start = now_s - self._window_s
        while len(self._buckets) > 1 and self._buckets[1].first_s <= start:
            self._buckets.popleft()
            self._left += 1
        begin, end = self._final_range()  # at once, so that no moment has many to sum up
        self._middle.move_to(self._left + begin, self._left + end, self._final)

    def clear(self) -> None:
        """Removes all samples."""
        self._buckets.clear()
        self._middle.clear(self._left)
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
        return oldest.last if start < oldest.last_s + self._step(0) else None

    def summary(self) -> Summary:
        """Returns what the window comes to as of the newest sample."""
        if self._summary is None:
            self._summary = self._sum_up()
        return self._summary

    def _step(self, n: int) -> float:
        """Returns the time that a bucket's last sample covers after it."""
        buckets, last = self._buckets, len(self._buckets) - 1
        if n == last or not buckets[n].is_good:
            return 0.0
        first = max(n - NEIGHBOURS, 0)
        near = [buckets[i].spacing_s for i in range(first, min(n + NEIGHBOURS + 1, last))]
        spacing_s = buckets[n].spacing_s
        if spacing_s <= LONGEST_STEP * min(near):
            return spacing_s  # no median is smaller than all
        usual = (median(each) for each in (near[: n - first], near[n - first + 1 :]) if each)
        return min(spacing_s, LONGEST_STEP * max(usual, default=spacing_s))

    def _totals(self, n: int, start: float) -> Totals:
        """Returns the statistics of a bucket in the window that starts then."""
        bucket = self._buckets[n]
        within = min(bucket.covered_s, bucket.last_s - start) + self._step(n)
        return bucket.totals(within) if bucket.last_s >= start or within > 0 else NOTHING

    def _sum_up(self) -> Summary:
        """Sums up from the oldest bucket on, whose neighbours may have left, to the newest."""
        now_s = self._buckets[-1].last_s if self._buckets else self._begin_s
        start, count = now_s - self._window_s, len(self._buckets)
        begin, end = self._final_range()
        found = NOTHING
        for n in range(begin):
            found = found.plus(self._totals(n, start))
        found = found.plus(self._middle.total)
        for n in range(end, count):
            found = found.plus(self._totals(n, start))
        seen = min(self._window_s, now_s - self._begin_s)
        least = (LEAST_COVERED - _ROUNDING) * self._window_s
        is_known = found.covered_s >= least and found.moments.count >= LEAST_SAMPLES
        return Summary(is_known, found, seen - found.covered_s)

    def _final_range(self) -> tuple[int, int]:
        """Returns the first bucket with all its neighbours, and the first one without."""
        count = len(self._buckets)
        # As long as none has left, only the oldest may lie in part before the window.
        begin = min(NEIGHBOURS if self._left else 1, count)
        return begin, max(count - NEIGHBOURS - 1, begin)

    def _final(self, number: int) -> Totals:
        """Returns the statistics of a bucket that lies in the window with all its neighbours."""
        n = number - self._left
        return self._buckets[n].totals(self._buckets[n].covered_s + self._step(n))
