"""Courses that a twin foretells, checked before anybody goes by them.

A twin is code of others. What it raises or returns costs nothing but its prediction.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple

from ..diagnosis.windows import Windows
from .load import SiteTwin
from .twin import Course, Estimate, Move, TooLittleMeasured, TwinError

_LAST_S = 60.0  # by how much a course may be too short
_LONG = 200  # characters of an error
_LONGEST = 500  # characters of an assumption, a cause or a name
_MOST = 20_000  # samples, so that margins are found in a second
_MOST_TOLD = 100  # assumptions or alarms


class Foretold(NamedTuple):
    """State that a twin has found, and the courses without and with a plan."""

    estimate: Estimate
    without: Course
    with_plan: Course


def foretell(own: SiteTwin, windows: Windows, moves: Sequence[Move]) -> Foretold:
    """Returns the courses of the plant without and with the moves of a plan.

    Raises `TwinError` with the twin's name for whatever the twin does wrong.
    """
    estimate = estimate_of(own, windows)
    without = course_of(own, estimate.state, (), own.horizon_s)
    with_plan = course_of(own, estimate.state, moves, own.horizon_s)
    return Foretold(estimate, without, with_plan)


def foretell_without(own: SiteTwin, windows: Windows, horizon_s: float) -> Course:
    """Returns the course of the plant if nobody writes. Raises as `foretell`."""
    return course_of(own, estimate_of(own, windows).state, (), horizon_s)


def estimate_of(own: SiteTwin, windows: Windows) -> Estimate:
    """Returns the state that a twin has found. Raises as `foretell`."""
    with _checked(own.name):
        found: Any = own.twin.estimate(windows)
    if found is None:
        raise TooLittleMeasured(f"{own.name}: the measurements do not suffice to find its state")
    if not isinstance(found, Estimate):
        raise TwinError(f"{own.name}: its estimate is a {type(found).__name__}")
    with _checked(own.name, "its residuals are none: "):
        _check_texts("assumptions", found.assumptions)
        if not all(map(isfinite, found.residuals.values())):
            raise TwinError("a residual of its estimate is not finite")
    return found


def course_of(
    own: SiteTwin, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float
) -> Course:
    """Returns the course from a state of the twin on. Raises as `foretell`."""
    with _checked(own.name):
        course = own.twin.predict(state, moves, horizon_s)
    with _checked(own.name, "its course is none: "):
        _check_times(course, horizon_s)
        _check_series(course)
        _check_events(course)
    return course


@contextmanager
def _checked(name: str, what: str = "") -> Generator[None]:
    """Turns all errors into `TwinError` with the twin's name."""
    try:
        yield
    except TwinError as error:
        raise TwinError(f"{name}: {error}") from None
    except (Exception, SystemExit) as error:  # code of others
        first = str(error).partition("\n")[0][:_LONG]
        raise TwinError(f"{name}: {what}{type(error).__name__}: {first}") from error


def _check_times(course: Course, horizon_s: float) -> None:
    times = course.times_s
    if len(times) < 2 or times[0] != 0.0 or not all(map(isfinite, times)):
        raise TwinError("the times of its course do not begin with 0")
    if len(times) > _MOST:
        raise TwinError(f"its course has {len(times)} samples, and at most {_MOST} are taken")
    if not all(before < after for before, after in pairwise(times)):
        raise TwinError("the times of its course are not in order")
    if course.trip is None and times[-1] < horizon_s - _LAST_S:
        text = f"its course ends after {times[-1]:.0f} s of {horizon_s:.0f} s, without a trip"
        raise TwinError(text)


def _check_series(course: Course) -> None:
    if not course.series:
        raise TwinError("it foretells no tag")
    for tag, values in course.series.items():
        if len(values) != len(course.times_s):
            counts = f"{len(values)} samples at {len(course.times_s)} times"
            raise TwinError(f"{tag} has {counts}")
        if not all(map(isfinite, values)):
            raise TwinError(f"{tag} is not finite, so it has diverged")


def _check_events(course: Course) -> None:
    """Checks alarms and trip, which the journal keeps and people read."""
    events = dict(course.alarms)
    if course.trip is not None:
        at_s, cause = course.trip
        events[cause] = at_s
    _check_texts("alarms and trip", list(events))
    if not all(isfinite(each) and each >= 0.0 for each in events.values()):
        raise TwinError("the time of an alarm or trip is negative or not finite")


def _check_texts(what: str, texts: Sequence[Any]) -> None:
    if not isinstance(texts, list | tuple) or len(texts) > _MOST_TOLD:
        raise TwinError(f"its {what} are no list of at most {_MOST_TOLD}")
    if not all(isinstance(each, str) and len(each) <= _LONGEST for each in texts):
        raise TwinError(f"its {what} are no texts of at most {_LONGEST} characters")
