"""Files written whole or not at all, also across a power failure."""

import os
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex


def write_new(path: Path, data: bytes) -> None:
    """Writes a new file that only its owner can read.

    Raises:
        FileExistsError: The file exists; it is not changed.
        OSError: It cannot be written.
    """
    # Unlike a rename, a link fails where a file is.
    _write_draft(path, data, 0o600, lambda draft: os.link(draft, path))


def replace_file(path: Path, text: str) -> None:
    """Replaces the content of a file. Its mode stays, and a link is followed.

    After an `OSError` the old content stays.
    """
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    _write_draft(target, text.encode(), mode, lambda draft: draft.replace(target))


def _write_draft(path: Path, data: bytes, mode: int, place: Callable[[Path], object]) -> None:
    draft = path.parent / f".{path.name}.{token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        place(draft)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Waits until the entries of a folder are on disk, else raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
