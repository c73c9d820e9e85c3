"""Copy of the ledger while others write to it, made by SQLite and checked.

The live file is never opened but by SQLite: closing it would drop the locks of every connection
of the process, and a copy of the file alone would lack what is still in the write-ahead log.
"""

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ....atomic_files import sync_folder
from ....errors import LedgerError
from .connection import ledger_error
from .database import Database
from .journal import Chain, JournalRow
from .schema import APPLICATION_ID, VERSION, is_altered

ANCHORS_SUFFIX = ".anchors"
"""What the anchors beside a copy are called, after the copy's own name."""
_BLOCK = 1 << 20
_JOURNAL = "SELECT seq, text, hash FROM journal ORDER BY seq"


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was checked."""

    path: Path
    anchors: Path
    rows: int  # of its journal
    head: str  # the hash of the last of them
    sha256: str  # of the copy's file


def back_up(database: Database, target: Path) -> Backup:
    """Copies the ledger to a new file, with its anchors as `TARGET.anchors` beside it.

    The anchors are written last: a copy without them was not finished.

    Raises:
        LedgerError: There is such a file, it cannot be written, or the copy is not sound; then
            nothing is left of it.
    """
    anchors = target.with_name(target.name + ANCHORS_SUFFIX)
    if os.path.lexists(anchors):
        raise LedgerError(f"{anchors}: is there already; nothing was copied")
    head = database.head()
    # Before the copy: each anchor follows its commit, so none can name a row that is not in it.
    lines = database.anchors.lines()
    with _new_file(target):
        try:
            database.copy_into(target)
            rows = check_copy(target, database.site, lines, head)
            mark = _digest(target)
            with _new_file(anchors):
                _write(anchors, "".join(f"{line}\n" for line in lines).encode("ascii"))
        except OSError as error:
            raise LedgerError(f"{target}: {error.strerror}; nothing was copied") from None
    return Backup(target, anchors, rows[0], rows[1], mark)


def check_copy(
    copy: Path, site: str, anchors: list[str], head: JournalRow | None = None
) -> tuple[int, str]:
    """Checks a copy that no other process has open.

    Args:
        anchors: The lines of the anchors that belong to it.
        head: A row that it must have.

    Returns:
        How many rows its journal has, and the hash of the last.

    Raises:
        LedgerError: It is damaged, another site's, altered, or older than that.
    """
    try:
        with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)) as shell:
            _check_database(copy, shell, site)
            chain, count, last = Chain(anchors), 0, ""
            has_head = head is None
            for seq, text, mark in shell.execute(_JOURNAL):
                row = JournalRow(seq, text, mark)
                chain.follow(row)
                count, last = count + 1, mark
                has_head |= row == head
            chain.end()
    except sqlite3.Error as error:
        raise ledger_error(copy, error) from None
    if chain.faults:
        raise LedgerError(f"{copy}: the journal in it is not sound: {chain.faults[0]}")
    if not has_head:
        raise LedgerError(f"{copy}: is older than the ledger that was copied")
    return count, last


def _check_database(copy: Path, shell: sqlite3.Connection, site: str) -> None:
    def value(question: str) -> object:
        return shell.execute(question).fetchone()[0]

    if (said := value("PRAGMA integrity_check")) != "ok":
        raise LedgerError(f"{copy}: is damaged: {said}")
    if (value("PRAGMA application_id"), value("PRAGMA user_version")) != (APPLICATION_ID, VERSION):
        raise LedgerError(f"{copy}: is no ledger of version {VERSION}")
    if is_altered(shell):
        raise LedgerError(f"{copy}: its tables or triggers were altered")
    if (found := value("SELECT site FROM meta")) != site:
        raise LedgerError(f"{copy}: is the ledger of site {found!r}, not {site!r}")


@contextmanager
def _new_file(path: Path) -> Generator[None]:
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(path, flags, 0o600))
    except FileExistsError:
        raise LedgerError(f"{path}: is there already; nothing was copied") from None
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from None
    try:
        yield
    except BaseException:
        for each in (path, path.with_name(f"{path.name}-journal")):
            with suppress(OSError):
                each.unlink(missing_ok=True)
        raise


def _write(path: Path, data: bytes) -> None:
    # No link and no rename: a stick may know neither.
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def _digest(path: Path) -> str:
    """Syncs a closed file to disk and returns its SHA-256."""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return found.hexdigest()
