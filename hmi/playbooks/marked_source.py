"""Line of a file with a mark under the place of a finding."""

from collections.abc import Iterator
from pathlib import Path

from handwheel.playbooks.language.errors import Finding
from handwheel.tools.safe_text import printable

_WIDTH = 76  # characters of a line that are shown
_BEFORE = 40  # of a longer one, how many stand before the place


def marked_source(finding: Finding, root: Path) -> Iterator[str]:
    """Yields the line that an error is in, and one with a caret under its place.

    Nothing for a warning, an error of a whole file, or a file that cannot be read.

    Args:
        root: Folder that the names of a site's files begin in.
    """
    if not finding.is_error or not finding.line:
        return
    line = _line(finding, root)
    if not line.strip():
        return
    begin = len(line) - len(line.lstrip())
    at = finding.column - 1
    if len(line) - begin > _WIDTH:
        begin = max(begin, min(at - _BEFORE, len(line) - _WIDTH))
    yield f"  {printable(line[begin : begin + _WIDTH])}"
    if begin <= at <= begin + _WIDTH:
        yield f"  {' ' * len(printable(line[begin:at]))}^"


def _line(finding: Finding, root: Path) -> str:
    for path in (Path(finding.file), root / finding.file):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        if finding.line <= len(lines):
            return lines[finding.line - 1].rstrip().replace("\t", " ")
    return ""
