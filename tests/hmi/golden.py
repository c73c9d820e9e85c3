"""What was drawn once, and is drawn the same."""

import os
from pathlib import Path


def check_golden(path: Path, drawn: str) -> None:
    """Compares a text with a file, or writes the file anew where HANDWHEEL_DRAW is set."""
    if os.environ.get("HANDWHEEL_DRAW"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")
