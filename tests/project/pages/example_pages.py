"""Pages that show the files of the example package."""

from collections.abc import Iterator
from pathlib import Path

from .doc_shell import Block, blocks
from .doc_tables import DOCS, ROOT, text_of

PACKAGE = ROOT / "examples/handwheel-example"


def shown_files(page: Path) -> Iterator[Block]:
    """Yields the blocks that name a file of the package."""
    yield from (each for each in blocks(text_of(page)) if (PACKAGE / each.title).is_file())


EXAMPLE_PAGES = [
    ROOT / "examples/README.md",
    *(page for page in sorted((DOCS / "how-to").glob("*.md")) if any(shown_files(page))),
]
"""Pages whose commands need the package, with its overview first."""
