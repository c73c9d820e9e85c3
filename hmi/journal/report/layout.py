"""Lays out a report as plain text of 80 columns with labelled fields."""

from collections.abc import Iterable, Iterator
from itertools import chain, repeat

from ...shell.terminal.panel import columns_of
from ...shell.terminal.wrap import wrapped

WIDTH = 80
_LABEL = 14


class ReportWriter:
    """Collects the lines of a report, at most 80 columns wide."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(f"{line}\n" for line in self.lines)

    def chapter(self, title: str, right: str = "") -> None:
        """Begins a chapter."""
        room = WIDTH - columns_of(right) - 1 if right else WIDTH
        first, *rest = wrapped(title, room)
        gap = " " * (WIDTH - columns_of(first) - columns_of(right)) if right else ""
        self.lines += ["", "=" * WIDTH, f"{first}{gap}{right}", *rest, "=" * WIDTH]

    def heading(self, title: str) -> None:
        """Begins a section of a chapter."""
        self.lines += ["", title, "-" * columns_of(title)]

    def paragraph(self, text: str, indent: int = 0, hang: int = 0) -> None:
        """Writes a paragraph, its first line indented and the others by `hang` more, columns."""
        first, *rest = wrapped(text, WIDTH - indent, hang)
        self.lines.append(f"{' ' * indent}{first}".rstrip())
        self.lines += [f"{' ' * (indent + hang)}{line}" for line in rest]

    def field(self, label: str, text: str, indent: int = 2) -> None:
        """Writes a labelled text. An empty label continues the field above."""
        at = max(indent + _LABEL, indent + columns_of(label) + 1)
        first, *rest = wrapped(text, WIDTH - at)
        start = f"{' ' * indent}{label}"
        self.lines.append(f"{start}{' ' * (at - columns_of(start))}{first}".rstrip())
        self.lines += [f"{' ' * at}{line}" for line in rest]


def labelled(label: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields fields of one label, which stands before the first text only."""
    return zip(chain([label], repeat("")), texts, strict=False)
