"""Line of a file with a mark under the place of a problem."""

from collections.abc import Iterator
from pathlib import Path

from handwheel.connectors.errors import Problem
from handwheel.tools.safe_text import printable

_WIDTH = 76  # characters of a line that are shown
_BEFORE = 40  # of a longer one, how many stand before the place


def marked_source(problem: Problem, root: Path) -> Iterator[str]:
    """Yields the line that a problem is in, and one with a caret under its place.

    Nothing for a problem of a whole file, or a file that cannot be read.

    Args:
        root: Folder that the names of a site's files begin in.
    """
    if not problem.line:
        return
    line = _line(problem, root)
    if not line.strip():
        return
    begin = len(line) - len(line.lstrip())
    at = problem.column - 1
    if len(line) - begin > _WIDTH:
        begin = max(begin, min(at - _BEFORE, len(line) - _WIDTH))
    yield f"  {printable(line[begin : begin + _WIDTH])}"
    if begin <= at <= begin + _WIDTH:
        yield f"  {' ' * len(printable(line[begin:at]))}^"


def _line(problem: Problem, root: Path) -> str:
    for path in (Path(problem.file), root / problem.file):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        if problem.line <= len(lines):
            return lines[problem.line - 1].rstrip().replace("\t", " ")
    return ""
