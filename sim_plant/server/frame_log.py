"""Log of the write and call requests that reached the plant."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from errno import ENOSPC
from pathlib import Path
from typing import Any, Self

from ..errors import ServeError


class FrameLog:
    """Appends one JSON line per write or call request of a session, refused ones included.

    An OPC UA request outside an activated session, or one that cannot be decoded, is refused by
    the library before it reaches the plant, and leaves no line. A line is with the operating system
    when `record` returns, so that it survives a killed process. `None` as path keeps no log.

    Raises:
        ServeError: On entering, if the file cannot be opened.
    """

    def __init__(self, path: Path | None, plant_time_s: Callable[[], float]) -> None:
        self._path = path
        self._file: int | None = None
        self._plant_time_s = plant_time_s
        self._count = 0

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            except OSError as error:
                reason = str(error.strerror).lower()
                raise ServeError(f"frame log {self._path}: {reason}") from None
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def record(self, frame: Mapping[str, Any]) -> None:
        """Appends a frame under the next number of this run, with wall and plant time.

        Raises:
            ServeError: It cannot be written; the caller must undo the write.
        """
        if self._path is None:
            return
        if self._file is None:
            raise ServeError(f"frame log {self._path}: not open")
        stamp = {
            "n": self._count + 1,
            "wall": datetime.now(UTC).isoformat(timespec="microseconds"),
            "plant_s": self._plant_time_s(),
        }
        line = json.dumps(stamp | dict(frame), separators=(",", ":")) + "\n"
        try:
            self._append(self._file, line.encode())
        except OSError as error:
            raise ServeError(f"frame log {self._path}: {str(error.strerror).lower()}") from None
        self._count += 1

    @staticmethod
    def _append(file: int, line: bytes) -> None:
        # Unbuffered, so that a failed line does not appear with a later one.
        size = os.fstat(file).st_size
        if os.write(file, line) != len(line):
            os.ftruncate(file, size)
            raise OSError(ENOSPC, os.strerror(ENOSPC))
