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
    covered_s: float = 0.0  # time that good samples cover


def one(now_s: float, value: Sample | None) -> Totals:
    """Returns the statistics of one sample, `None` for a reading that is not usable."""
    if value is None:
        return Totals(now_s, now_s, False)
    return Totals(
        now_s, now_s, True, 1, now_s, float(value), 0.0, 0.0, 0.0, value, value, value, value
    )


def summed(parts: Sequence[Totals], covered_s: float = 0.0) -> Totals:
    """Returns the statistics of parts that follow each other, at least one.

    `covered_s` is the time that good samples cover, where it is needed.

    Source: T. Chan, G. Golub, R. LeVeque, Algorithms for computing the sample variance (1983),
    section 3: deviations are summed from the mean, so equal samples deviate by exactly zero.
    """
    begin_s, end_s, is_good = parts[0].begin_s, parts[-1].end_s, parts[-1].is_good
    good = [each for each in parts if each.good]
    if not good:
        return Totals(begin_s, end_s, is_good)
    (
        _, _, _, counts, times, means, time_squares, squares, crosses,
        lows, highs, firsts, lasts, _,
    ) = zip(*good, strict=True)  # fmt: skip
    count, time, mean = sum(counts), times[0], means[0]
    time += sum([n * (each - time) for n, each in zip(counts, times, strict=True)]) / count
    mean += sum([n * (each - mean) for n, each in zip(counts, means, strict=True)]) / count
    apart = [each - time for each in times]
    off = [each - mean for each in means]
    weighted = list(map(mul, counts, apart))
    return Totals(
        begin_s,
        end_s,
        is_good,
        count,
        time,
        mean,
        sum(time_squares) + sum(map(mul, weighted, apart)),
        sum(squares) + sum([n * each * each for n, each in zip(counts, off, strict=True)]),
        sum(crosses) + sum(map(mul, weighted, off)),
        min(lows),
        max(highs),
        firsts[0],
        lasts[-1],
        covered_s,
    )
