"""Summary of judged episodes, with the uncertainty of each share."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from .results import IS_RIGHT, Outcome, Result
from .suite import GoalSpec

GROUP = 5
"""Seeds that follow one another, all of which must be right for pass^5."""
_Z = 1.959964  # of 95 %


@dataclass(frozen=True, slots=True)
class Share:
    """Share of episodes, with its 95 % interval by Wilson's score method."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share, 0 of no episodes."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the interval."""
        return wilson_interval(self.value, self.of)


def wilson_interval(value: float, of: int) -> tuple[float, float]:
    """Returns the ends of the 95 % interval of a share of so many independent cases.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
    """
    if not of:
        return 0.0, 1.0
    square = _Z * _Z / of
    middle = (value + square / 2.0) / (1.0 + square)
    spread = value * (1.0 - value) / of + square / (4.0 * of)
    half = _Z * sqrt(spread) / (1.0 + square)
    return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of some episodes. Times are medians in seconds after the onset."""

    outcomes: Mapping[Outcome, int]
    right: Share  # rightly abstained included
    wrong: Share
    failed: Share  # episodes in which a program of others failed
    all_five: Share  # of the whole groups of five seeds
    wrong_names: Mapping[str, int]  # episodes in which a name was confirmed wrongly
    symptom_s: float | None
    answered_s: float | None
    alarm_s: float | None


def summary(results: Sequence[Result]) -> Summary:
    """Summarizes episodes, those of one case in the order of their seeds."""
    outcomes = Counter[Outcome](each.outcome for each in results)
    of = len(results)
    right = sum(each.outcome in IS_RIGHT for each in results)
    return Summary(
        outcomes,
        Share(right, of),
        Share(outcomes["wrong"], of),
        Share(sum(bool(each.program_failed) for each in results), of),
        _all_five(results),
        Counter(name for each in results for name in each.wrong),
        _median([each.times.symptom_s for each in results]),
        _median([each.times.answered_s for each in results]),
        _median([each.times.alarm_s for each in results]),
    )


def by_case(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Returns the episodes of each case."""
    found: dict[str, list[Result]] = {}
    for each in results:
        found.setdefault(each.case, []).append(each)
    return found


def meets(found: Summary, goal: GoalSpec) -> bool:
    """Whether a suite's goals are met. A program that failed meets none."""
    is_good = found.right.value >= goal.right and found.wrong.value <= goal.wrong
    return is_good and not found.failed.count


def _all_five(results: Sequence[Result]) -> Share:
    groups = [
        each[n : n + GROUP]
        for each in by_case(results).values()
        for n in range(0, len(each) - GROUP + 1, GROUP)
    ]
    return Share(sum(all(one.outcome in IS_RIGHT for one in each) for each in groups), len(groups))


def _median(times_s: Sequence[float | None]) -> float | None:
    """Returns the median, `None` where half of the episodes or more have no time."""
    known = sorted(float("inf") if each is None else each for each in times_s)
    found = median(known) if known else float("inf")
    return found if found < float("inf") else None
