"""Trust in a twin, from what it has foretold and what was measured then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean, median

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from ..diagnosis.windows import LONGEST_S, Windows
from .twin import Course

AHEAD_S = 600.0
"""How far ahead a check foretells, and how often there is one, process time."""
_MEAN_S = 60.0  # over which a foretold and a measured value are compared
LEAST_CHECKS = 3
"""Checks below which nothing is known of a twin."""
_LATE_S = 120.0  # after which a check is over that was not compared
_SAME = 1e-6  # share of the range in which a command counts as unchanged


@dataclass(frozen=True, slots=True)
class _Check:
    due_s: float  # process time
    foretold: Mapping[str, float]


@dataclass(slots=True)
class TwinTrust:
    """Residuals of a twin over its own last day.

    Attributes:
        tags: Of the site, with their ranges.
        commands: Writable tags among them, by which a write is seen.
    """

    tags: Mapping[str, Tag]
    commands: frozenset[str]
    next_s: float = 0.0  # process time of the next check
    _open: _Check | None = None
    _found: list[tuple[float, Mapping[str, float]]] = field(
        default_factory=list[tuple[float, Mapping[str, float]]]
    )  # the residuals of each check, with its process time

    @property
    def residual(self) -> float | None:
        """The largest median residual of a tag, a share of its range, `None` before 3 checks."""
        if len(self._found) < LEAST_CHECKS:
            return None
        by_tag: dict[str, list[float]] = {}
        for _, residuals in self._found:
            for tag, each in residuals.items():
                by_tag.setdefault(tag, []).append(each)
        return max(map(median, by_tag.values()), default=None)

    def forget(self) -> None:
        """Begins anew, since this is another plant."""
        self.next_s, self._open = 0.0, None
        self._found.clear()

    def begin(self, course: Course, now_s: float) -> None:
        """Takes the course that was foretold at a moment, without any write."""
        until = [n for n, each in enumerate(course.times_s) if each <= AHEAD_S]
        last = [n for n in until if course.times_s[n] > AHEAD_S - _MEAN_S] or until[-1:]
        ends = {tag: fmean(each[n] for n in last) for tag, each in course.series.items()}
        self._open = _Check(now_s + AHEAD_S, ends)

    def compare(self, windows: Windows) -> None:
        """Compares what was foretold with what was measured, once it is time.

        Nothing is compared where somebody wrote meanwhile, since that was not foretold.
        """
        check = self._open
        if check is None or windows.now_s < check.due_s:
            return
        self._open = None
        ago_s = windows.now_s - check.due_s
        if ago_s > _LATE_S or any(
            self._was_written(each, windows, ago_s) for each in self.commands
        ):
            return
        residuals: dict[str, float] = {}
        for name in check.foretold.keys() & set(windows.tags):
            foretold, span = check.foretold[name], self._span(name)
            measured = windows.mean(name, _MEAN_S, ago_s)
            if measured is not None and span:
                residuals[name] = abs(measured - foretold) / span
        if residuals:
            self.note(residuals, check.due_s)

    def note(self, residuals: Mapping[str, float], at_s: float) -> None:
        """Takes the residuals of a check, and forgets those that are older than a day."""
        kept = [each for each in self._found if each[0] >= at_s - LONGEST_S]
        self._found = [*kept, (at_s, residuals)]

    def _span(self, name: str) -> float:
        """Returns the width of a tag's range, 0 if it has none."""
        tag = self.tags[name]
        low, high = (0.0, 1.0) if tag.kind == "bool" else tag.span or (0.0, 0.0)
        return high - low

    def _was_written(self, name: str, windows: Windows, ago_s: float) -> bool:
        """Whether a command was changed by somebody.

        A number that moved before as well is the output of a controller.
        """
        same = _SAME * self._span(name)
        during = windows.buckets(name, AHEAD_S, ago_s)
        before = windows.buckets(name, AHEAD_S, ago_s + AHEAD_S)
        if not during:
            return False
        values = [*during, *before[-1:]]
        if max(each.high for each in values) - min(each.low for each in values) <= same:
            return False
        if self.tags[name].kind != "float" or not before:
            return True
        return max(each.high for each in before) - min(each.low for each in before) <= same


def commands_of(site: Site) -> frozenset[str]:
    """Returns the tags of a site that somebody may write. A heartbeat commands nothing."""
    found = (each for each in site.tags.values() if each.writable)
    return frozenset(each.name for each in found if not site.is_heartbeat(each))
