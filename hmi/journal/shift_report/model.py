"""Content of a shift report, apart from its form, and the sections that it has."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handwheel.connectors.model.site import Site

from ..rows.entries import Journal, Period

_WIDE, _HIGH = 640.0, 90.0


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift with the records of its site up to its end."""

    site: Site
    journal: Journal
    since: datetime
    until: datetime
    now: datetime

    @property
    def span(self) -> Period:
        """The time of the shift."""
        return Period(self.since, self.until)


@dataclass(frozen=True, slots=True)
class Item:
    """Entry of a section with its details, each text of one line."""

    text: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Section of the report under a title."""

    title: str
    items: Sequence[Item] = ()


@dataclass(frozen=True, slots=True)
class Trend:
    """Recorded values of a tag over the shift, in equal slots of time."""

    title: str  # tag and unit
    values: Sequence[float | None]  # `None` where nothing good is known

    @property
    def known(self) -> list[float]:
        """The known values."""
        return [each for each in self.values if each is not None]

    @property
    def lines(self) -> Iterator[str]:
        """The points of each part without gaps, in a box of 640 by 90."""
        low, high = min(self.known), max(self.known)
        points: list[str] = []
        for number, each in enumerate([*self.values, None]):
            if each is not None:
                x = _WIDE * number / max(len(self.values) - 1, 1)
                height = (_HIGH - 4.0) * (each - low) / ((high - low) or 1.0)
                points.append(f"{x:.1f},{_HIGH - 2.0 - height:.1f}")
            elif points:
                yield " ".join(points)
                points = []


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """Everything that a shift report says."""

    title: str
    period: str
    source: Sequence[str]  # lines about the journal that it is made of
    figures: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    trends: Sequence[Trend] = field(default_factory=tuple[Trend, ...])


_Builder = Callable[[Shift], Iterable[Item]]
_sections: dict[tuple[int, str], _Builder] = {}


def section(title: str, *, place: int) -> Callable[[_Builder], _Builder]:
    """Adds a section to the report. The decorated function returns its items.

    Each module of this package is imported when a report is made.

    Args:
        title: Title of the section.
        place: Where it stands among the others. The lowest number is the first.
    """

    def added(builder: _Builder) -> _Builder:
        _sections[place, title] = builder
        return builder

    return added


def built_sections(shift: Shift) -> list[Section]:
    """Returns every section for a shift."""
    return [Section(title, list(build(shift))) for (_, title), build in sorted(_sections.items())]
