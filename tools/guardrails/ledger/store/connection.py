"""Opens an append-only store, which must be new or one, on a local disk."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from handwheel.connectors.config.shared_folder import make_file

from ....errors import LedgerError

_BUSY_S = 5.0
_PAUSE_S = 0.02
_CAUSES = {
    "SQLITE_IOERR": "; is the disk full, or broken?",
    "SQLITE_CANTOPEN": "; may the folder be written to?",
    "SQLITE_READONLY": "; may the file and its folder be written to?",
    "SQLITE_BUSY": f"; another process has held it for {_BUSY_S:g} s",
}
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",  # else INSERT OR REPLACE slips past append-only triggers
    "PRAGMA trusted_schema = OFF",
)


def connect(path: Path, application_id: int) -> sqlite3.Connection:
    """Opens a database, created if there is none. Another program's raises `LedgerError`."""
    with suppress(OSError):  # SQLite tells why
        make_file(path)  # and gives its log and its shared memory the same rights
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    except sqlite3.Error as error:
        raise ledger_error(path, error) from None
    try:
        connection.row_factory = sqlite3.Row
        if _is_foreign(connection, application_id):
            raise LedgerError(f"{path}: is another program's database")
        _share(path, connection)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except sqlite3.Error as error:
        connection.close()
        raise ledger_error(path, error) from None
    except BaseException:
        connection.close()
        raise
    return connection


def ledger_error(path: Path, error: sqlite3.Error) -> LedgerError:
    """Returns SQLite's error with its usual cause."""
    cause = next((words for start, words in _CAUSES.items() if _name(error).startswith(start)), "")
    return LedgerError(f"{path}: {error}{cause}")


def _share(path: Path, connection: sqlite3.Connection) -> None:
    # SQLite does not wait by itself while another process is making the change.
    for attempt in Retrying(
        retry=retry_if_exception(is_busy),
        stop=stop_after_delay(_BUSY_S),
        wait=wait_fixed(_PAUSE_S),
        reraise=True,
    ):
        with attempt:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            if mode != "wal":
                raise LedgerError(
                    f"{path}: is on a file system where SQLite cannot use WAL; use a local disk"
                )


def is_busy(error: BaseException) -> bool:
    """Whether another process has the database."""
    return isinstance(error, sqlite3.Error) and _name(error).startswith("SQLITE_BUSY")


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "")  # absent where it is Python that objects


def _is_foreign(connection: sqlite3.Connection, application_id: int) -> bool:
    marks = connection.execute(
        "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id"
    ).fetchone()
    return marks[0] not in {0, application_id} or (marks[0] == 0 and marks[1] > 0)
