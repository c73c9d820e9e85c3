"""The historian's SQLite database, with one writer process and many readers."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from handwheel.connectors.hints import shell_command

from ..config.shared_folder import make_file
from .errors import HistoryError, NoHistory, history_error

HISTORY_FILE = "history.db"
"""Its name in the site's state folder."""

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US

_APPLICATION_ID = 0x48574831  # "HWH1"
_VERSION = 2
_BUSY_S = 1.0
_BUCKETS = (
    "CREATE TABLE {0}(tag INTEGER NOT NULL, at_us INTEGER NOT NULL, low REAL NOT NULL, "
    "high REAL NOT NULL, mean REAL NOT NULL, last REAL NOT NULL, good_us INTEGER NOT NULL, "
    "PRIMARY KEY(tag, at_us)) STRICT, WITHOUT ROWID"
)
_TABLES = (
    # A tag with a changed definition is another one here.
    "CREATE TABLE tag(id INTEGER PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, "
    "UNIQUE(name, definition)) STRICT",
    # A row holds until the next one of its tag, or until the end of its recording.
    "CREATE TABLE sample(tag INTEGER NOT NULL, at_us INTEGER NOT NULL, value ANY, "
    "status INTEGER NOT NULL, PRIMARY KEY(tag, at_us)) STRICT, WITHOUT ROWID",
    "CREATE TABLE recording(number INTEGER PRIMARY KEY, begin_us INTEGER NOT NULL, "
    "end_us INTEGER NOT NULL) STRICT",
    _BUCKETS.format("minute"),
    _BUCKETS.format("hour"),
    "CREATE TABLE mark(name TEXT PRIMARY KEY, at_us INTEGER NOT NULL) STRICT, WITHOUT ROWID",
)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Opens the database, and makes it if it is missing.

    After a power cut the last second of samples may be missing, but no transaction is partial.

    Raises:
        HistoryError: It cannot be opened, or is not a historian's database of this version.
    """
    _check_kind(path)
    with suppress(OSError):  # SQLite reports the reason
        make_file(path)
    with translated(path):
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    with _closed_on_error(connection), translated(path):
        if _is_empty(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            with transaction(connection):
                for statement in _TABLES:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {_VERSION}")
        _check(path, connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Opens an existing database read-only.

    Raises:
        NoHistory: There is none yet.
        HistoryError: It cannot be opened, or is not a historian's database of this version.
    """
    if not path.exists():
        raise NoHistory(f"{path}: nothing is recorded yet; '{shell_command('run')}' records")
    _check_kind(path)
    with translated(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False,
        )  # fmt: skip
    with _closed_on_error(connection), translated(path):
        if _is_empty(connection):
            raise NoHistory(f"{path}: nothing is recorded yet")
        _check(path, connection)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """Opens a transaction, commits it at the end and rolls it back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def translated(path: Path) -> Generator[None]:
    """Turns SQLite's errors into `HistoryError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise history_error(path, error) from error


@contextmanager
def translated_read(path: Path) -> Generator[None]:
    """Turns SQLite's errors, and those of corrupt rows, into `HistoryError`."""
    try:
        with translated(path):
            yield
    except (TypeError, ValueError, ArithmeticError) as error:
        raise HistoryError(f"{path}: it is damaged: {error}; move it away") from error


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Generator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _check_kind(path: Path) -> None:
    if path.exists() and not path.is_file():  # opening a named pipe would block
        raise HistoryError(f"{path}: is no regular file; move it away, and one is made")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]


def _check(path: Path, connection: sqlite3.Connection) -> None:
    application, version = connection.execute(
        "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"
    ).fetchone()
    if application != _APPLICATION_ID:
        raise HistoryError(f"{path}: is another program's database; move it away")
    if version != _VERSION:
        reason = f"is of version {version}, and this Handwheel writes version {_VERSION}"
        raise HistoryError(f"{path}: {reason}; move it away, and a new one is made")
    # The tables are strict, so that their statements also fix the types.
    found = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    if not {sql for (sql,) in found} >= set(_TABLES):
        raise HistoryError(f"{path}: its tables are not ours; move it away, and one is made")
