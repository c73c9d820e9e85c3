"""Content of a shift report, apart from its form."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Item:
    """Entry of a part with its details. Every text is printable and of one line."""

    text: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Part of the report under a title."""

    title: str
    items: Sequence[Item] = ()


@dataclass(frozen=True, slots=True)
class Trend:
    """Recorded values of a tag over the shift, in equal slots of time."""

    title: str  # tag and unit
    values: Sequence[float | None]  # `None` where nothing good is known


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """Everything that a shift report says."""

    title: str
    period: str
    source: Sequence[str]  # lines about the journal that it is made of
    figures: Sequence[tuple[str, str]]
    parts: Sequence[Part]
    trends: Sequence[Trend] = field(default_factory=tuple[Trend, ...])
