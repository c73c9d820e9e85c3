"""One gate per site: a file lock, held for life."""

import fcntl
import os
from pathlib import Path
from typing import Self

from ...errors import GuardrailError, LedgerError

_FILE = "gate.lock"


class GateLock:
    """Holds the site's gate lock from entering to the process's end, however it ends.

    Args:
        state: The site's state folder, on a local disk.
    """

    def __init__(self, state: Path) -> None:
        self._path = state / _FILE
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Takes the lock.

        Raises:
            GuardrailError: Another gate holds it.
            LedgerError: The file cannot be made.
        """
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as error:
            raise LedgerError(f"{self._path}: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 20).decode("ascii", errors="replace").strip() or "unknown"
            os.close(file)
            raise GuardrailError(
                f"another gate of this site is running (process {holder}); there is only one"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def is_held(self) -> bool:
        """Whether the lock is ours, and the file still the one that another gate would try."""
        if self._file is None:
            return False
        try:
            there, ours = self._path.stat(), os.fstat(self._file)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
