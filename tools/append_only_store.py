"""Database of rows that are only added, in a file of its own beside the ledger.

Its faults never block the ledger. One that cannot be read or written raises `ToolFailed`.
"""

import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from handwheel.connectors.config.shared_folder import make_file

from .errors import ToolFailed
from .guardrails.ledger.store.sqlite_errors import BUSY_S, ledger_error, while_busy

IF_DAMAGED = "if it is damaged, stop the agents, and restore it from a backup or move it away"
"""What to do about a database that cannot be read."""

_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",  # else INSERT OR REPLACE slips past append-only triggers
    "PRAGMA trusted_schema = OFF",
)


def append_only_table(name: str, columns: str, same: str) -> tuple[str, ...]:
    """Returns the statements that create a table of which no row is changed or deleted.

    Args:
        same: Condition by which a row is one that is there already, such as `number = NEW.number`.
    """
    is_there = f"EXISTS (SELECT 1 FROM {name} WHERE {same})"  # noqa: S608 (our own names)
    return (
        f"CREATE TABLE {name}({columns}) STRICT",
        # A connection without recursive_triggers replaces past every trigger but this one.
        f"CREATE TRIGGER {name}_is_never_replaced BEFORE INSERT ON {name} "
        f"WHEN {is_there} BEGIN SELECT RAISE(ABORT, '{name}: such a row is there already'); END",
        f"CREATE TRIGGER {name}_is_never_changed BEFORE UPDATE ON {name} "
        f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END",
        f"CREATE TRIGGER {name}_is_never_deleted BEFORE DELETE ON {name} "
        f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END",
    )


class AppendOnlyStore:
    """Open database in a state folder, which is on a local disk.

    A missing database is created, one of an older version extended, another program's refused.
    """

    def __init__(
        self, path: Path, application_id: int, versions: Mapping[int, Sequence[str]]
    ) -> None:
        """Opens the database.

        Args:
            versions: Statements that each version has added, the oldest first.
        """
        self._path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ToolFailed(f"{path.parent}: {error.strerror}") from None
        with suppress(OSError):  # SQLite tells why
            make_file(path)  # and gives its log and its shared memory the same rights
        with self._translated():
            self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            with self._translated():
                self._share(application_id)
                self._prepare(application_id, versions)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the database."""
        self._connection.close()

    def version(self) -> tuple[int, int]:
        """Returns a value that changes with every change of the store, by any process."""
        with self._translated():
            seen: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return seen, self._connection.total_changes

    def _share(self, application_id: int) -> None:
        connection = self._connection
        connection.row_factory = sqlite3.Row
        mark, count = connection.execute(
            "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id"
        ).fetchone()
        if mark not in {0, application_id} or (mark == 0 and count > 0):
            raise ToolFailed(f"{self._path}: is another program's database")
        # SQLite does not wait by itself while another process is making the change.
        if while_busy()(connection.execute, "PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise ToolFailed(
                f"{self._path}: is on a file system where SQLite cannot use WAL; use a local disk"
            )
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    def _prepare(self, application_id: int, versions: Mapping[int, Sequence[str]]) -> None:
        newest = max(versions)
        with self._transaction():
            if (version := self._version()) < newest:
                for number, statements in versions.items():
                    for statement in statements if number > version else ():
                        self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id = {application_id}")
                self._connection.execute(f"PRAGMA user_version = {newest}")
        if self._version() != newest:
            raise ToolFailed(f"{self._path}: is of version {self._version()}, not {newest}")

    def _version(self) -> int:
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return version

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ToolFailed(str(ledger_error(self._path, error))) from error
        except ValidationError:
            raise ToolFailed(f"{self._path}: something in it is not what was kept") from None
