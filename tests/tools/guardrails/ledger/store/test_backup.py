"""A copy of the ledger that others write to is whole, checked, and never in another's place."""

import errno
import os
import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path
from shutil import copyfile
from threading import Event, Thread

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.backup import Backup, back_up, check_copy
from handwheel.tools.guardrails.ledger.store.database import Database

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
