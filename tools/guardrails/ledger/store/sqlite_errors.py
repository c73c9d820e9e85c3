"""Names the causes of SQLite's errors, and waits while another process has a database."""

import sqlite3
from pathlib import Path

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from ....errors import LedgerError

BUSY_S = 5.0
"""How long a database is waited for while another process has it."""
_PAUSE_S = 0.05
_CAUSES = {
    "SQLITE_IOERR": "; is the disk full, or broken?",
    "SQLITE_CANTOPEN": "; may the folder be written to?",
    "SQLITE_READONLY": "; may the file and its folder be written to?",
    "SQLITE_BUSY": f"; another process has held it for {BUSY_S:g} s",
}


def ledger_error(path: Path, error: sqlite3.Error) -> LedgerError:
    """Returns SQLite's error with its usual cause."""
    cause = next((words for start, words in _CAUSES.items() if _name(error).startswith(start)), "")
    return LedgerError(f"{path}: {error}{cause}")


def while_busy() -> Retrying:
    """Returns what calls a function again while another process has the database."""
    return Retrying(
        retry=retry_if_exception(is_busy),
        stop=stop_after_delay(BUSY_S),
        wait=wait_random(0.0, _PAUSE_S),
        reraise=True,
    )


def is_busy(error: BaseException) -> bool:
    """Whether another process has the database."""
    return isinstance(error, sqlite3.Error) and _name(error).startswith("SQLITE_BUSY")


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "")  # absent where it is Python that objects
