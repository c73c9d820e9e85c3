"""Ledger as its readers and its one writer see it."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from ....errors import LedgerError
from ....requests.timestamps import Instant
from .journal import JournalRow

WaitsFor = Literal["anchor", "rows", "nothing"]
"""What the disk must have when a transaction ends. An anchor is waited for with its rows."""


Append = Callable[[str, str, dict[str, object], Instant], JournalRow]
"""Appends a row of a kind about a subject to the journal, and changes the tables as it says."""


class LostRace(LedgerError):
    """The thing to be changed has changed meanwhile. Nothing was changed here."""


class TableReader(Protocol):
    """Tables that the functions of this package read from."""

    def all(self, question: str, *values: object) -> list[sqlite3.Row]:
        """Returns every answer."""
        ...


class LedgerReader(TableReader, Protocol):
    """Ledger, transaction or copy, with the journal."""

    def find_rows(
        self,
        subject: str | None = None,
        kind: str | None = None,
        *,
        after: int = 0,
        before: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[JournalRow]:
        """Returns rows of the journal in order, those about a subject, of a kind, or all.

        Args:
            after: Only rows behind this number.
            before: Only rows before this number; `None` for all.
            limit: At most so many; `None` for all.
        """
        ...


class JournalReader(Protocol):
    """Journal with its anchors, sound or not."""

    def journal(self, after: int = 0) -> Iterator[JournalRow]:
        """Yields the journal's rows in order, those after a number."""
        ...

    def anchor_lines(self) -> list[str]:
        """Returns the lines of the anchors, each the number and the hash of a row."""
        ...


class Ledger(LedgerReader, JournalReader, Protocol):
    """Ledger of a site, in the gate's process or as a copy in another."""

    site: str

    def head(self) -> JournalRow | None:
        """Returns the journal's last row."""
        ...

    def seq_of(self, mark: str) -> int | None:
        """Returns the number of the row with a hash, or `None` if there is none."""
        ...

    def version(self) -> int:
        """Returns a value that changes with every change of the ledger."""
        ...

    def one_moment(self) -> AbstractContextManager[None]:
        """Makes everything that is read inside be of one moment."""
        ...

    def transaction(
        self, now: Instant | None = None, *, waits_for: WaitsFor = "anchor"
    ) -> "AbstractContextManager[Transaction]":
        """Opens a transaction. A copy raises `LedgerError`, since only the gate records."""
        ...

    def under(self, message: str) -> AbstractContextManager[None]:
        """Marks the rows recorded inside with the digest of a message. A copy raises an error."""
        ...

    def rows_under(self, message: str) -> list[JournalRow]:
        """Returns the rows that a message has added, none if it was never applied."""
        ...


class Transaction:
    """One transaction. All its rows are committed, or none."""

    def __init__(
        self, reader: LedgerReader, append: Append, tables: sqlite3.Connection, now: Instant
    ) -> None:
        self._reader, self._append, self._tables = reader, append, tables
        self.now = now
        self.rows: list[JournalRow] = []

    def record(self, kind: str, subject: str, body: dict[str, object]) -> JournalRow:
        """Appends a row to the journal, and changes the tables as it says.

        Raises:
            IllegalRow: The tables do not allow it.
        """
        row = self._append(kind, subject, body, self.now)
        self.rows.append(row)
        return row

    def change(self, statement: str, values: Sequence[object]) -> None:
        """Changes exactly one row of a table that no journal row tells of, or raises `LostRace`."""
        if self._tables.execute(statement, values).rowcount != 1:
            raise LostRace("it has changed meanwhile; nothing was changed")

    def one(self, question: str, *values: object) -> Any:
        """Returns the first column of the first answer, or `None`."""
        found = self.all(question, *values)
        return found[0][0] if found else None

    def all(self, question: str, *values: object) -> list[sqlite3.Row]:
        """Returns every answer of the tables."""
        return self._reader.all(question, *values)

    def find_rows(self, *about: str | None, **limits: Any) -> list[JournalRow]:
        """Returns rows of the journal, see `LedgerReader`. Those of this transaction count."""
        return self._reader.find_rows(*about, **limits)
