"""Plain text for report: 80 columns, labelled fields, and nothing that a printer may not know."""

from ...shell.terminal.panel import columns_of

WIDTH = 80
_LABEL = 14


class ReportWriter:
    """Lines of a report, from the top.

    Attributes:
        lines: None is wider than 80 columns.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(f"{line}\n" for line in self.lines)

    def chapter(self, title: str, right: str = "") -> None:
        """Begins a part that stands for itself."""
        room = WIDTH - columns_of(right) - 1 if right else WIDTH
        first, *rest = wrapped(title, room)
        gap = " " * (WIDTH - columns_of(first) - columns_of(right)) if right else ""
        self.lines += ["", "=" * WIDTH, f"{first}{gap}{right}", *rest, "=" * WIDTH]

    def heading(self, title: str) -> None:
        """Begins a part of a chapter."""
        self.lines += ["", title, "-" * columns_of(title)]

    def paragraph(self, text: str, indent: int = 0, hang: int = 0) -> None:
        """Writes a paragraph.

        Args:
            indent: Of the first line, columns.
            hang: How much further the others are indented.
        """
        first, *rest = wrapped(text, WIDTH - indent, hang)
        self.lines.append(f"{' ' * indent}{first}".rstrip())
        self.lines += [f"{' ' * (indent + hang)}{line}" for line in rest]

    def field(self, label: str, text: str, indent: int = 2) -> None:
        """Writes a label, and beside it what it is a label of; an empty label goes on."""
        at = max(indent + _LABEL, indent + columns_of(label) + 1)
        first, *rest = wrapped(text, WIDTH - at)
        start = f"{' ' * indent}{label}"
        self.lines.append(f"{start}{' ' * (at - columns_of(start))}{first}".rstrip())
        self.lines += [f"{' ' * at}{line}" for line in rest]


def wrapped(text: str, width: int, hang: int = 0) -> list[str]:
    """Returns a text as lines, broken between words, and in a word that is wider than all of it.

    Args:
        width: Of the first line, columns.
        hang: By how much the others are narrower.
    """
    lines: list[str] = []
    while columns_of(text) > width:
        fitting, columns = 0, 0
        for each in text:
            columns += columns_of(each)
            if columns > width:
                break
            fitting += 1
        space = text.rfind(" ", 0, fitting + 1)
        at = space if text[: max(space, 0)].strip() else max(fitting, 1)
        lines.append(text[:at].rstrip())
        text = text[at:].lstrip()
        width -= hang if len(lines) == 1 else 0
    return [*lines, text]
