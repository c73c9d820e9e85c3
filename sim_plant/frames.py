"""The plant's own record of every write that arrived on the wire, for others to judge by."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from .errors import ServeError


class FrameLog:
    """Appends one JSON line per write request of a session, refused ones included.

    An OPC UA request outside an activated session, or one that cannot be decoded, is
    refused by the library before it reaches the plant, and leaves no line.

    A line is in the operating system's hands when `record` returns, so that it
    outlives a killed process. Without a path nothing is kept.

    Args:
        path: File to append to; `None` keeps no log.
        plant_time_s: Returns the plant's time.

    Raises:
        ServeError: On entering, if the file cannot be opened.
    """

    def __init__(self, path: Path | None, plant_time_s: Callable[[], float]) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._plant_time_s = plant_time_s
        self._count = 0

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._path.open("a", buffering=1, encoding="utf-8")
            except OSError as error:
                reason = str(error.strerror).lower()
                raise ServeError(f"frame log {self._path}: {reason}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    def record(self, frame: Mapping[str, Any]) -> None:
        """Appends a frame under the next number of this run, with wall and plant time.

        Raises:
            ServeError: It cannot be written; the write that it tells of must be undone.
        """
        self._count += 1
        if not self._file:
            return
        stamp = {
            "n": self._count,
            "wall": datetime.now(UTC).isoformat(timespec="microseconds"),
            "plant_s": self._plant_time_s(),
        }
        try:
            self._file.write(json.dumps(stamp | dict(frame), separators=(",", ":")) + "\n")
        except OSError as error:
            raise ServeError(f"frame log {self._path}: {str(error.strerror).lower()}") from None
