"""Errors of the historian."""

import sqlite3
from pathlib import Path

from ..errors import ConnectorError

_CAUSES = {
    "SQLITE_FULL": "; is the disk full?",
    "SQLITE_IOERR": "; is the disk full, or broken?",
    "SQLITE_CANTOPEN": "; is there such a file, and may its folder be written to?",
    "SQLITE_READONLY": "; may the file and its folder be written to?",
    "SQLITE_BUSY": "; another process holds it",
    "SQLITE_NOTADB": "; it is no database: move it away, and one is made",
    "SQLITE_CORRUPT": "; it is damaged: move it away with its -wal and -shm, and one is made",
}


class HistoryError(ConnectorError):
    """The history cannot be read or written. No other component depends on it."""


class NoHistory(HistoryError):
    """Nothing has been recorded yet."""


def history_error(path: Path, error: sqlite3.Error) -> HistoryError:
    """Returns SQLite's error with its usual cause."""
    name = getattr(error, "sqlite_errorname", "")  # missing if Python raised the error
    cause = next((words for start, words in _CAUSES.items() if name.startswith(start)), "")
    return HistoryError(f"{path}: {error}{cause}")
