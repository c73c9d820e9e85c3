"""The ledger's database, opened strictly and changed by short transactions."""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

from ....errors import LedgerError
from ....requests.timestamps import Instant, instant_now, stamp
from .connection import connect, ledger_error
from .journal import Anchors, JournalRow, next_row
from .schema import APPLICATION_ID, VERSION, create_tables, is_altered

_ROWS = "SELECT seq, text, hash FROM journal"
_ANCHORED = "SELECT seq, hash FROM journal WHERE seq >= ?"
_NEVER = 2**63 - 1

LEDGER_FILE = "ledger.db"
"""Its name in the site's state folder."""


class LostRace(LedgerError):
    """Another process changed the row first. Nothing was changed here."""


class LedgerReader(Protocol):
    """Ledger or transaction that the functions of this package read from."""

    def all(self, question: str, *values: object) -> list[sqlite3.Row]:
        """Returns every answer."""
        ...


class Transaction:
    """One transaction. All its changes and journal rows are committed, or none."""

    def __init__(self, connection: sqlite3.Connection, now: Instant) -> None:
        self._connection = connection
        self.now = now
        self.rows: list[JournalRow] = []

    def record(self, kind: str, subject: str, body: dict[str, object]) -> JournalRow:
        """Appends a row to the journal."""
        last = self.rows[-1] if self.rows else last_row(self._connection)
        row = next_row(last, self.now, kind, subject, body)
        self._connection.execute(
            "INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)", (row.seq, row.hash, row.text)
        )
        self.rows.append(row)
        return row

    def change(self, statement: str, values: Sequence[object]) -> None:
        """Changes exactly one row, or raises `LostRace`, since what it compares is no longer so."""
        if self._connection.execute(statement, values).rowcount != 1:
            raise LostRace("another process changed it first; nothing was changed")

    def one(self, question: str, *values: object) -> Any:
        """Returns the first column of the first answer, or `None`."""
        row = self._connection.execute(question, values).fetchone()
        return None if row is None else row[0]

    def all(self, question: str, *values: object) -> list[sqlite3.Row]:
        """Returns every answer."""
        return self._connection.execute(question, values).fetchall()


