"""Attempts to deliver notices, kept append-only beside the work orders.

They have a database of their own, which only the process that delivers writes. One that cannot be
read or written raises `ToolFailed`.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError

from handwheel.connectors.config.validation import Model

from ..errors import LedgerError, ToolFailed
from ..guardrails.ledger.store.connection import connect, ledger_error
from ..requests.request import Stamp

NOTICES_FILE = "notices.db"
"""Its name in the site's state folder."""

_APPLICATION_ID = 0x48574E31  # "HWN1"
_VERSION = 1
_TABLE = (
    "CREATE TABLE attempt(number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
    # A connection without recursive_triggers replaces past every trigger but this one.
    "CREATE TRIGGER attempt_is_never_replaced BEFORE INSERT ON attempt "
    "WHEN EXISTS (SELECT 1 FROM attempt WHERE number = NEW.number) "
    "BEGIN SELECT RAISE(ABORT, 'attempt: such a row is there already'); END",
    "CREATE TRIGGER attempt_is_never_changed BEFORE UPDATE ON attempt "
    "BEGIN SELECT RAISE(ABORT, 'attempt is append-only'); END",
    "CREATE TRIGGER attempt_is_never_deleted BEFORE DELETE ON attempt "
    "BEGIN SELECT RAISE(ABORT, 'attempt is append-only'); END",
)


class Attempt(Model):
    """One attempt to deliver a notice through a channel."""

    notice: str = Field(min_length=1)  # key of the notice
    channel: str = Field(min_length=1)
    at: Stamp
    outcome: Literal["delivered", "tried", "failed"]  # tried: another attempt comes
    answer: str  # of the receiver, or why there is none
    next_at: Stamp | None = None  # of the next attempt


class Attempts:
    """Open store of a site's attempts."""

    def __init__(self, state: Path) -> None:
        self._path = state / NOTICES_FILE
        try:
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = connect(self._path, _APPLICATION_ID)
        except OSError as error:
            raise ToolFailed(f"{state}: {error.strerror}") from None
        except LedgerError as error:
            raise ToolFailed(str(error)) from None
        try:
            with self._translated():
                self._prepare()
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

    def add(self, attempt: Attempt) -> None:
        """Stores an attempt."""
        with self._translated():
            row = (attempt.model_dump_json(),)
            self._connection.execute("INSERT INTO attempt(text) VALUES (?)", row)

    def all(self) -> list[Attempt]:
        """Returns the attempts, oldest first."""
        with self._translated():
            rows = self._connection.execute("SELECT text FROM attempt ORDER BY number")
            return [Attempt.model_validate_json(row[0]) for row in rows]

    def _prepare(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            if self._version() == 0:
                for statement in _TABLE:
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                self._connection.execute(f"PRAGMA user_version = {_VERSION}")
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        if self._version() != _VERSION:
            raise ToolFailed(f"{self._path}: is of version {self._version()}, not {_VERSION}")

    def _version(self) -> int:
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return version

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ToolFailed(str(ledger_error(self._path, error))) from error
        except ValidationError:
            raise ToolFailed(f"{self._path}: something in it is not what was kept") from None
