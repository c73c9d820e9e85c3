"""Prediction of a plan, both courses of the plant beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose

from .twin import Course


@dataclass(frozen=True, slots=True)
class Margin:
    """Least distance of a comparison of an invariant to its limit, in both courses.

    A distance is negative where the comparison is broken, and `None` where it is unknown.
    """

    text: str  # the comparison, such as `PT-102.pv > 280 kPa`
    unit: str
    without: float | None
    without_at_s: float  # process time after now
    with_plan: float | None
    with_plan_at_s: float

    @property
    def is_broken(self) -> bool:
        """Whether the comparison is known to break with the plan."""
        return self.with_plan is not None and self.with_plan < 0

    @property
    def is_as_bad_without(self) -> bool:
        """Whether it is known to break without the plan by as much or more."""
        if self.without is None or self.with_plan is None or self.without >= 0:
            return False
        return self.without <= self.with_plan or isclose(self.without, self.with_plan)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Courses that a twin foretells without and with a plan.

    A twin clears or forbids a plan only where it is trusted. Otherwise it informs people.
    """

    twin: str  # name of its entry point
    horizon_s: float
    without: Course
    with_plan: Course
    margins: Sequence[Margin]
    residual: float | None  # of the twin over its own last day, a share of the range
    trust: float  # largest residual with which the site trusts it
    assumptions: Sequence[str]
    off: float = 0.0  # largest residual of its estimate now

    @property
    def is_trusted(self) -> bool:
        """Whether the twin has followed the plant closely enough, now too. Unknown means no."""
        return self.residual is not None and max(self.residual, self.off) <= self.trust

    @property
    def broken(self) -> list[Margin]:
        """Comparisons that the plan breaks. One that breaks as much without it is not its doing."""
        return [each for each in self.margins if each.is_broken and not each.is_as_bad_without]

    @property
    def forbids(self) -> bool:
        """Whether the plan must not be requested."""
        return self.is_trusted and bool(self.broken)

    @property
    def clears(self) -> bool:
        """Whether nothing speaks against the plan. An unknown margin or a new alarm does.

        A plan without any margin is not cleared, since nothing of it was checked.
        """
        are_met = all(each.with_plan is not None and each.with_plan >= 0 for each in self.margins)
        is_calm = self.with_plan.alarms.keys() <= self.without.alarms.keys()
        is_checked = self.is_trusted and bool(self.margins)
        return is_checked and are_met and is_calm and self.with_plan.trip is None
