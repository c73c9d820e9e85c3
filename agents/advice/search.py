"""Search for the set points of least cost, over courses that a twin foretells."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from math import ceil, floor, isfinite, log10

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.playbooks.binding.advice import Advice
from handwheel.playbooks.binding.model import BoundPlaybook

from ..lookahead.margins import margins
from ..lookahead.twin import Course, TwinError

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


def is_allowed(
    plan: BoundPlaybook, tags: Mapping[str, Tag], without: Course, course: Course
) -> bool:
    """Whether a course breaks no invariant, has no trip and no alarm that would not be there."""
    if course.trip is not None or not course.alarms.keys() <= without.alarms.keys():
        return False
    found = margins(plan, tags, (without, course), 0.0)
    return all(each.with_plan is not None and each.with_plan >= 0.0 for each in found)


def mean_cost(advice: Advice, course: Course) -> float:
    """Returns the mean of the objective over a course, by the time between its samples.

    Raises `TwinError` if the twin does not tell it.
    """
    names = [each for each in advice.objective.tags if each in course.series]
    costs: list[float] = []
    for n in range(len(course.times_s)):
        readings = {
            name: DataValue(course.series[name][n], GOOD, None, None, 0.0) for name in names
        }
        value = advice.objective.value(readings)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            missing = ", ".join(sorted(set(advice.objective.tags) - set(names)))
            raise TwinError(f"it does not tell {missing or advice.objective.text}")
        costs.append(float(value))
    times = course.times_s
    pairs = zip(pairwise(times), pairwise(costs), strict=True)
    total = sum((end - begin) * (first + last) / 2.0 for (begin, end), (first, last) in pairs)
    return total / (times[-1] - times[0])
