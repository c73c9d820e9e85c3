"""Draws an assessment beside a card. Nothing of it is part of the card that is signed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest

from handwheel.tools.requests.timestamps import instant_now, parse_stamp
from handwheel.tools.safe_text import printable

from ...shell.charts.chart import round_axis
from ...shell.charts.terminal_chart import TrendScale, terminal_chart
from ...shell.terminal.panel import MARK, Part, Row, draw_part, fitting_width
from ...shell.terminal.plural import age_text
from .model import PENDING, AssessedLine, Assessment, CoursePlot

_NO_CAUSE = -2
_LONG = 1200  # characters of a line
_HEIGHT = 4  # lines of a plot
_BETWEEN = 2  # columns between two plots
_SHORT_S = 90.0
_CALM = 0.01  # share of a value by which a plot reaches beyond it at least


def assessment_parts(assessment: Assessment, most: int, *, has_keys: bool = True) -> Iterator[Part]:
    """Yields an assessment in short.

    Args:
        most: Lines that each of its rows may take. With 0 and less only the cause in one line and
            the abnormal rows are shown, these in two lines with 0, in one with -1, and with -2
            without the cause.
        has_keys: Whether keys show it in full.
    """
    height = most if most > 0 else 2 if most == 0 else 1
    if assessment is PENDING:
        yield Part("Cause", [Row(["", "being computed here from recorded values"])])
        return
    if assessment.unable is not None:
        yield Part("Cause", [_row(assessment.unable, height)])
        return
    cause, is_short = assessment.cause, most <= 0
    for label, lines in (("Cause", cause), ("Courses", assessment.courses)):
        rows = [_row(each, height) for each in lines if not is_short or each.is_abnormal]
        if is_short and most > _NO_CAUSE and lines is cause and not cause[0].is_abnormal:
            rows.insert(0, _row(cause[0], 1))
        if rows:
            yield Part(label, rows)
    if assessment.until:
        until = f"{assessment.until[11:19]} UTC, {_age(assessment.until)} ago"
        yield Part("", [Row(["", f"computed here from recorded values until {until}"])])
    if assessment.has_alike and has_keys and most > 0:
        yield Part("", [Row(["", "earlier cases, as the agents have recorded them: press m"])])


def render_assessed(assessment: Assessment | None, key: str, width: int) -> list[str]:
    """Returns what a key of `ASSESSED_KEYS` shows as lines."""
    width = fitting_width(width)
    if assessment is None:
        return ["The site has no failure modes, so nothing is diagnosed."]
    if assessment is PENDING or assessment.unable is not None:
        parts = assessment_parts(assessment, 3)
        return [line for part in parts for line in draw_part(part, width, is_coloured=False)]
    return list(_DRAWN[key](assessment, width))


def _age(until: str) -> str:
    """Returns the age of a stamp, in whole seconds where it is short."""
    seconds = max((instant_now().wall - parse_stamp(until)).total_seconds(), 0.0)
    return f"{seconds:.0f} s" if seconds < _SHORT_S else age_text(seconds)


def _row(each: AssessedLine, most: int) -> Row:
    mark = MARK if each.is_abnormal else ""
    return Row([mark, printable(each.text, _LONG)], each.is_abnormal, most)


def _part(label: str, lines: Sequence[str], width: int) -> Iterator[str]:
    part = Part(label, [Row(["", printable(each.removeprefix("  "), _LONG)]) for each in lines])
    yield from draw_part(part, width, is_coloured=False)


def _alike(assessment: Assessment, width: int) -> Iterator[str]:
    none = "no fault is named or suspected, so nothing is compared"
    told = assessment.alike or [none if assessment.is_whole else "being read here"]
    yield from _part("Alike", told, width)


def _ahead(assessment: Assessment, width: int) -> Iterator[str]:
    told = assessment.ahead or [each.text for each in assessment.courses]
    yield from _part("Ahead", told or ["the site has no twin, so no course is foretold"], width)
    own = (width - _BETWEEN) // 2
    plots = [_plot(each, own) for each in assessment.plots]
    for left, right in zip_longest(plots[::2], plots[1::2], fillvalue=()):
        for one, other in zip_longest(left, right, fillvalue=""):
            yield f"{one:<{own + _BETWEEN}}{other}".rstrip()
    if plots:
        minutes = assessment.plots[0].horizon_s / 60.0
        legend = f"⠒⠒⠒ {assessment.with_what}, ⠂⠂⠂ without"
        trip = ", × a trip" if any(each.trips for each in assessment.plots) else ""
        yield f"The next {minutes:.0f} min: {legend}{trip}"


def _plot(plot: CoursePlot, width: int) -> list[str]:
    known = [each for each in (*plot.without, *plot.with_plan) if each is not None]
    known += [value for _, value in plot.trips]
    margin = _CALM * (max(map(abs, known), default=0.0) or 1.0)
    axis = round_axis(min(known, default=0.0) - margin, max(known, default=0.0) + margin)
    title, scale = printable(plot.title, width), TrendScale(axis)
    return terminal_chart(
        title, plot.with_plan, (width, _HEIGHT), scale, dotted=plot.without, marks=plot.trips
    )


_DRAWN: Mapping[str, Callable[[Assessment, int], Iterator[str]]] = {
    "d": lambda assessment, width: _part("Diagnosis", assessment.ranking, width),
    "l": _ahead, "m": _alike,
}  # fmt: skip
ASSESSED_KEYS = tuple(_DRAWN)
"""Keys that show an assessment in full."""
