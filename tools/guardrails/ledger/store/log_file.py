"""The ledger's file, which one process at a time has open and no other can open meanwhile."""

import os
import sqlite3
from collections.abc import Mapping
from errno import EACCES
from pathlib import Path
from stat import S_ISREG

from ....errors import LedgerError
from .connection import is_busy
from .schema import APPLICATION_ID, LOG, VERSION

LEDGER_FOLDER = "ledger"
"""Folder of the site's state folder that belongs to the gate's user alone."""
LEDGER_FILE = f"{LEDGER_FOLDER}/ledger.db"
"""Where a state folder has its ledger."""
ANCHORS = "anchors"
"""File of the anchors, beside the ledger."""
_OLD_FILE = "ledger.db"  # in the state folder, up to version 7


def ledger_file(state: Path) -> Path:
    """Returns where a state folder has its ledger."""
    return state / LEDGER_FILE


def has_ledger(state: Path) -> bool:
    """Whether a state folder has a ledger of this version, also where only the gate may look."""
    file = ledger_file(state)
    if os.path.lexists(file.parent) and not os.access(file.parent, os.X_OK):
        return True
    return os.path.lexists(file)


def identities(path: Path) -> Mapping[Path, tuple[int, int]]:
    """Returns device and number of the ledger's file, its log and its anchors.

    Raises:
        LedgerError: One is missing.
    """
    found = dict[Path, tuple[int, int]]()
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(ANCHORS)):
        try:
            status = each.lstat()
        except OSError as error:
            raise LedgerError(f"{each}: {error.strerror}; nothing is sent") from None
        found[each] = status.st_dev, status.st_ino
    return found


def attach_log(connection: sqlite3.Connection, path: Path, site: str, read_only: bool) -> None:
    """Attaches the file as `log`, and keeps it from every other process until it is closed.

    A missing one is made. Where nothing is to be recorded and there is none, `log` is in memory.

    Raises:
        LedgerError: It cannot be opened, is open elsewhere, another program's, another site's or
            of another version.
    """
    _check_old(path)
    if read_only and not os.path.lexists(path):
        connection.execute("ATTACH DATABASE ':memory:' AS log")
        create_log(connection, site)
        return
    _make(path)
    try:
        connection.execute("ATTACH DATABASE ? AS log", (str(path),))
        _take(connection, path)
        if not connection.execute("SELECT count(*) FROM log.sqlite_schema").fetchone()[0]:
            create_log(connection, site)
    except sqlite3.Error as error:
        if is_busy(error):
            raise LedgerError(
                f"{path}: another process has it open; there is one gate for each site"
            ) from None
        raise
    _check(connection, path, site)


def _make(path: Path) -> None:
    try:
        path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # Only a new one is opened here: a close drops every lock that this process has on a file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not S_ISREG(path.lstat().st_mode):
            raise LedgerError(f"{path}: is a link, or no file") from None
        if not os.access(path, os.R_OK | os.W_OK):
            raise LedgerError(f"{path}: {os.strerror(EACCES)}") from None
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from None


def _take(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA log.locking_mode = EXCLUSIVE")
    if connection.execute("PRAGMA log.journal_mode = WAL").fetchone()[0] != "wal":
        raise LedgerError(f"{path}: is on a file system that SQLite cannot use; use a local disk")
    connection.execute("PRAGMA log.synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("BEGIN IMMEDIATE")  # takes the lock, which the mode keeps
    connection.execute("COMMIT")


def create_log(connection: sqlite3.Connection, site: str) -> None:
    """Makes the tables of an empty file that is attached as `log`."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in LOG:
        connection.execute(statement)
    connection.execute("INSERT INTO log.meta VALUES (?)", (site,))
    connection.execute(f"PRAGMA log.application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA log.user_version = {VERSION}")
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, path: Path, site: str) -> None:
    def value(question: str) -> object:
        return connection.execute(question).fetchone()[0]

    if value("PRAGMA log.application_id") != APPLICATION_ID:
        raise LedgerError(f"{path}: is another program's database")
    if (version := value("PRAGMA log.user_version")) != VERSION:
        raise LedgerError(f"{path}: is a ledger of version {version}, not {VERSION}")
    if (found := value("SELECT site FROM log.meta")) != site:
        raise LedgerError(f"{path}: is the ledger of site {found!r}, not {site!r}")


def _check_old(path: Path) -> None:
    old = path.parent.parent / _OLD_FILE
    if os.path.lexists(old) and not os.path.lexists(path):
        from handwheel.connectors.hints import next_step

        raise LedgerError(
            f"{old}: is a ledger of an older version; {next_step('ledger', 'migrate')}"
        )
