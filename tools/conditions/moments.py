"""Sums over samples that follow each other."""

from collections.abc import Sequence
from math import inf
from operator import mul
from typing import NamedTuple

Sample = int | float  # truth as 0 or 1, enumeration as its number


class Totals(NamedTuple):
    """Statistics of one sample, or of several that follow each other.

    Mean, deviation and slope are computed from its sums. It is a tuple, since every sample of
    every window makes one.
    """

    begin_s: float  # time of the first sample, good or not
    end_s: float  # time of the last one
    is_good: bool  # whether the last one is good, and covers the time after it
    good: int = 0  # number of good samples
    time: float = 0.0  # their mean time
    mean: float = 0.0
    time_square: float = 0.0  # sum of the squares of the distances from the mean time
    square: float = 0.0
    cross: float = 0.0
    low: Sample = inf
    high: Sample = -inf
    first: Sample | None = None
    last: Sample | None = None
    covered_s: float = 0.0  # time that good samples cover, from the first to the last


def one(now_s: float, value: Sample | None) -> Totals:
    """Returns the statistics of one sample, `None` for a reading that is not usable."""
    if value is None:
        return Totals(now_s, now_s, False)
    return Totals(
        now_s, now_s, True, 1, now_s, float(value), 0.0, 0.0, 0.0, value, value, value, value
    )


def summed(parts: Sequence[Totals], between_s: float = 0.0) -> Totals:
    """Returns the statistics of parts that follow each other, at least one.

    Source: T. Chan, G. Golub, R. LeVeque, Algorithms for computing the sample variance (1983),
    section 3: deviations are summed from the mean, so equal samples deviate by exactly zero.

    Args:
        between_s: Time that good samples cover between the parts.
    """
    begin_s, end_s, is_good = parts[0].begin_s, parts[-1].end_s, parts[-1].is_good
    good = [each for each in parts if each.good]
    if not good:
        return Totals(begin_s, end_s, is_good)
    (
        _, _, _, counts, times, means, time_squares, squares, crosses,
        lows, highs, firsts, lasts, covered_s,
    ) = zip(*good, strict=True)  # fmt: skip
    time, apart, weighted = _centred(counts, times)
    mean, off, weighted_off = _centred(counts, means)
    return Totals(
        begin_s,
        end_s,
        is_good,
        sum(counts),
        time,
        mean,
        sum(time_squares) + sum(map(mul, weighted, apart)),
        sum(squares) + sum(map(mul, weighted_off, off)),
        sum(crosses) + sum(map(mul, weighted, off)),
        min(lows),
        max(highs),
        firsts[0],
        lasts[-1],
        sum(covered_s) + between_s,
    )


def _centred(
    counts: Sequence[int], means: Sequence[float]
) -> tuple[float, list[float], list[float]]:
    """Returns the mean of parts, and the distance of each from it, alone and times its count."""
    first = means[0]
    mean = first + sum(map(mul, counts, [each - first for each in means])) / sum(counts)
    off = [each - mean for each in means]
    return mean, off, list(map(mul, counts, off))
