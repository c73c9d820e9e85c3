"""Mean cost over a course that a twin foretells with some set points."""

from collections.abc import Mapping
from itertools import pairwise
from math import isfinite

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.playbooks.binding.advice import Advice
from handwheel.playbooks.binding.model import BoundPlaybook

from ..lookahead.margins import margins
from ..lookahead.twin import Course, TwinError


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
