"""File of a chart, checked before long work and written after it."""

from contextlib import suppress
from pathlib import Path

from handwheel.connectors.errors import os_reason

from ..cli.exits import fail


def check_png(path: Path) -> None:
    """Ends the command if a chart cannot be written to this file."""
    if path.is_dir():
        fail(f"{path}: is a directory")
    if path.suffix.lower() != ".png":
        fail(f"--png: {path}: the name does not end in .png")
    if not path.parent.is_dir():
        fail(f"{path}: no such file or directory")


def save_png(path: Path, content: bytes) -> None:
    """Writes a chart, or ends the command. After an error no partial file is left."""
    try:
        path.write_bytes(content)
    except OSError as error:
        if path.is_file():
            with suppress(OSError):
                path.unlink()
        fail(f"{path}: {os_reason(error)}")
