"""The ledger's file while others open, change and hold it; and one moment of it for reading."""

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store import database as ledger
from handwheel.tools.guardrails.ledger.store.connection import connect
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.ledger.store.schema import create_tables

from .....sites.people import SITE
from .sample_writes import opened

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # every commit waits for the disk
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "trusted_schema": 0,
}


def _kinds(database: Database) -> list[str]:
    return [row.fields["kind"] for row in database.journal()]


class BegunByAnother(Database):
    """A ledger whose journal another process begins, after this one has found it empty."""

    looks = 0

    def head(self) -> JournalRow | None:
        found = super().head()
        self.looks += 1
        if self.looks == 2:
            opened(self._path.parent).close()
        return found


class MadeByAnother(Database):
    """A ledger whose tables another process makes, after this one has found none."""

    def _create(self) -> int:
        opened(self._path.parent).close()
        return super()._create()


def test_a_commit_waits_for_the_disk_and_every_rule_of_the_tables_holds(tmp_path: Path) -> None:
    for _ in ("new", "there already"):
        with opened(tmp_path) as database:
            found = {name: database.all(f"PRAGMA {name}")[0][0] for name in PRAGMAS}
        assert found == PRAGMAS


@pytest.mark.parametrize("kind", [Database, BegunByAnother, MadeByAnother])
def test_whoever_opens_first_there_is_one_beginning(tmp_path: Path, kind: type[Database]) -> None:
    with kind(tmp_path, SITE) as database:
        assert _kinds(database) == ["ledger.created"]
        assert len(database.all("SELECT site FROM meta")) == 1
    with opened(tmp_path) as database:
        assert _kinds(database) == ["ledger.created"]


def test_tables_are_all_made_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(connection: sqlite3.Connection) -> None:
        create_tables(connection)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(ledger, "create_tables", made)
    with pytest.raises(LedgerError, match="database or disk is full"):
        opened(tmp_path)
    monkeypatch.undo()
    with opened(tmp_path) as database:
        assert _kinds(database) == ["ledger.created"]


@pytest.mark.parametrize(
    ("name", "times", "asked"), [("BUSY", 2, 3), ("BUSY_RECOVERY", 1, 2), ("IOERR", 1, 1)]
)
def test_who_comes_while_another_makes_the_change_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, times: int, asked: int
) -> None:
    """For that SQLite does not wait by itself; whatever else is wrong is told at once."""
    questions: list[str] = []

    class Contended(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if "journal_mode" in sql:
                questions.append(sql)
                if len(questions) <= times:
                    error = sqlite3.OperationalError(f"it is {name}")
                    error.sqlite_errorname = f"SQLITE_{name}"
                    raise error
            return super().execute(sql, *values)

    opened = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", partial(opened, factory=Contended))
        if asked > times:
            connect(tmp_path / "ledger.db").close()
        else:
            with pytest.raises(LedgerError, match="it is IOERR; is the disk full, or broken"):
                connect(tmp_path / "ledger.db")
    assert len(questions) == asked


def test_nothing_is_begun_without_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite keeps no log of a database in memory, and answers as on a disk that has none."""
    opened = sqlite3.connect

    def in_memory(path: Path, *, timeout: float, isolation_level: None) -> sqlite3.Connection:
        return opened(":memory:", timeout=timeout, isolation_level=isolation_level)

    path = tmp_path / "ledger.db"
    monkeypatch.setattr(sqlite3, "connect", in_memory)
    with pytest.raises(
        LedgerError, match="is on a file system where SQLite cannot use WAL; use a local disk"
    ):
        connect(path)
    monkeypatch.undo()
    connect(path).close()


def test_a_moment_inside_a_moment_is_the_same_and_ends_with_the_outer(tmp_path: Path) -> None:
    with opened(tmp_path) as database, opened(tmp_path) as other:
        with database.one_moment():
            before = _kinds(database)
            with database.one_moment():
                with other.transaction() as transaction:
                    transaction.record("test", "", {})
                assert _kinds(database) == before
            assert _kinds(database) == before
        assert _kinds(database) == [*before, "test"]
        with pytest.raises(LedgerError, match="unable to open database file; may the folder be wr"):
            database.copy_into(tmp_path)
