"""Sums over samples, and over a queue of them from which the oldest leave."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

Sample = int | float  # truth as 0 or 1, enumeration as its number


@dataclass(slots=True, eq=False)  # not frozen, which would take three times as long
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

    def plus(self, other: "Moments") -> "Moments":
        """Returns the sums over the samples of both."""
        if not other.count:
            return self
        if not self.count:
            return other
        count = self.count + other.count
        time, mean = other.time - self.time, other.mean - self.mean
        share = self.count * other.count / count
        return Moments(
            count,
            self.time + time * other.count / count,
            self.mean + mean * other.count / count,
            self.time_square + other.time_square + time * time * share,
            self.square + other.square + mean * mean * share,
            self.cross + other.cross + time * mean * share,
        )


NO_MOMENTS = Moments()


@dataclass(slots=True, eq=False)  # not frozen, which would take three times as long
class Totals:
    """Statistics of the samples of some time."""

    moments: Moments = NO_MOMENTS
    low: Sample = inf
    high: Sample = -inf
    first: Sample | None = None
    last: Sample | None = None
    covered_s: float = 0.0  # time that good samples cover

    def plus(self, later: "Totals") -> "Totals":
        """Returns the statistics of both, the other one being later."""
        if self is NOTHING or later is NOTHING:
            return later if self is NOTHING else self
        return Totals(
            self.moments.plus(later.moments),
            min(self.low, later.low),
            max(self.high, later.high),
            later.first if self.first is None else self.first,
            self.last if later.last is None else later.last,
            self.covered_s + later.covered_s,
        )


NOTHING = Totals()


class TotalsQueue:
    """Statistics of numbered parts, of which the oldest leave and newer ones come.

    Nothing is subtracted, so no error grows: the older half keeps the statistics from each of its
    parts to its end, and the newer half their sum. A part takes a few additions in all.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self, begin: int = 0) -> None:
        """Forgets all parts. The next one has this number."""
        self._begin = self._end = begin
        self._older: list[Totals] = []  # from each part to the end of this half, the oldest last
        self._newer: list[Totals] = []
        self._sum = NOTHING  # of the newer half

    def move_to(self, begin: int, end: int, part: Callable[[int], Totals]) -> None:
        """Keeps the parts from one number until before another.

        Neither number may be smaller than before. Each part is asked for once.
        """
        if begin >= self._end:
            self.clear(begin)
        for _ in range(self._begin, begin):
            self._drop()
        for n in range(self._end, end):
            self._newer.append(part(n))
            self._sum = self._sum.plus(self._newer[-1])
        self._begin, self._end = begin, max(self._end, end)

    @property
    def total(self) -> Totals:
        """Statistics of all parts."""
        return self._older[-1].plus(self._sum) if self._older else self._sum

    def _drop(self) -> None:
        if not self._older:
            total = NOTHING
            for each in reversed(self._newer):
                total = each.plus(total)
                self._older.append(total)
            self._newer, self._sum = [], NOTHING
        self._older.pop()
