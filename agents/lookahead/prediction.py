"""Prediction of a plan, both courses of the plant beside each other, and its JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

from handwheel.connectors.config.durations import format_duration
from handwheel.playbooks.binding.model import BoundPlaybook

from .twin import Course

_POINTS = 60  # of a course, so that the journal stays small
_DIGITS = 5


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


def prediction_fields(found: Prediction, plan: BoundPlaybook) -> dict[str, Any]:
    """Returns a prediction as plain JSON, with few samples of the tags of the invariants.

    What is unknown is left out, since the journal takes no `null`.
    """
    tags = sorted({tag for each in plan.invariants for tag in each.condition.tags})
    fields = {
        "twin": found.twin, "horizon_s": found.horizon_s, "is_trusted": found.is_trusted,
        "residual": None if found.residual is None else _rounded(found.residual),
        "trust": found.trust, "off": _rounded(found.off), "forbids": found.forbids,
        "margins": [_margin_fields(each) for each in found.margins],
        "assumptions": list(found.assumptions),
        "without": _course_fields(found.without, tags),
        "with_plan": _course_fields(found.with_plan, tags),
    }  # fmt: skip
    return _known(fields)


def forbids_text(found: Prediction) -> str:
    """Returns why a plan is not requested that a trusted twin forbids, as a sentence."""
    broken = "; ".join(_broken_text(each) for each in found.broken)
    return f"the twin {found.twin} foretells that it breaks {broken}; {trust_text(found)}"


def trust_text(found: Prediction) -> str:
    """Returns how far a twin is trusted."""
    return trust_words(found.residual, found.trust, found.off)


def trust_words(residual: float | None, trust: float, off: float) -> str:
    """Returns how far a twin is trusted, by its residuals and the largest one that is allowed.

    Args:
        residual: Over its own last day.
        off: Of its estimate now.
    """
    limit = f"{trust * 100.0:.3g} %"
    if off > trust:
        return f"not trusted, it is {off * 100.0:.2g} % off now (limit {limit})"
    if residual is None:
        return f"not trusted, compared with the plant less than 3 times so far (limit {limit})"
    word = "trusted" if residual <= trust else "not trusted"
    return f"{word}, its error was {residual * 100.0:.2g} % of the range (limit {limit})"


def _broken_text(each: Margin) -> str:
    distance = f" by {-each.with_plan:.3g} {each.unit}" if each.unit and each.with_plan else ""
    return f"{each.text}{distance} in {format_duration(each.with_plan_at_s)}"


def _margin_fields(each: Margin) -> dict[str, Any]:
    known = {"without": each.without, "with_plan": each.with_plan}
    return _known({
        "text": each.text, "unit": each.unit,
        **{name: None if value is None else _rounded(value) for name, value in known.items()},
        "without_at_s": each.without_at_s, "with_plan_at_s": each.with_plan_at_s,
    })  # fmt: skip


def _course_fields(course: Course, tags: Sequence[str]) -> dict[str, Any]:
    last = len(course.times_s) - 1
    steps = sorted({round(last * n / _POINTS) for n in range(_POINTS + 1)})
    series: Mapping[str, list[float]] = {
        tag: [_rounded(course.series[tag][n]) for n in steps]
        for tag in tags
        if tag in course.series
    }
    return _known({
        "times_s": [_rounded(course.times_s[n]) for n in steps], "series": series,
        "trip": None if course.trip is None else list(course.trip),
        "alarms": dict(course.alarms),
    })  # fmt: skip


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in fields.items() if each is not None}


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
