"""The documentation's pages and their tables, for the tests that compare them with the code."""

import re
from pathlib import Path

from .doc_shell import without_blocks

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"

SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
Row = tuple[str, ...]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def sections(page: Path) -> dict[str, list[Row]]:
    """The tables of a page by the heading above them, without their head and rule."""
    found: dict[str, list[Row]] = {}
    head, is_body = "", False
    for line in without_blocks(text_of(page)).splitlines():
        if line.startswith("#"):
            head = line.lstrip("# ")
        if line.startswith("|") and is_body:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found.setdefault(head, []).append(tuple(cells))
        is_body = line.startswith("|--") or (is_body and line.startswith("|"))
    return found


def spans(*cells: str) -> set[str]:
    return {span for cell in cells for span in SPAN.findall(cell)}
