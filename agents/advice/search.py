"""Search for the set points of least cost, with a bounded number of predictions."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import product
from math import ceil, floor, log10

MOST = 40
"""Most predictions of one search."""
_STEPS = 20.0  # finest steps in a band, at least
_AXES = 2  # that are moved at once
_FIRST = 0.5  # of a band, the first step

Values = tuple[float, ...]
Band = tuple[float, float]
Cost = Callable[[Values], Awaitable[float | None]]
"""Returns the cost of some set points, `None` where they are not allowed."""


async def least_cost(
    bands: Sequence[Band], start: Values, cost: Cost
) -> tuple[Values | None, float, int]:
    """Looks around the present set points, and closer around each better ones.

    It needs no derivatives, and each prediction is waited for, so that others get their turn.
    Source: Kolda, Lewis and Torczon, Optimization by Direct Search, SIAM Review 45 (2003), 3.

    Args:
        bands: Lowest and highest value of each set point.
        start: Present set points; they cost nothing to reach, and are not predicted.

    Returns:
        The best allowed set points that were found, `None` for none, their cost, and the number
        of predictions.
    """
    grid = [_step(low, high) for low, high in bands]
    found: dict[Values, float | None] = {}
    best, best_cost, centre, size = None, float("inf"), start, _FIRST
    while any(size * (high - low) >= step for (low, high), step in zip(bands, grid, strict=True)):
        before = best_cost
        for values in _around(centre, size, bands, grid):
            if values in found or values == start:
                continue
            if len(found) >= MOST:
                return best, best_cost, len(found)
            found[values] = each = await cost(values)
            if each is not None and each < best_cost:
                best, best_cost = values, each
        if best_cost < before and best is not None and best != centre:
            centre = best
        else:
            size /= 2.0
    return best, best_cost, len(found)


def _around(
    centre: Values, size: float, bands: Sequence[Band], grid: Sequence[float]
) -> Iterator[Values]:
    """Yields points one step away along each axis and each diagonal of two, inside the bands."""
    signs = product((-1, 0, 1), repeat=len(bands))
    near = [each for each in signs if 0 < sum(map(abs, each)) <= _AXES]
    for each in sorted(near, key=lambda one: sum(map(abs, one))):
        yield tuple(
            _rounded(centre[n] + each[n] * size * (high - low), low, high, grid[n])
            for n, (low, high) in enumerate(bands)
        )


def _step(low: float, high: float) -> float:
    """Returns the finest step in a band, a power of ten that people read easily."""
    return float(10.0 ** floor(log10((high - low) / _STEPS)))


def _rounded(value: float, low: float, high: float, step: float) -> float:
    """Returns the nearest multiple of a step that lies in a band."""
    lowest, highest = ceil(round(low / step, 6)), floor(round(high / step, 6))
    return round(min(max(round(value / step), lowest), highest) * step, 9)
