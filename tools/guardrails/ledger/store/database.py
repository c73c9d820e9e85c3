"""Ledger of a site, held in memory by the one process that has its file open.

The memory decides, the file is its log. Nothing that is done to the file while it is open changes
what this process does.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self, cast

from pydantic_core import from_json

from ....errors import LedgerError
from ....requests.canonical import digest
from ....requests.timestamps import Instant, instant_now
from . import log_file
from .fold import Fields, IllegalRow, apply
from .journal import Anchors, Chain, JournalRow, next_row
from .ledger import Ledger, LedgerReader, LostRace, TableReader, Transaction, WaitsFor
from .schema import HISTORY, HISTORY_INDEXES
from .sqlite_errors import ledger_error
from .tables import Tables

__all__ = [
    "Database", "Ledger", "LedgerReader", "LostRace", "TableReader", "Transaction", "WaitsFor",
]  # fmt: skip

_NOTE = "INSERT INTO history.entry VALUES (?, ?, ?, ?, ?)"
_PAGE = 1000


class Database:
    """Ledger of a site, opened by one process at a time and made if there is none.

    At the start the whole journal is verified against its anchors and folded.

    Args:
        state: The site's state folder, on a local disk.
        read_only: Whether to read a copy of the file, empty without one, and record nothing.

    Raises:
        LedgerError: It cannot be opened or read, is another site's, is open elsewhere, or its
            journal is not what was once written; the first row that differs is named.
    """

    def __init__(self, state: Path, site: str, *, read_only: bool = False) -> None:
        self.site = site
        self.path = log_file.ledger_file(state)
        self.anchors = Anchors(self.path.with_name(log_file.ANCHORS))
        self.tables = Tables()
        self.on_commit: list[Callable[[Sequence[JournalRow]], None]] = []
        self._head: JournalRow | None = None
        self._open: Transaction | None = None
        self._message = ""
        try:
            with self._translated():
                attach = log_file.attach_copy if read_only else log_file.attach_log
                attach(self.tables.connection, self.path, site)
                self.tables.connection.execute("ATTACH DATABASE ':memory:' AS history")
                self.tables.connection.execute(HISTORY)
                self._fold()
                for statement in HISTORY_INDEXES:
                    self.tables.connection.execute(statement)
            if read_only:
                self.tables.connection.execute("PRAGMA query_only = ON")
                return
            self.anchors.open()
            if self._head is None:
                with self.transaction() as transaction:
                    transaction.record("ledger.created", site, {})
            self._files = log_file.identities(self.path)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the files. What was committed stays."""
        self.tables.close()
        self.anchors.close()

    @contextmanager
    def transaction(
        self, now: Instant | None = None, *, waits_for: WaitsFor = "anchor"
    ) -> Generator[Transaction]:
        """Opens a transaction that is committed at the end, and rolled back on any error.

        One inside another is part of it: all is committed by the outer one, or nothing.

        Args:
            waits_for: What the disk must have at the end: the rows and their anchor, the rows, or
                nothing yet. What was not waited for is on the disk with the next rows or the
                next anchor that is. A killed process loses none of it, a power failure may.

        Raises:
            LedgerError: It cannot be written; nothing was changed. If the message says that it
                is not anchored, it is the anchors that could not be written, and the change
                stands.
        """
        if self._open is not None:
            yield self._open
            return
        connection, head = self.tables.connection, self._head
        with self._translated():
            if waits_for == "nothing":
                connection.execute("PRAGMA log.synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._open = transaction = Transaction(
                    self, self.append, self.tables.connection, now or instant_now()
                )
                yield transaction
                connection.execute("COMMIT")
            except BaseException:
                self._head = head
                raise
            finally:
                self._open = None
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if waits_for == "nothing":
                    connection.execute("PRAGMA log.synchronous = FULL")
        if transaction.rows:
            try:
                self.anchors.note(transaction.rows, waits=waits_for == "anchor")
            finally:  # they are committed, whether or not they are anchored
                for tell in self.on_commit:
                    tell(transaction.rows)

    @contextmanager
    def under(self, message: str) -> Generator[None]:
        """Marks the rows that are recorded inside with the digest of the message that asks.

        Args:
            message: Empty for rows that none asks for.
        """
        before, self._message = self._message, message
        try:
            yield
        finally:
            self._message = before

    def rows_under(self, message: str) -> list[JournalRow]:
        """Returns the rows that a message has added, none if it was never applied."""
        return self._verified("WHERE message = ? ORDER BY seq", message)

    def append(self, kind: str, subject: str, body: dict[str, object], now: Instant) -> JournalRow:
        """Appends a row inside a transaction, see `Transaction.record`."""
        row = next_row(self._head, now, kind, subject, body, self._message)
        fields = row.fields
        self.tables.apply(row, fields)
        self.tables.connection.execute(_NOTE, _entry(row, fields))
        self.tables.connection.execute(
            "INSERT INTO log.row(seq, hash, text) VALUES (?, ?, ?)", (row.seq, row.hash, row.text)
        )
        self._head = row
        return row

    def all(self, question: str, *values: object) -> list[sqlite3.Row]:
        """Returns every answer of the tables."""
        try:  # no context manager: checks ask often
            return self.tables.all(question, *values)
        except sqlite3.Error as error:
            raise ledger_error(self.path, error) from error

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
        """Returns rows of the journal, see `LedgerReader`.

        Raises:
            LedgerError: The file has another text than this process once wrote or verified.
        """
        conditions, values = ["seq > ?"], list[object]([after])
        for column, value in (("subject", subject), ("kind", kind)):
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        if before is not None:
            conditions.append("seq < ?")
            values.append(before)
        order = "DESC" if newest_first else "ASC"
        values.append(-1 if limit is None else limit)
        return self._verified(
            f"WHERE {' AND '.join(conditions)} ORDER BY seq {order} LIMIT ?", *values
        )

    def anchor_lines(self) -> list[str]:
        """Returns the lines of the anchors, each the number and the hash of a row."""
        return self.anchors.lines()

    @contextmanager
    def one_moment(self) -> Generator[None]:
        """Does nothing."""
        yield

    def seq_of(self, mark: str) -> int | None:
        """Returns the number of the row with a hash, or `None` if there is none."""
        rows = self.all("SELECT seq FROM history.entry WHERE hash = ?", mark)
        return rows[0][0] if rows else None

    def journal(self, after: int = 0) -> Iterator[JournalRow]:
        """Yields the journal's rows in order, those after a number."""
        while rows := self.find_rows(after=after, limit=_PAGE):
            yield from rows
            after = rows[-1].seq

    def head(self) -> JournalRow | None:
        """Returns the journal's last row."""
        return self._head

    def version(self) -> int:
        """Returns a value that changes with every change of the ledger."""
        return self.tables.connection.total_changes

    def check_file(self) -> None:
        """Raises `LedgerError` if one of its files was removed or replaced since it was opened."""
        log_file.check_identities(self.path, self._files)

    def _verified(self, condition: str, *values: object) -> list[JournalRow]:
        question = (
            "SELECT seq, (SELECT text FROM log.row WHERE row.seq = entry.seq), hash "  # noqa: S608
            f"FROM history.entry {condition}"
        )
        found = self.all(question, *values)
        for seq, text, mark in found:
            if text is None or digest("journal", text) != mark:
                raise LedgerError(
                    f"{self.path}: row {seq} was changed in the file while it was open"
                )
        return [JournalRow(*row) for row in found]

    def _fold(self) -> None:
        """Verifies the whole journal against the anchors, and fills the tables."""
        chain, connection = Chain(self.anchors.lines(), tells_torn=False), self.tables.connection
        connection.execute("BEGIN")
        with closing(connection.cursor()) as rows:
            rows.row_factory = None
            try:
                connection.executemany(
                    _NOTE, self._folded(chain, rows.execute("SELECT * FROM log.row ORDER BY seq"))
                )
            except sqlite3.Error as error:  # its bytes are no row, or no text
                chain.faults.append(f"row {self._head.seq + 1 if self._head else 1}: {error}")
        connection.execute("COMMIT")
        if not chain.faults:
            chain.end()
        if chain.faults:
            raise LedgerError(
                f"{self.path}: the journal is not what was once written: {chain.faults[0]}. "
                "Nothing is sent. Bring the right files back, or keep both as evidence and start "
                "with an empty state folder"
            )

    def _folded(
        self, chain: Chain, rows: Iterable[tuple[int, str, str]]
    ) -> Iterator[tuple[object, ...]]:
        """Applies the file's rows until one differs, and yields what the index has of each."""
        for seq, mark, text in rows:
            row = JournalRow(seq, text, mark)
            try:  # the writer has checked the form of what has this hash
                read: object = from_json(text, cache_strings="keys")
            except ValueError:
                read = None
            fields = chain.follow(row, cast(Fields, read) if isinstance(read, dict) else None)
            if chain.faults or fields is None:
                return
            try:
                entry = _entry(row, fields)
                apply(self.tables.connection, row, fields)
            except IllegalRow as error:
                chain.faults.append(str(error))
                return
            self._head = row
            yield entry
        if self._head is not None:
            self.tables.note_head(self._head)

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ledger_error(self.path, error) from error


def _entry(row: JournalRow, fields: Fields) -> tuple[object, ...]:
    kind, subject, message = fields.get("kind"), fields.get("subject"), fields.get("message")
    are_texts = isinstance(kind, str) and isinstance(subject, str)
    if not (are_texts and (message is None or isinstance(message, str))):
        raise IllegalRow(f"row {row.seq}: it does not say its kind and its subject")
    return row.seq, row.hash, kind, subject, message
