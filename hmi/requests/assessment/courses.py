"""Foretold courses beside a request, as lines and plots."""

from collections.abc import Iterator, Mapping, Sequence

from handwheel.agents.lookahead.prediction import Margin, Prediction
from handwheel.agents.lookahead.prediction_fields import trust_text
from handwheel.agents.lookahead.twin import Course
from handwheel.connectors.model.tags import Tag

from .model import AssessedLine, CoursePlot

_MOST_ALARMS = 2
_MOST_PLOTS = 4
_LEAST_CHANGE = 0.005  # share of the range from which a course is shown that nobody asks for
_POINTS = 150  # of a plot
_MINUTES_S, _HOURS_S = 90.0, 7200.0  # from which a time is told in minutes and hours


def course_lines(found: Prediction, tags: Mapping[str, Tag]) -> list[AssessedLine]:
    """Returns what happens without and with the request, and how far the twin is trusted."""
    without, with_plan = found.without, found.with_plan
    ends = [_ends(each) for each in (without, with_plan)]
    new = with_plan.alarms.keys() - without.alarms.keys()
    is_worse = bool(found.broken or new or with_plan.trip)
    margin = _margin_text(found, tags)
    with_text = f"{margin}; {ends[1]}" if margin else ends[1]  # the end of a line may be cut
    if not found.is_trusted and not is_worse:
        with_text = f"{ends[1]}, by a twin that is not trusted"
    return [
        AssessedLine(text=f"without: {ends[0]}"),
        AssessedLine(text=f"with: {with_text}", is_abnormal=is_worse),
        AssessedLine(text=_trust_text(found), is_abnormal=not found.is_trusted),
    ]


def _trust_text(found: Prediction) -> str:
    """Returns how far a twin is trusted, and what it is good for if it is not."""
    use = "" if found.is_trusted else "may only warn; "
    return f"twin {found.twin}: {use}{trust_text(found)}"


def ahead_lines(found: Prediction, checked_s: float) -> Iterator[str]:
    """Yields trust and assumptions of a prediction, then its margins and both courses.

    Args:
        checked_s: Recorded process time over which the twin's residual was measured.
    """
    over = (
        f", measured over {_span(checked_s)} of the record"
        if checked_s and found.residual is not None
        else ""
    )
    yield f"{_trust_text(found)}{over}"
    yield from (f"assumed: {each.rstrip('.')}" for each in found.assumptions)
    for each in found.margins:
        without = _kept(each.without, each.unit, each.without_at_s)
        with_plan = _kept(each.with_plan, each.unit, each.with_plan_at_s)
        yield f"{each.text}: without {without}, with {with_plan}"
    yield f"without: {_ends(found.without, most=len(found.without.alarms))}"
    yield f"with: {_ends(found.with_plan, most=len(found.with_plan.alarms))}"


def course_plots(
    found: Prediction, names: Sequence[str], tags: Mapping[str, Tag]
) -> list[CoursePlot]:
    """Returns the courses of some tags, then of those with an alarm limit that change most."""
    known = [
        name
        for name in found.without.series
        if name in found.with_plan.series and name in tags and tags[name].kind == "float"
    ]
    own = [name for name in names if name in known]
    changes = {
        name: _change(found, name, tags[name])
        for name in known
        if name not in own and tags[name].alarm != (None, None)
    }
    moved = [name for name, change in changes.items() if change > _LEAST_CHANGE]
    shown = [*own, *sorted(moved, key=lambda name: -changes[name])]
    return [
        CoursePlot(
            title=f"{name}, {tags[name].unit}".rstrip(", "),
            horizon_s=found.horizon_s,
            without=_spread(found.without, name, found.horizon_s),
            with_plan=_spread(found.with_plan, name, found.horizon_s),
        )
        for name in shown[:_MOST_PLOTS]
    ]


def _change(found: Prediction, name: str, tag: Tag) -> float:
    """Returns the largest difference between both courses of a tag, as a share of its range."""
    courses = (_spread(each, name, found.horizon_s) for each in (found.without, found.with_plan))
    pairs = zip(*courses, strict=True)
    apart = [abs(one - other) for one, other in pairs if one is not None and other is not None]
    low, high = tag.span or (0.0, 0.0)
    return max(apart, default=0.0) / (high - low) if high > low else 0.0


def _spread(course: Course, name: str, horizon_s: float) -> list[float | None]:
    """Returns equally spaced values, none after the course has ended."""
    values: list[float | None] = []
    n, last = 0, len(course.times_s) - 1
    for point in range(_POINTS):
        at_s = horizon_s * point / (_POINTS - 1)
        while n < last and course.times_s[n + 1] <= at_s:
            n += 1
        is_over = n == last and at_s > course.times_s[last] + horizon_s / _POINTS
        values.append(None if is_over else course.series[name][n])
    return values


def _ends(course: Course, most: int = _MOST_ALARMS) -> str:
    """Returns the trip and the alarms of a course. Those active now are no news."""
    coming = sorted((at_s, name) for name, at_s in course.alarms.items() if at_s > 0.0)
    further = "further " if len(coming) < len(course.alarms) else ""
    told = [f"{name} {_in(at_s)}" for at_s, name in coming[:most]]
    if len(coming) > most:
        told.append(f"{len(coming) - most} more alarms")
    told = told or [f"no {further}alarm"]
    trip = "no trip" if course.trip is None else f"{course.trip[1]} {_in(course.trip[0])}"
    return ", ".join([trip, *told])  # the end of a line may be cut


def _margin_text(found: Prediction, tags: Mapping[str, Tag]) -> str:
    """Returns what breaks, else what is not known, else the tightest margin."""
    if found.broken:
        return "; ".join(f"BREAKS {each.text} {_in(each.with_plan_at_s)}" for each in found.broken)
    unknown = [each for each in found.margins if each.with_plan is None]
    if unknown:
        return f"not known: {'; '.join(each.text for each in unknown)}"
    tightest = min(found.margins, key=lambda each: _share(each, tags), default=None)
    if tightest is None or tightest.with_plan is None:
        return ""
    if tightest.with_plan < 0.0:
        return f"{tightest.text} breaks as without"
    if not tightest.unit:
        return f"{tightest.text} is kept"
    return f"{tightest.text} keeps {tightest.with_plan:.3g} {tightest.unit}"


def _share(margin: Margin, tags: Mapping[str, Tag]) -> float:
    """Returns a margin as a share of the range of the tag that it is about."""
    spans = [each.span for name, each in tags.items() if name in margin.text and each.span]
    width = max((high - low for low, high in spans), default=0.0)
    return (margin.with_plan or 0.0) / width if width else float("inf")


def _kept(value: float | None, unit: str, at_s: float) -> str:
    if value is None:
        return "not known"
    if not unit:
        return "kept" if value >= 0.0 else f"broken {_in(at_s)}"
    kept = "left" if value >= 0.0 else "beyond it"
    return f"{abs(value):.3g} {unit} {kept} {_in(at_s)}"


def _in(at_s: float) -> str:
    return f"in {_span(at_s)}" if at_s >= 1.0 else "now"


def _span(seconds: float) -> str:
    if seconds < _MINUTES_S:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < _HOURS_S else f"{seconds / 3600.0:.1f} h"
