"""Ledger's tables in memory, for the gate that judges by them and for readers with a copy."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Self

from .fold import Fields, apply
from .journal import FIRST, JournalRow
from .schema import TABLES


class Tables:
    """In-memory tables that the rows of a journal fill, one after the other."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", timeout=0.0, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.connection.executescript(TABLES)
        self.connection.execute("INSERT INTO head VALUES ('', 0, ?)", (FIRST,))

    @classmethod
    def of_image(cls, image: bytes) -> Self:
        """Returns a copy of the tables whose image it is."""
        found = cls()
        found.connection.deserialize(image)
        return found

    def image(self) -> bytes:
        """Returns a copy of the tables as bytes, for `of_image`."""
        return self.connection.serialize()

    def close(self) -> None:
        """Frees the memory."""
        self.connection.close()

    @property
    def head(self) -> tuple[str, int, str]:
        """Site, and number and hash of the last row that was applied."""
        found: tuple[str, int, str] = self.connection.execute("SELECT * FROM head").fetchone()
        return found[0], found[1], found[2]

    def apply(self, row: JournalRow, fields: Fields | None = None) -> None:
        """Changes the tables as the next row says, or raises `IllegalRow` and changes nothing."""
        self.connection.execute("SAVEPOINT row")
        try:
            apply(self.connection, row, fields)
        except BaseException:
            self.connection.execute("ROLLBACK TO row")
            raise
        finally:
            self.connection.execute("RELEASE row")
        self.note_head(row)

    def note_head(self, row: JournalRow) -> None:
        """Notes that a row was applied, and those before it."""
        self.connection.execute("UPDATE head SET seq = ?, hash = ?", (row.seq, row.hash))

    def leases(self) -> list[list[object]]:
        """Returns the leases, which are renewed without a row, for `put_leases` of a copy."""
        return [list(row) for row in self.all("SELECT * FROM lease")]

    def put_leases(self, leases: Iterable[Sequence[object]]) -> None:
        """Puts these leases in the place of those that are there."""
        self.connection.execute("DELETE FROM lease")
        self.connection.executemany("INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?)", leases)

    def all(self, question: str, *values: object) -> list[sqlite3.Row]:
        """Returns every answer."""
        return self.connection.execute(question, values).fetchall()
