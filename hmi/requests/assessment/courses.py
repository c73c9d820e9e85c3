"""Foretold courses beside a request, as lines and plots."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from handwheel.agents.lookahead.prediction import Margin, Prediction, trust_text
from handwheel.agents.lookahead.twin import Course
from handwheel.connectors.model.tags import Tag

from .model import WITH_REQUEST, AssessedLine, CoursePlot

_MOST_ALARMS = 2
_MOST_PLOTS = 4
_LEAST_CHANGE = 0.005  # share of the range from which a course is shown that nobody asks for
_POINTS = 150  # of a plot
_MOST_DIFFERENCES = 2
_LARGE = 1000.0  # from which a number has no digits after its point
_Course = Literal["without", "with_plan"]
_MINUTES_S, _HOURS_S = 90.0, 7200.0  # from which a time is told in minutes and hours


def course_lines(
    found: Prediction, with_what: str, names: Sequence[str], tags: Mapping[str, Tag]
) -> list[AssessedLine]:
    """Returns what happens without and with the request, and how far the twin is trusted.

    Args:
        with_what: What the second course holds.
        names: Tags of triggers and invariants, whose difference is told where the ends are alike.
    """
    without, with_plan = found.without, found.with_plan
    texts = [_ends(each) for each in (without, with_plan)]
    new = with_plan.alarms.keys() - without.alarms.keys()
    is_worse = bool(found.broken or new or with_plan.trip)
    if not found.is_trusted and not is_worse:
        texts[1] += ", by a twin that is not trusted"
    else:
        if without.trip is None and (least := _least(found, "without", tags)):
            texts[0] = f"{_kept_text(least, 'without')}; {texts[0]}"
        if margin := _margin_text(found, tags):
            texts[1] = f"{margin}; {texts[1]}"  # the end of a line may be cut
    lines = [
        AssessedLine(text=f"without: {texts[0]}"),
        AssessedLine(text=f"{_short(with_what)}: {texts[1]}", is_abnormal=is_worse),
    ]
    if found.is_trusted and _end(without) == _end(with_plan):
        lines.append(AssessedLine(text=_differences(found, names, tags)))
    trust = AssessedLine(text=_trust_text(found), is_abnormal=not found.is_trusted)
    return [*lines, trust]


def _short(with_what: str) -> str:
    """Returns the name of the second course, which is the request's where nothing is said."""
    return "with" if with_what == WITH_REQUEST else with_what


def _end(course: Course) -> tuple[str, set[str]]:
    """Returns the trip and the coming alarms of a course, empty for none."""
    coming = {name for name, at_s in course.alarms.items() if at_s > 0.0}
    return course.trip[1] if course.trip else "", coming


def _differences(found: Prediction, names: Sequence[str], tags: Mapping[str, Tag]) -> str:
    """Returns the watched values that differ most where both courses still go on."""
    without, with_plan = found.without, found.with_plan
    at_s = min(without.times_s[-1], with_plan.times_s[-1])
    apart: dict[str, tuple[float, str]] = {}
    for name in _known(found, tags):
        tag = tags[name]
        if tag.writable or tag.span is None or (name not in names and tag.alarm == (None, None)):
            continue
        one, other = (_value(each, name, at_s) for each in (without, with_plan))
        share = abs(one - other) / (tag.span[1] - tag.span[0])
        if share > _LEAST_CHANGE:
            apart[name] = share, f"{name} {_number(other, tag)} with, {_number(one, tag)} without"
    most = sorted(apart.values(), reverse=True)[:_MOST_DIFFERENCES]
    told = "; ".join(text for _, text in most) or "no difference foretold"
    return f"in {_span(at_s)}: {told}"


def _known(found: Prediction, tags: Mapping[str, Tag]) -> list[str]:
    """Returns the tags with a number that both courses tell."""
    both = [name for name in found.without.series if name in found.with_plan.series]
    return [name for name in both if name in tags and tags[name].kind == "float"]


def _number(value: float, tag: Tag) -> str:
    """Returns three digits with the unit, all of a large number."""
    digits = f"{value:.0f}" if abs(value) >= _LARGE else f"{value:.3g}"
    return f"{digits} {tag.unit}".rstrip()


def _value(course: Course, name: str, at_s: float) -> float:
    n = bisect_right(course.times_s, at_s) - 1
    return course.series[name][max(n, 0)]


def _trust_text(found: Prediction) -> str:
    """Returns how far a twin is trusted, and what it is good for if it is not."""
    use = "" if found.is_trusted else "may only warn; "
    return f"twin {found.twin}: {use}{trust_text(found)}"


def ahead_lines(found: Prediction, with_what: str, checked_s: float) -> Iterator[str]:
    """Yields trust and assumptions of a prediction, then its margins and both courses.

    Args:
        with_what: What the second course holds.
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
    yield f"{_short(with_what)}: {_ends(found.with_plan, most=len(found.with_plan.alarms))}"


def course_plots(
    found: Prediction, names: Sequence[str], tags: Mapping[str, Tag]
) -> list[CoursePlot]:
    """Returns the courses of some tags, then of those with an alarm limit that change most."""
    known = _known(found, tags)
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
            trips=list(_trips(found, name)),
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


def _trips(found: Prediction, name: str) -> Iterator[tuple[int, float]]:
    """Yields where each course of a tag trips, in the points of its plot."""
    for course in (found.without, found.with_plan):
        if course.trip is not None:
            point = int((_POINTS - 1) * min(course.trip[0] / found.horizon_s, 1.0))
            yield point, _value(course, name, course.trip[0])


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
    tightest = _least(found, "with_plan", tags)
    return _kept_text(tightest, "with_plan") if tightest else ""


def _least(found: Prediction, course: _Course, tags: Mapping[str, Tag]) -> Margin | None:
    """Returns the tightest known margin of a course, `None` without one."""
    known = [each for each in found.margins if _left(each, course) is not None]
    return min(known, key=lambda each: _share(each, course, tags), default=None)


def _left(margin: Margin, course: _Course) -> float | None:
    return margin.with_plan if course == "with_plan" else margin.without


def _kept_text(margin: Margin, course: _Course) -> str:
    left = _left(margin, course) or 0.0
    if left < 0.0:
        without = f"breaks {_in(margin.without_at_s)}"
        return f"{margin.text} {without if course == 'without' else 'breaks as without'}"
    if not margin.unit:
        return f"{margin.text} is kept"
    return f"{margin.text} keeps {left:.3g} {margin.unit}"


def _share(margin: Margin, course: _Course, tags: Mapping[str, Tag]) -> float:
    """Returns a margin as a share of the range of the tag that it is about."""
    spans = [each.span for name, each in tags.items() if name in margin.text and each.span]
    width = max((high - low for low, high in spans), default=0.0)
    return (_left(margin, course) or 0.0) / width if width else float("inf")


def _kept(value: float | None, unit: str, at_s: float) -> str:
    if value is None:
        return "not known"
    if not unit:
        return "kept" if value >= 0.0 else f"broken {_in(at_s)}"
    if value < 0.0:
        return f"{-value:.3g} {unit} beyond it {_in(at_s)}"
    return f"at least {value:.3g} {unit} left, {_after(at_s)}"


def _after(at_s: float) -> str:
    return f"after {_span(at_s)}" if at_s >= 1.0 else "now"


def _in(at_s: float) -> str:
    return f"in {_span(at_s)}" if at_s >= 1.0 else "now"


def _span(seconds: float) -> str:
    if seconds < _MINUTES_S:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < _HOURS_S else f"{seconds / 3600.0:.1f} h"
