"""The ledger's file, which one process at a time has open and no other can open meanwhile."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from errno import EACCES
from functools import partial
from pathlib import Path
from shlex import quote
from stat import S_ISDIR, S_ISREG

from handwheel.connectors.hints import NEXT, next_step

from ....errors import LedgerError
from .schema import APPLICATION_ID, LOG, VERSION
from .sqlite_errors import is_busy, ledger_error, while_busy

LEDGER_FOLDER = "ledger"
"""Folder of the site's state folder that belongs to the gate's user alone."""
ANCHORS = "anchors"
"""File of the anchors, beside the ledger."""
_OLD_FILE = "ledger.db"  # in the state folder, up to version 7


def ledger_file(state: Path) -> Path:
    """Returns where a state folder has its ledger."""
    return state / LEDGER_FOLDER / "ledger.db"


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


def check_identities(path: Path, opened: Mapping[Path, tuple[int, int]]) -> None:
    """Raises `LedgerError` if one of the files is not the one that it was, as after a removal."""
    for each, found in identities(path).items():
        if found != opened[each]:
            raise LedgerError(f"{each}: was replaced while it was open; nothing is sent")


def attach_log(connection: sqlite3.Connection, path: Path, site: str) -> None:
    """Attaches the file as `log`, and keeps it from every other process until it is closed.

    A missing one is made.

    Raises:
        LedgerError: It cannot be opened, is open elsewhere, another program's, another site's or
            of another version.
    """
    _check_old(path)
    _make(path)
    try:
        while_busy()(_attach, connection, path)
        if not connection.execute("SELECT count(*) FROM log.sqlite_schema").fetchone()[0]:
            create_log(connection, site)
    except sqlite3.Error as error:
        if is_busy(error):
            raise LedgerError(
                f"{path}: another process has it open; there is one gate for each site"
            ) from None
        raise
    _check(connection, path, site)


def attach_copy(connection: sqlite3.Connection, path: Path, site: str) -> None:
    """Attaches a copy of the file as `log`, and leaves the file to whoever wants it next.

    Raises:
        LedgerError: As `attach_log`.
    """
    rows = read_rows(path, site)
    connection.execute("ATTACH DATABASE ':memory:' AS log")
    create_log(connection, site)
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO log.row(seq, text, hash) VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")


def read_rows(path: Path, site: str) -> list[tuple[int, str, str]]:
    """Returns number, text and hash of each row of the file, none without a file.

    Bytes that are no text are replaced, so that the hash does not fit.

    Raises:
        LedgerError: As `attach_log`.
    """
    if not os.path.lexists(path):
        _check_old(path)
        if os.path.lexists(path.parent):
            _check_folder(path.parent)
        return []
    with closing(sqlite3.connect(":memory:", timeout=0.0, isolation_level=None)) as connection:
        try:
            attach_log(connection, path, site)
            connection.text_factory = partial(str, encoding="utf-8", errors="replace")
            return connection.execute("SELECT seq, text, hash FROM log.row ORDER BY seq").fetchall()
        except sqlite3.Error as error:
            raise ledger_error(path, error) from None


def _make(path: Path) -> None:
    try:
        path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.parent.mkdir(mode=0o700)
        _check_folder(path.parent)
        with suppress(FileExistsError):
            # Only a new one is opened here: a close drops every lock that this process has on it.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        if not S_ISREG(path.lstat().st_mode):
            raise LedgerError(f"{path}: is a link, or no file")
        if not os.access(path, os.R_OK | os.W_OK):
            raise LedgerError(f"{path}: {os.strerror(EACCES)}")
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from None


def _check_folder(folder: Path) -> None:
    """Refuses a folder that others own or may change, since they could take the ledger away."""
    status, name = folder.lstat(), quote(str(folder))
    if not S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise LedgerError(
            f"{folder}: is no folder of the user who opens the ledger. If that is the gate's user, "
            f"look at what is there; {NEXT}mv {name} {name}.found"
        )
    if status.st_mode & 0o077:
        raise LedgerError(f"{folder}: is open to other users; {NEXT}chmod 700 {name}")


def _attach(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("ATTACH DATABASE ? AS log", (str(path),))
    try:
        _take(connection, path)
    except sqlite3.Error:
        # Two that both have half of the lock would wait for each other.
        connection.execute("DETACH DATABASE log")
        raise


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
        raise LedgerError(
            f"{old}: is a ledger of an older version; {next_step('ledger', 'migrate')}"
        )
