"""Folding of long lines at a terminal. A pipe gets the whole line."""

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import TextIO

from handwheel.connectors.hints import NEXT

from .panel import columns_of


def fold(line: str, indent: int = 4, stream: TextIO | None = None) -> str:
    """Returns the line in rows that fit the terminal (or `stream`), all but the first indented.

    The command of a next step stands on a row of its own, as long as it is: a command that is
    copied out of two rows is two commands.
    """
    width = shutil.get_terminal_size().columns
    if not (stream or sys.stdout).isatty() or len(line) <= width:
        return line
    text, is_step, step = line.partition(NEXT)
    # Spaces in the first row are columns; textwrap keeps them.
    rows = textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)
    if is_step:
        rows[-1:] = [each.removesuffix(";") for each in rows[-1:]]  # the end of the row says it
        rows.append(f"{' ' * indent if rows else ''}{is_step}{step}")
    return "\n".join(rows)


def wrapped(text: str, width: int, hang: int = 0) -> list[str]:
    """Returns a text as lines broken between words, all but the first `hang` columns narrower."""
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


def folded(lines: Iterable[str], indent: int = 4) -> Iterator[str]:
    """Yields each line as `fold` returns it."""
    return (fold(each, indent) for each in lines)


def warn(text: object) -> None:
    """Writes a line of Handwheel to standard error, folded at a terminal."""
    sys.stderr.write(f"{fold(f'handwheel: {text}', stream=sys.stderr)}\n")
