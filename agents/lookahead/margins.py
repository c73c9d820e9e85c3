"""Margins of a plan's invariants on two foretold courses.

A break counts where the engine would act on it, which is once it lasts for the invariant's grace.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from math import inf, isnan, nan

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.playbooks.binding.model import BoundPlaybook, Invariant
from handwheel.tools.conditions import Truth

from .distances import Distance, distances
from .prediction import Margin
from .twin import Course

_AGE = re.compile(r"\bage\s*\(")  # of a reading, which no twin foretells

Key = tuple[str, str]
"""Text and unit of a margin."""
Least = tuple[float, float]
"""Least distance and its time. It is NaN where unknown, and infinite where it never matters."""


def margins(
    plan: BoundPlaybook,
    tags: Mapping[str, Tag],
    courses: tuple[Course, Course],
    begin_s: float,
) -> list[Margin]:
    """Returns the least distance of each comparison of the invariants in both courses.

    A comparison beyond its limit breaks nothing where the invariant is met all the same. An
    invariant whose break no comparison tells has a margin of its own, 1 while it is met, else -1.

    Args:
        tags: Of the site.
        courses: Without and with the plan.
        begin_s: When the plan first writes, since invariants count from then on.
    """
    found: list[Margin] = []
    for each in plan.invariants:
        parts = [one for one in distances(each.condition, tags) if not _AGE.search(one.text)]
        without, with_plan = (
            _along(each, parts, list(_samples(each, parts, tags, one)), begin_s) for one in courses
        )
        for key, least in without.items():
            if least[0] == with_plan[key][0] == inf:
                continue
            found.append(Margin(*key, *_known(least), *_known(with_plan[key])))
    return found


def _known(least: Least) -> tuple[float | None, float]:
    """Returns a least distance for people. One that never matters is unknown beside the other."""
    value, at_s = least
    return (None if isnan(value) or value == inf else value), at_s


class _Sample:
    """Truth of an invariant at one moment, and the distance of each of its comparisons."""

    def __init__(self, at_s: float, truth: Truth, measured: Sequence[float]) -> None:
        is_met = truth is Truth.TRUE
        self.at_s = at_s
        self.parts = [inf if is_met and each < 0.0 else each for each in measured]
        # What a comparison tells already is not told once more.
        is_told = any(isnan(each) or each <= 0.0 for each in measured)
        if is_met or (measured and is_told):
            self.whole = inf if measured else 1.0
        else:
            self.whole = nan if truth is Truth.UNKNOWN else -1.0


def _along(
    invariant: Invariant, parts: Sequence[Distance], samples: Sequence[_Sample], begin_s: float
) -> dict[Key, Least]:
    """Returns the least distance of each comparison along a course, and of the invariant."""
    own = [each for each in samples if each.at_s >= begin_s] or list(samples[-1:])
    times = [each.at_s for each in own]
    columns = {
        (part.text, part.distance.unit): [each.parts[n] for each in own]
        for n, part in enumerate(parts)
    }
    columns[invariant.condition.bound, ""] = [each.whole for each in own]
    return {key: _least(times, each, invariant.grace_s) for key, each in columns.items()}


def _least(times: Sequence[float], values: Sequence[float], grace_s: float) -> Least:
    """Returns the least distance that lasts for a while. A known break counts before all else."""
    found: list[Least] = []
    for n, at_s in enumerate(times):
        if n and at_s + grace_s > times[-1]:
            break  # it cannot be told any more whether it lasts
        part = values[n : bisect_right(times, at_s + grace_s)]
        known = [each for each in part if not isnan(each)]
        best = max(known, default=nan)
        is_unsure = best < 0.0 and len(known) < len(part)
        found.append((nan if is_unsure else best, at_s))
    least = min((each for each in found if not isnan(each[0])), default=(nan, 0.0))
    unknown = next((each for each in found if isnan(each[0])), None)
    return least if unknown is None or least[0] < 0.0 else unknown


def _samples(
    invariant: Invariant,
    parts: Sequence[Distance],
    tags: Mapping[str, Tag],
    course: Course,
) -> Iterator[_Sample]:
    """Evaluates an invariant at each sample of a course. None looks back in time."""
    own = [tags[each] for each in invariant.condition.tags if each in course.series]
    for n, at_s in enumerate(course.times_s):
        readings = {
            tag.name: DataValue(_value(tag, course.series[tag.name][n]), GOOD, None, None, 0.0)
            for tag in own
        }
        truth = invariant.condition.evaluate(readings, now_s=0.0)
        found = (each.distance.value(readings, now_s=0.0) for each in parts)
        numbers = [float(each) if isinstance(each, int | float) else nan for each in found]
        yield _Sample(at_s, truth, numbers)


def _value(tag: Tag, number: float) -> bool | int | float:
    """Returns a foretold number in the type of its tag."""
    match tag.kind:
        case "bool":
            return number > 0.5
        case "int" | "enum":
            return round(number)
        case _:
            return number