class Database:
    """An open ledger of a site, made in the state folder if there is none.

    The state folder must be on a local disk. A ledger that cannot be opened or read, is another
    site's, or is older than its anchors say, raises `LedgerError`.
    """

    def __init__(self, state: Path, site: str) -> None:
        path = state / LEDGER_FILE
        self.site = site
        self.anchors = Anchors(path.with_name("anchors"))
        self._path = path
        self._open: Transaction | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = connect(path)
        except OSError as error:
            raise LedgerError(f"{path}: {error.strerror}") from None
        try:
            self._prepare()
            self.check_anchors(of_all=False)  # an audit tells of the others, one by one
            if self.head() is None:
                self._begin_journal()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the database. What was committed stays."""
        self._connection.close()

    def refuse_changes(self) -> None:
        """Lets SQLite refuse every change over this connection from now on, as `LedgerError`."""
        with self._translated():
            self._connection.execute("PRAGMA query_only = ON")

    @contextmanager
    def transaction(
        self, now: Instant | None = None, *, waits_for_anchor: bool = True
    ) -> Generator[Transaction]:
        """Opens a transaction that is committed at the end, and rolled back on any error.

        One inside another is part of it: all is committed by the outer one, or nothing.

        Args:
            waits_for_anchor: Until the disk has the anchor as well as the rows; see
                `Anchors.note`. Needed where something leaves that relies on it.

        Raises:
            LedgerError: It cannot be written; nothing was changed. If the message says that it
                is not anchored, it is the anchors that could not be written, and the change
                stands.
        """
        if self._open is not None:
            yield self._open
            return
        with self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._open = transaction = Transaction(self._connection, now or instant_now())
                yield transaction
                if transaction.rows:
                    self._prepare_anchors(transaction.rows[0].seq)
                self._connection.execute("COMMIT")
            finally:
                self._open = None
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        if transaction.rows:
            self.anchors.note(transaction.rows, waits=waits_for_anchor)

    @contextmanager
    def one_moment(self) -> Generator[None]:
        """Makes everything that is read inside be of one moment.

        Nothing may be written inside. Others can, and their rows wait in the write-ahead log.
        One inside another is the same moment.
        """
        if self._connection.in_transaction:
            yield
            return
        with self._translated():
            self._connection.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def all(self, question: str, *values: object) -> list[sqlite3.Row]:
        """Returns every answer to a question."""
        try:
            return self._connection.execute(question, values).fetchall()
        except sqlite3.Error as error:
            raise ledger_error(self._path, error) from error

    def version(self) -> tuple[int, int]:
        """Returns a value that changes with every change of the ledger, by any process."""
        return self.all("PRAGMA data_version")[0][0], self._connection.total_changes

    def journal(self, after: int = 0) -> Iterator[JournalRow]:
        """Yields the journal's rows in order, those after a number."""
        with self._translated(), closing(self._connection.cursor()) as cursor:
            cursor.execute(
                "SELECT seq, text, hash FROM journal WHERE seq > ? ORDER BY seq", (after,)
            )
            for seq, text, mark in cursor:
                yield JournalRow(seq, text, mark)

    def copy_into(self, target: Path) -> None:
        """Copies the whole database, as it is at one moment, into an empty file.

        Others go on writing meanwhile. The copy is one file, without a write-ahead log.
        """
        try:
            with closing(sqlite3.connect(target)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise ledger_error(target, error) from None

    def head(self) -> JournalRow | None:
        """Returns the journal's last row."""
        with self._translated():
            return last_row(self._connection)

    def check_anchors(self, *, of_all: bool = True) -> None:
        """Refuses a ledger that is older than its anchors, or was cut off and gone on with.

        Args:
            of_all: Of the latest some hundreds, not of the furthest alone: others may have gone
                on from where it was cut.
        """
        head = self.head()  # before the anchors: they follow it
        anchored = self.anchors.latest()
        if not anchored:
            self._check_is_new(head.seq if head else 0)
            return
        anchored = anchored if of_all else [max(anchored)]
        first, _ = min(anchored)
        found = {tuple(row) for row in self.all(_ANCHORED, first)}
        if wrong := [seq for seq, mark in anchored if (seq, mark) not in found]:
            raise LedgerError(
                f"{self._path}: row {max(wrong)} of the journal is not the one that was anchored; "
                "the ledger was replaced or cut off. Nothing is sent. Bring the right one back, or "
                "keep both files as evidence and start with an empty state folder"
            )

    def check_schema(self) -> None:
        """Refuses a ledger in which a table, an index or a trigger is not the one that was made."""
        with self._translated():
            if is_altered(self._connection):
                raise LedgerError(
                    f"{self._path}: its tables or triggers were altered. Nothing is sent. Keep it "
                    "as evidence and start with an empty state folder"
                )

    def _prepare_anchors(self, first: int) -> None:
        """Anchors the very first row before a second can be committed, if a kill has lost it."""
        if not self.anchors.prepare():
            self._check_is_new(first - 1)
            if earlier := last_row(self._connection, before=first):
                self.anchors.note([earlier])

    def _check_is_new(self, rows: int) -> None:
        if rows > 1:
            raise LedgerError(
                f"{self._path}: its journal has {rows} rows, and none is anchored beside it; "
                "the anchors were removed. Nothing is sent. Bring them back, or keep the ledger "
                "as evidence and start with an empty state folder"
            )

    def _prepare(self) -> None:
        with self._translated():
            version = self._version()
            if version == 0:
                version = self._create()
        if version != VERSION:
            raise LedgerError(f"{self._path}: is a ledger of version {version}, not {VERSION}")
        self.check_schema()
        site = self.all("SELECT site FROM meta")[0][0]
        if site != self.site:
            raise LedgerError(f"{self._path}: is the ledger of site {site!r}, not {self.site!r}")

    def _begin_journal(self) -> None:
        with self.transaction() as transaction:
            if not transaction.one("SELECT 1 FROM journal"):
                transaction.record("ledger.created", self.site, {})

    def _version(self) -> int:
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return version

    def _create(self) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            if self._version() == 0:  # no other process was faster
                self._create_tables()
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        return self._version()

    def _create_tables(self) -> None:
        if self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise LedgerError(f"{self._path}: is another program's database")
        create_tables(self._connection)
        now = stamp(instant_now().wall)
        self._connection.execute("INSERT INTO meta VALUES (?, ?)", (self.site, now))
        self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ledger_error(self._path, error) from error


def last_row(connection: sqlite3.Connection, before: int = _NEVER) -> JournalRow | None:
    """Returns the journal's last row, or the last before a number."""
    found = connection.execute(
        f"{_ROWS} WHERE seq < ? ORDER BY seq DESC LIMIT 1", (before,)
    ).fetchone()
    return JournalRow(*found) if found else None
