"""Samples of one window, and their statistics.

A sample covers the time until the next one, but at most three times the usual spacing near it:
the larger of the medians of the five spacings before and the five after, since the scan rate may
change. Where nothing good was read there is a gap. A window is known if good samples cover 80 %
of it and 5 of them lie in it. The sample that covers the window's beginning belongs to it.

Samples nearer to each other than a thousandth of the window share a bucket, which bounds the
memory. A bucket keeps its extremes, and so a `false`. It leaves the window as a whole, at most a
thousandth of the window late.

Most windows are evidence that is seldom asked for. So samples are kept as they come, sorted into
buckets many at once, and the buckets are summed up in blocks of 32.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from .moments import Sample, Totals, one, summed

Key = tuple[str, float]

BUCKETS = 1000
LEAST_COVERED = 0.8
LEAST_SAMPLES = 5
LONGEST_STEP = 3.0  # of the usual spacing
NEIGHBOURS = 5
_AT_ONCE = 64  # samples that are kept as they come
_BLOCK = 32
_NEAR = NEIGHBOURS + 1  # buckets between which there are the spacings on one side
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Summary:
    """Statistics of a window."""

    is_known: bool  # whether it is covered enough; a `false` in it counts even if not
    parts: Sequence[Totals]  # it from its oldest to its newest sample
    lost_s: float  # time without good samples since the series began, within the window

    @cached_property
    def total(self) -> Totals:
        """Its parts together, summed up once for all functions that look at the same window."""
        return summed(self.parts)


_NOTHING = Summary(False, (), 0.0)


class Series:
    """Samples of one window of `window_s` seconds, oldest first."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._begin_s = 0.0
        self.clear()

    def __len__(self) -> int:
        """Number of buckets."""
        self._sort()
        return len(self._buckets)

    def clear(self) -> None:
        """Removes all samples."""
        self._new: list[tuple[float, Sample | None]] = []  # in no bucket yet
        self._buckets: list[Totals] = []
        # How long each covers after its last sample, as far as its neighbours have come.
        self._steps: list[float] = []
        self._blocks: deque[Totals] = deque()
        self._ahead = 1  # number of buckets before the first block
        self._summary: Summary | None = None

    def add(self, now_s: float, value: Sample | None) -> None:
        """Adds the newest sample, or `None` for a reading that is not usable."""
        self._summary = None
        self._new.append((now_s, value))
        if len(self._new) >= _AT_ONCE:
            self._sort()

    @property
    def is_young(self) -> bool:
        """Whether only its short time keeps it from being known."""
        if not len(self):
            return True
        spare = (1.0 - LEAST_COVERED) * self._window_s
        return self._lasted_s < self._window_s and self.summary().lost_s <= spare

    @property
    def missing_s(self) -> float:
        """Time of good samples that it needs still to be known, at least, seconds."""
        return max(LEAST_COVERED * self._window_s - self._lasted_s, 0.0)

    @property
    def _lasted_s(self) -> float:
        return self._buckets[-1].end_s - self._begin_s if len(self) else 0.0

    def ago(self) -> Sample | None:
        """Returns the value that stood for the moment at the window's beginning.

        That one sample must be good. The others, good or not, show how long it may stand.
        """
        if len(self) < LEAST_SAMPLES:
            return None
        start, oldest = self._buckets[-1].end_s - self._window_s, self._buckets[0]
        if oldest.begin_s > start:
            return None
        if start <= oldest.end_s:
            return oldest.first
        return oldest.last if start < oldest.end_s + self._steps_of(0, 1)[0] else None

    def summary(self) -> Summary:
        """Returns what the window comes to as of the newest sample."""
        if self._summary is None:
            self._sort()
            self._summary = self._sum_up() if self._buckets else _NOTHING
        return self._summary

    def _sort(self) -> None:
        """Sorts the new samples into buckets, and removes the buckets that have left."""
        if not self._new:
            return
        buckets, width = self._buckets, self._window_s / BUCKETS
        if not buckets:
            self._begin_s = self._new[0][0]
        bucket = [buckets.pop()] if buckets else [one(*self._new.pop(0))]
        for now_s, value in self._new:
            if now_s < bucket[0].begin_s + width:
                bucket.append(one(now_s, value))
                continue
            buckets.append(bucket[0] if len(bucket) == 1 else _together(bucket))
            bucket = [one(now_s, value)]
        buckets.append(bucket[0] if len(bucket) == 1 else _together(bucket))
        self._new = []
        self._remove_before(buckets[-1].end_s - self._window_s)
        # At once, so that no moment has many to sum up.
        self._steps += self._steps_of(len(self._steps), len(buckets) - _NEAR)
        end = self._ahead + len(self._blocks) * _BLOCK
        for begin in range(end, len(buckets) - _BLOCK, _BLOCK):
            self._blocks.append(summed(buckets[begin : begin + _BLOCK]))

    def _remove_before(self, start: float) -> None:
        """Removes the buckets before the one that covers this time."""
        later = (n for n, each in enumerate(self._buckets) if each.begin_s > start)
        gone = max(next(later, 0) - 1, 0)
        del self._buckets[:gone], self._steps[:gone]
        self._ahead -= gone
        while self._ahead < 1 and self._blocks:
            self._blocks.popleft()
            self._ahead += _BLOCK
        self._ahead = max(self._ahead, 1)

    def _steps_of(self, begin: int, end: int) -> list[float]:
        """Returns how long each of some buckets covers after its last sample."""
        if begin >= end:
            return []
        first = max(begin - NEIGHBOURS, 0)
        near = self._buckets[first : end + _NEAR]
        spacings = [after.begin_s - each.end_s for each, after in pairwise(near)]
        is_regular = not spacings or max(spacings) <= LONGEST_STEP * min(spacings)
        steps = [
            0.0 if not each.is_good or n == len(spacings)  # the newest covers nothing yet
            else spacings[n] if is_regular  # no median is smaller than all
            else _longest(spacings, n)
            for n, each in enumerate(near[: end - first])
        ]  # fmt: skip
        return steps[begin - first :]

    def _sum_up(self) -> Summary:
        buckets, ahead = self._buckets, self._ahead if self._blocks else 0
        parts = [*buckets[:ahead], *self._blocks, *buckets[ahead + len(self._blocks) * _BLOCK :]]
        known = len(self._steps)
        first = min(NEIGHBOURS, known)  # the neighbours of these may have left
        steps = [*self._steps_of(0, first), *self._steps[first:]]
        steps += self._steps_of(known, len(buckets))
        oldest, now_s = parts[0], buckets[-1].end_s
        start = now_s - self._window_s
        # Only the oldest may lie in part before the window, or have left it.
        covered_s = max(min(oldest.covered_s, oldest.end_s - start) + steps[0], 0.0)
        covered_s += sum([each.covered_s for each in parts[1:]]) + sum(steps[1:])
        if oldest.end_s < start and oldest.end_s + steps[0] <= start:
            del parts[0]
        least_s = (LEAST_COVERED - _ROUNDING) * self._window_s
        is_many = sum([each.good for each in parts]) >= LEAST_SAMPLES
        lost_s = min(self._window_s, now_s - self._begin_s) - covered_s
        return Summary(is_many and covered_s >= least_s, parts, lost_s)


def _together(samples: Sequence[Totals]) -> Totals:
    """Returns the bucket of some samples."""
    between_s = sum([b.begin_s - a.end_s for a, b in pairwise(samples) if a.is_good])
    return summed(samples, between_s)


def _longest(spacings: Sequence[float], n: int) -> float:
    """Returns how much of a spacing is covered, by the usual ones before and after it."""
    sides = spacings[max(n - NEIGHBOURS, 0) : n], spacings[n + 1 : n + 1 + NEIGHBOURS]
    usual = (median(each) for each in sides if each)
    return min(spacings[n], LONGEST_STEP * max(usual, default=spacings[n]))
