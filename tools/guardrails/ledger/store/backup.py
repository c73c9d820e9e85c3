"""Copy of a ledger, made of its verified rows in a new file."""

import os
import sqlite3
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ....atomic_files import sync_folder
from ....errors import LedgerError
from .journal import Chain, JournalRow
from .log_file import create_log
from .sqlite_errors import ledger_error

ANCHORS_SUFFIX = ".anchors"
"""What the anchors beside a copy are called, after the copy's own name."""
NO_LEDGER = (
    "there is no ledger: no gate was started here yet, or its files are gone and a copy must be "
    "brought back"
)
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was verified."""

    path: Path
    anchors: Path
    rows: int  # of its journal
    head: str  # the hash of the last of them
    sha256: str  # of the copy's file


def back_up(rows: Iterable[JournalRow], site: str, target: Path) -> Backup:
    """Writes a journal to a new file, with its anchors as `TARGET.anchors` beside it.

    The anchors are written last: a copy without them was not finished.

    Raises:
        LedgerError: There is such a file, it cannot be written, or the journal is not sound or not
            there; then nothing is left of it.
    """
    anchors = target.with_name(target.name + ANCHORS_SUFFIX)
    if os.path.lexists(anchors):
        raise LedgerError(f"{anchors}: is there already; nothing was copied")
    with _new_file(target):
        try:
            lines = _copy(rows, site, target)
            mark = _digest(target)
            with _new_file(anchors):
                _write(anchors, "".join(lines).encode("ascii"))
        except OSError as error:
            raise LedgerError(f"{target}: {error.strerror}; nothing was copied") from None
        except sqlite3.Error as error:
            raise ledger_error(target, error) from None
    return Backup(target, anchors, len(lines), lines[-1].split()[1], mark)


def _copy(rows: Iterable[JournalRow], site: str, target: Path) -> list[str]:
    """Writes the rows, and returns the lines of their anchors."""
    chain, lines = Chain([]), list[str]()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("ATTACH DATABASE ? AS log", (str(target),))
        create_log(connection, site)
        connection.execute("BEGIN")
        for row in rows:
            chain.follow(row)
            connection.execute(
                "INSERT INTO log.row VALUES (?, ?, ?)", (row.seq, row.hash, row.text)
            )
            lines.append(f"{row.seq} {row.hash}\n")
        connection.execute("COMMIT")
    if not lines:
        raise LedgerError(f"{NO_LEDGER}; nothing was copied")
    if chain.faults:
        raise LedgerError(f"the journal is not sound: {chain.faults[0]}; nothing was copied")
    return lines


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
