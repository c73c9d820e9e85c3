"""Cards of labelled parts. Abnormal rows have a mark, and colour where available."""

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

NARROWEST, WIDEST = 60, 80
LABEL = 10
"""Columns of the label of a part."""
MARK = "!"
_ABNORMAL = "\x1b[1;31m{}\x1b[0m"
_INDENT = "    "
_GROUP = 13  # characters of a space and a remark that is not broken, such as (not known)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a part."""

    cells: Sequence[str]
    is_abnormal: bool = False
    most: int | None = None  # how many lines it may take; what is cut ends with an ellipsis


@dataclass(frozen=True, slots=True)
class Part:
    """A labelled part of a card, its rows' cells in columns."""

    label: str
    rows: Sequence[Row] = field(default_factory=tuple[Row, ...])


def has_colour() -> bool:
    """Returns whether standard output shows colour and `NO_COLOR` is not set."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return sys.stdout.isatty() and not is_plain


def has_screen() -> bool:
    """Returns whether standard output is a terminal that can show a screen."""
    from rich.console import Console  # slow to import

    console = Console()  # knows TERM; FORCE_COLOR makes it take a pipe for a terminal
    return sys.stdout.isatty() and console.is_terminal and not console.is_dumb_terminal


def card_width() -> int:
    """Returns how wide a card is draw_part at this terminal, columns."""
    return fitting_width(shutil.get_terminal_size().columns)


def fitting_width(columns: int) -> int:
    """Returns the width of a card on so many columns."""
    return min(max(columns, NARROWEST), WIDEST)


def headline(left: str, right: str, width: int) -> str:
    """Returns a line with a name on its left and one on its right."""
    name, end = f"━━ {left} ", f" {right} ━━"
    kept = name[: width - columns_of(end) - 1]
    return kept + "━" * (width - columns_of(kept) - columns_of(end)) + end


def draw_part(part: Part, width: int, *, is_coloured: bool) -> Iterator[str]:
    """Yields the lines of a part."""
    room, label = width - LABEL, part.label
    lines = [
        (line, row.is_abnormal)
        for text, row in _aligned(part.rows)
        for line in _shortened(_wrapped(text, room), row.most, room)
    ]
    for line, is_abnormal in lines:
        shown = _ABNORMAL.format(line) if is_coloured and is_abnormal else line
        yield f"{label:<{LABEL}}{shown}"
        label = ""


def columns_of(text: str) -> int:
    """Returns how many columns of a terminal a text takes."""
    return sum(
        0
        if unicodedata.category(each) in {"Mn", "Me"}
        else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )


def with_unit(shown: str, unit: str) -> str:
    """Returns a value with its unit, where it has one."""
    return f"{shown} {unit}".rstrip()


def _shortened(lines: list[str], most: int | None, room: int) -> list[str]:
    """Cuts a text to `most` lines, within a word if necessary."""
    if most is None or len(lines) <= most:
        return lines
    last = " ".join([lines[most - 1], *(each.lstrip() for each in lines[most:])])
    return [*lines[: most - 1], f"{last[: _fitting(last, room - 1)].rstrip()}…"]


def _aligned(rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    columns = max((len(row.cells) for row in rows), default=0)
    widths = [
        max((columns_of(row.cells[n]) for row in rows if n < len(row.cells) - 1), default=0)
        for n in range(columns)
    ]
    for row in rows:
        cells = [
            cell + " " * (width - columns_of(cell))
            for cell, width in zip(row.cells, widths, strict=False)
        ]
        mark, rest = f"{row.cells[0]:<2}", cells[1:]
        if len(row.cells) == 1:
            mark, rest = "  ", cells
        yield (mark + "  ".join(filter(None, rest))).rstrip(), row


def _wrapped(text: str, width: int) -> list[str]:
    """Breaks a line between words, and a word that is wider than all of it."""
    lines: list[str] = []
    while (fitting := _fitting(text, width)) < len(text):
        space = text.rfind(" ", 0, fitting + 1)
        opening = text.rfind(" (", 0, space) if space > 0 else -1
        if opening > 0 and space < text.find(")", opening) <= opening + _GROUP:
            space = opening  # a short remark in parentheses stays together
        at = space if text[: max(space, 0)].strip() else fitting
        lines.append(text[:at].rstrip())
        text = _INDENT + text[at:].lstrip()
    return [*lines, text]


def _fitting(text: str, width: int) -> int:
    """Returns how many characters of a text go into so many columns."""
    columns = 0
    for number, each in enumerate(text):
        columns += columns_of(each)
        if columns > width:
            return number
    return len(text)
