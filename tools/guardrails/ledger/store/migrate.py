"""Brings a ledger of the version before up to this one, after a backup of both its files."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from handwheel.connectors.hints import NEXT

from ....atomic_files import sync_folder, write_new
from ....errors import LedgerError
from ....requests.timestamps import Instant
from .backup import back_up
from .journal import Anchors, JournalRow, chain_faults, next_row
from .log_file import LEDGER_FOLDER, ledger_file
from .schema import APPLICATION_ID, VERSION
from .sqlite_errors import ledger_error
from .tables import Tables

OLD_VERSION = 7
"""The one version that can be migrated."""
_OLD_FILE, _OLD_ANCHORS = "ledger.db", "anchors"
_SUFFIX = f".version{OLD_VERSION}"
_STATES = (
    "SELECT request_id, state FROM request ORDER BY request_id",
    "SELECT action_id, state FROM action ORDER BY action_id",
    "SELECT run_id, is_open FROM run ORDER BY run_id",
    "SELECT scope, generation, is_locked FROM lockout ORDER BY scope",
    "SELECT equipment, generation, mode, until FROM authority ORDER BY equipment",
    "SELECT text FROM decision ORDER BY text",
)


@dataclass(frozen=True, slots=True)
class Migration:
    """A ledger that was brought up to this version."""

    rows: int  # of its journal, with the one that tells of it
    backup: Path
    anchors: Path  # of the backup


def migrate(state: Path, site: str, now: Instant) -> Migration:
    """Writes the rows of the old file into a new one, and keeps the old files under other names.

    A kill at any moment leaves the old ledger or the new one. Where it left old files beside the
    new one, they are taken away.

    Raises:
        LedgerError: There is no old ledger, a process has it open, it is another site's, of an
            older version, not sound, its tables say something else than its journal, or another
            file has the name of a copy. Nothing was changed then.
    """
    old, folder = state / _OLD_FILE, ledger_file(state).parent
    if os.path.lexists(folder / _OLD_FILE):
        return _finish(state, site)
    if not os.path.lexists(old):
        raise LedgerError(f"{old}: there is no ledger of an older version")
    try:
        with closing(sqlite3.connect(old, timeout=1.0, isolation_level=None)) as connection:
            _check(old, connection, site)
            rows = _rows(state, connection, now)
            _compare(old, connection, rows)
            _close(old, connection)
    except sqlite3.Error as error:
        raise ledger_error(old, error) from None
    _keep(old)
    _keep(state / _OLD_ANCHORS)
    draft = state / f"{LEDGER_FOLDER}.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    copy = back_up(rows, site, draft / _OLD_FILE)
    copy.anchors.rename(draft / _OLD_ANCHORS)
    draft.rename(folder)
    return _finish(state, site)


def _finish(state: Path, site: str) -> Migration:
    """Takes the old files away, whose copies and rows are there."""
    files = state / _OLD_FILE, state / _OLD_ANCHORS
    left = [each for each in files if os.path.lexists(each)]
    if not left or not all(os.path.lexists(_copy_of(each)) for each in files):
        raise LedgerError(f"{ledger_file(state)}: is a ledger of version {VERSION} already")
    backup, anchors = map(_copy_of, files)
    try:
        with closing(sqlite3.connect(backup)) as connection:
            _check(backup, connection, site)
            (rows,) = connection.execute("SELECT count(*) FROM journal").fetchone()
    except sqlite3.Error as error:
        raise ledger_error(backup, error) from None
    for each in left:
        _keep(each)  # only what the copy has too is taken away
    sync_folder(state)
    for each in left:
        each.unlink()
    return Migration(rows + 1, backup, anchors)


def _check(old: Path, connection: sqlite3.Connection, site: str) -> None:
    def value(question: str) -> object:
        return connection.execute(question).fetchone()[0]

    if value("PRAGMA application_id") != APPLICATION_ID:
        raise LedgerError(f"{old}: is another program's database")
    if (version := value("PRAGMA user_version")) != OLD_VERSION:
        raise LedgerError(
            f"{old}: is a ledger of version {version}, and only version {OLD_VERSION} can be "
            "migrated"
        )
    if (found := value("SELECT site FROM meta")) != site:
        raise LedgerError(f"{old}: is the ledger of site {found!r}, not {site!r}")


def _rows(state: Path, connection: sqlite3.Connection, now: Instant) -> list[JournalRow]:
    """Returns the verified rows, and one more that tells of the migration."""
    held = connection.execute("SELECT seq, text, hash FROM journal ORDER BY seq")
    found = [JournalRow(*each) for each in held]
    if faults := chain_faults(found, Anchors(state / _OLD_ANCHORS).lines()):
        raise LedgerError(f"{state / _OLD_FILE}: the journal is not sound: {faults[0]}")
    owners: dict[str, list[str]] = {}  # which no row told of before
    for run_id, asset in connection.execute(
        "SELECT run_id, asset FROM run_asset WHERE is_open = 1 ORDER BY run_id, asset"
    ):
        owners.setdefault(run_id, []).append(asset)
    body = {"from": OLD_VERSION, "to": VERSION, "owners": owners}
    return [*found, next_row(found[-1] if found else None, now, "ledger.migrated", "", body)]


def _compare(old: Path, connection: sqlite3.Connection, rows: list[JournalRow]) -> None:
    """Refuses tables that say something else than the journal."""
    with closing(Tables()) as tables:
        for row in rows:
            tables.apply(row)
        for question in _STATES:
            told = {tuple(row) for row in tables.all(question)}
            held = {tuple(row) for row in connection.execute(question)}
            if wrong := next(_differences(told, held), None):
                raise LedgerError(f"{old}: its tables say something else than its journal: {wrong}")


def _differences(told: set[tuple[object, ...]], held: set[tuple[object, ...]]) -> Iterator[str]:
    for each in sorted(told ^ held, key=str):
        whose = "the journal" if each in told else "a table"
        yield f"{whose} has {' '.join(str(value)[:80] for value in each)}"


def _close(old: Path, connection: sqlite3.Connection) -> None:
    """Brings everything into the one file, which fails while another process has it open."""
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError:
        raise LedgerError(
            f"{old}: another process has it open; stop the gate, the agents and the terminals "
            "of the version before"
        ) from None


def _copy_of(path: Path) -> Path:
    return path.with_name(path.name + _SUFFIX)


def _keep(path: Path) -> None:
    """Copies a file beside itself under the old version's name."""
    kept = _copy_of(path)
    try:
        write_new(kept, path.read_bytes())
    except FileExistsError:  # of a migration that was killed
        if kept.is_symlink() or kept.read_bytes() != path.read_bytes():
            step = f"{NEXT}mv {quote(str(kept))} {quote(f'{kept}.found')}"
            raise LedgerError(f"{kept}: is there already, and no copy of {path}; {step}") from None
