"""The ledger's file while others open, change, hold and copy it."""

import errno
import os
import sqlite3
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from shutil import copyfile
from threading import Event, Thread
from typing import Any

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store import database as ledger
from handwheel.tools.guardrails.ledger.store.backup import Backup, back_up, check_copy
from handwheel.tools.guardrails.ledger.store.connection import connect
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.ledger.store.schema import create_tables

from .....attacks.sql_shell import without_triggers
from .....sites.people import SITE
from .sample_writes import opened


def _write(database: Database, number: int) -> None:
    with database.transaction() as transaction:
        transaction.record("test", "", {"number": number, "text": "x" * 2000})


def _restored(folder: Path, copy: Path) -> Database:
    folder.mkdir()
    copyfile(copy, folder / "ledger.db")
    copyfile(copy.with_name(f"{copy.name}.anchors"), folder / "anchors")
    return opened(folder)


def test_a_copy_made_while_somebody_commits_is_whole_and_loses_nobodys_row(tmp_path: Path) -> None:
    begun, done = Event(), Event()
    written: list[int] = []

    def write() -> None:
        with opened(tmp_path) as other:
            while not done.is_set():
                _write(other, len(written))
                written.append(len(written))
                begun.set()

    with opened(tmp_path) as database:
        writer = Thread(target=write)
        writer.start()
        try:
            assert begun.wait(10.0)
            copies: list[tuple[int, Backup]] = []
            for number in range(5):
                before = len(written)
                copies.append((before, back_up(database, tmp_path / f"copy-{number}.db")))
        finally:
            done.set()
            writer.join()
        _write(database, -1)
        rows = list(database.journal())
    assert len(rows) == 1 + len(written) + 1
    for before, copy in copies:
        assert copy.rows > before
        assert copy.head == rows[copy.rows - 1].hash
        with _restored(tmp_path / copy.path.stem, copy.path) as restored:
            assert list(restored.journal()) == rows[: copy.rows]
            _write(restored, 0)


def test_nothing_is_overwritten_and_a_missing_folder_is_told(tmp_path: Path) -> None:
    other, copy = tmp_path / "other", tmp_path / "copy.db"
    other.write_text("another's", encoding="utf-8")
    anchors = tmp_path / "copy.db.anchors"
    with opened(tmp_path / "state") as database:
        for path, target in (
            (copy, None),
            (copy, other),
            (anchors, None),
            (anchors, tmp_path / "no"),
        ):
            path.symlink_to(target) if target else path.write_text("another's", encoding="utf-8")
            with pytest.raises(LedgerError, match="is there already; nothing was copied"):
                back_up(database, copy)
            assert other.read_text(encoding="utf-8") == "another's"
            assert [*tmp_path.glob("copy.db*")] == [path]
            path.unlink()
        with pytest.raises(LedgerError, match=r"copy\.db: No such file or directory$"):
            back_up(database, tmp_path / "stick" / "copy.db")
        assert back_up(database, copy).rows == 1


def test_an_unsound_copy_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "state") as database:
        _write(database, 1)
        old = back_up(database, tmp_path / "old.db")
        _write(database, 2)

        def put_the_old_one_there(target: Path) -> None:
            copyfile(old.path, target)

        monkeypatch.setattr(database, "copy_into", put_the_old_one_there)
        with pytest.raises(LedgerError, match="rows 3 to 3 are missing: they were anchored"):
            back_up(database, tmp_path / "copy.db")
        assert not list(tmp_path.glob("copy.db*"))
        monkeypatch.undo()
        assert back_up(database, tmp_path / "copy.db").rows == 3
        head = database.head()
    with pytest.raises(LedgerError, match="is older than the ledger"):
        check_copy(old.path, SITE, [], head)
    with pytest.raises(LedgerError, match="is the ledger of site 'cw-demo', not 'works-7'"):
        check_copy(old.path, "works-7", [])


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments: list[bool] = []  # whether the disk is full with the copy, and with the anchors

    def full(folder: Path) -> None:
        if moments.pop(0):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("handwheel.tools.guardrails.ledger.store.backup.sync_folder", full)
    with opened(tmp_path / "state") as database:
        for is_full in ([True], [False, True]):
            moments[:] = is_full
            with pytest.raises(LedgerError, match="No space left on device; nothing was copied"):
                back_up(database, tmp_path / "copy.db")
            assert not list(tmp_path.glob("copy.db*"))
        moments[:] = [False, False]
        assert back_up(database, tmp_path / "copy.db").rows == 1


def test_a_copy_that_was_damaged_or_touched_is_told(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as database:
        _write(database, 1)
        copy = back_up(database, tmp_path / "copy.db")
    lines = copy.anchors.read_text(encoding="ascii").splitlines()
    assert check_copy(copy.path, SITE, lines) == (2, copy.head)
    data = copy.path.read_bytes()
    altered = "UPDATE journal SET text = replace(text, 'number', 'lumber') WHERE seq = 2"
    for statement, fault in [
        (altered, "the journal in it is not sound: row 2: its hash does not fit its text"),
        ("DROP TRIGGER journal_continues", "its tables or triggers were altered"),
        ("PRAGMA user_version = 1", "is no ledger of version"),
    ]:
        copy.path.write_bytes(data)
        with (
            closing(sqlite3.connect(copy.path, isolation_level=None)) as shell,
            without_triggers(shell) if statement is altered else nullcontext(),
        ):
            shell.execute(statement)
        with pytest.raises(LedgerError, match=fault):
            check_copy(copy.path, SITE, lines)
    pages = bytes([data[39] ^ 4])  # how many of its pages are free
    for content, fault in [
        (data[:39] + pages + data[40:], r"(?s)is damaged: .*size is 0 but should be 4"),
        (b"nothing" * 1000, r"copy\.db: file is not a database$"),
    ]:
        copy.path.write_bytes(content)
        with pytest.raises(LedgerError, match=fault):
            check_copy(copy.path, SITE, lines)


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
