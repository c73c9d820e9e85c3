"""Folding of long lines at a terminal. A pipe gets the whole line."""

import shutil
import sys
import textwrap
from typing import TextIO


def fold(line: str, indent: int, stream: TextIO | None = None) -> str:
    """Returns the line in rows that fit the terminal (or `stream`), all but the first indented."""
    width = shutil.get_terminal_size().columns
    if not (stream or sys.stdout).isatty() or len(line) <= width:
        return line
    # Spaces in the first row are columns; textwrap keeps them.
    rows = textwrap.wrap(line, width, subsequent_indent=" " * indent, break_on_hyphens=False)
    return "\n".join(rows)
