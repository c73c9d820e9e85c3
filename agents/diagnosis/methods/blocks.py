"""Means of several tags over the same blocks of time, of which balances are made."""

from collections.abc import Sequence
from itertools import accumulate
from math import sqrt
from statistics import fmean

from ..windows import Windows

BLOCK_S = 360.0
"""Length of a block, the sampling time of a gas chromatograph."""
_LEAST_COVERED = 0.6


def block_rows(
    windows: Windows, tags: Sequence[str], last_s: float, block_s: float = BLOCK_S
) -> list[list[float]]:
    """Returns the means of the tags in each block, oldest first, without blocks with gaps.

    The list is empty if the blocks cover less than 60 % of the time.
    """
    first, *rest = [_means(windows, tag, last_s, block_s) for tag in tags]
    rows = [
        [value, *(each[block] for each in rest)]
        for block, value in sorted(first.items())
        if all(block in each for each in rest)
    ]
    return rows if len(rows) * block_s >= _LEAST_COVERED * last_s else []


def _means(windows: Windows, tag: str, last_s: float, block_s: float) -> dict[int, float]:
    blocks: dict[int, list[float]] = {}
    course = windows.bucket_lists(tag, last_s)
    for at_s, mean in zip(course.at_s, course.mean, strict=True):
        blocks.setdefault(int(at_s // block_s), []).append(mean)
    least = _LEAST_COVERED * max((len(each) for each in blocks.values()), default=0)
    return {block: fmean(each) for block, each in blocks.items() if len(each) >= least}


def wander(values: Sequence[float]) -> float | None:
    """Returns the standard deviation of a course about its best step, `None` for too few values.

    A course that has stepped once has none, one that goes up and down has much.
    """
    count = len(values)
    if count < 4:
        return None
    sums = list(accumulate(values, initial=0.0))
    squares = list(accumulate([each * each for each in values], initial=0.0))
    between = max(
        sums[n] ** 2 / n + (sums[-1] - sums[n]) ** 2 / (count - n) for n in range(1, count)
    )
    return sqrt(max(squares[-1] - between, 0.0) / count)
