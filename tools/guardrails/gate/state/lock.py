"""File lock that admits one gate for each site, held until the process ends."""

import fcntl
import os
from errno import ELOOP
from pathlib import Path
from stat import S_ISREG
from typing import Self

from handwheel.connectors.config.shared_folder import is_shared

from ....errors import GuardrailError, LedgerError
from ...interlocks.gate_process import GATE_LOCK

_LINK = "is a link, or no file; the gate writes into no other's file: take it away"


class GateLock:
    """Holds the site's gate lock from entering to the process's end, however it ends.

    The state folder must be on a local disk.

    Attributes:
        path: Its file.
    """

    def __init__(self, state: Path) -> None:
        self.path = state / GATE_LOCK
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Takes the lock.

        Raises:
            GuardrailError: Another gate holds it, or users share the folder and it is not ours.
            LedgerError: The file cannot be made, or is a link to another.
        """
        self._check_owner()
        file = self._opened()
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

    def _check_owner(self) -> None:
        # Another user who writes there could forge the gate's snapshot.
        try:
            folder = self.path.parent.stat()
        except OSError:
            return  # opening the file tells
        if is_shared(folder) and folder.st_uid != os.geteuid():
            raise GuardrailError(
                f"{self.path.parent} is shared by its group and belongs to another user; it must "
                "belong to the gate's"
            )

    def _opened(self) -> int:
        # The process id is written into it, which must not go through a link into another file.
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o640)
        except OSError as error:
            reason = _LINK if error.errno == ELOOP else error.strerror
            raise LedgerError(f"{self.path}: {reason}") from None
        found = os.fstat(file)
        if not S_ISREG(found.st_mode) or found.st_nlink > 1:
            os.close(file)
            raise LedgerError(f"{self.path}: {_LINK}")
        return file

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            os.ftruncate(self._file, 0)  # it names no process any more
            os.close(self._file)
            self._file = None

    def is_held(self) -> bool:
        """Whether this process holds the lock, on the file that another gate would try."""
        if self._file is None:
            return False
        try:
            there, ours = self.path.lstat(), os.fstat(self._file)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
