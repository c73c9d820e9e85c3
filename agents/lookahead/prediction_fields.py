"""Prediction as plain JSON for checkpoint and journal, and in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from handwheel.connectors.config.durations import format_duration
from handwheel.playbooks.binding.model import BoundPlaybook

from .prediction import Margin, Prediction
from .twin import Course

_POINTS = 60  # of a course, so that the journal stays small
_DIGITS = 5


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
