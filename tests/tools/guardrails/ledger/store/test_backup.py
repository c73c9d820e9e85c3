"""A copy of the ledger: whole, verified, beside nobody else's file, or not there."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store import backup
from handwheel.tools.guardrails.ledger.store.backup import Backup, back_up
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.ledger.store.log_file import ledger_file

from .....attacks.edited_file import anchors_of, opened_by_another_process
from .....sites.people import SITE
from .sample_writes import approve, contents, opened, record


def _copied(database: Database, target: Path) -> Backup:
    return back_up(database.journal(), database.site, target)


def _restored(folder: Path, copy: Backup) -> Database:
    folder.mkdir(exist_ok=True)
    ledger_file(folder).parent.mkdir(0o700)
    copyfile(copy.path, ledger_file(folder))
    copyfile(copy.anchors, anchors_of(folder))
    return opened(folder)


def test_a_copy_of_a_ledger_that_is_open_is_whole_and_takes_no_lock(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        approve(database)
        rows, tables = list(database.journal()), contents(database.tables)
        copy = _copied(database, tmp_path / "copy.db")
        record(database, "note", "after the copy")
        assert opened_by_another_process(tmp_path) == "database is locked"
    assert (copy.rows, copy.head) == (len(rows), rows[-1].hash)
    assert {each.stat().st_mode & 0o777 for each in (copy.path, copy.anchors)} == {0o600}
    with _restored(tmp_path / "restored", copy) as restored:
        assert (list(restored.journal()), contents(restored.tables)) == (rows, tables)
        record(restored, "note", "it goes on")


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
                _copied(database, copy)
            assert other.read_text(encoding="utf-8") == "another's"
            assert [*tmp_path.glob("copy.db*")] == [path]
            path.unlink()
        with pytest.raises(LedgerError, match=r"copy\.db: No such file or directory$"):
            _copied(database, tmp_path / "stick" / "copy.db")
        assert _copied(database, copy).rows == 1


def _without_the_second(rows: Sequence[JournalRow]) -> list[JournalRow]:
    return [rows[0], *rows[2:]]


def test_an_unsound_copy_is_not_kept(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as database:
        approve(database)
        rows = list(database.journal())
    with pytest.raises(LedgerError, match="row 3: stands where row 2 belongs; nothing was copied"):
        back_up(_without_the_second(rows), SITE, tmp_path / "copy.db")
    with pytest.raises(LedgerError, match=r"there is no ledger: .*; nothing was copied"):
        back_up([], SITE, tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy.db*"))
    assert back_up(rows, SITE, tmp_path / "copy.db").rows == len(rows)


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments: list[bool] = []  # whether the disk is full with the copy, and with the anchors

    def full(folder: Path) -> None:
        if moments.pop(0):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(backup, "sync_folder", full)
    with opened(tmp_path / "state") as database:
        for is_full in ([True], [False, True]):
            moments[:] = is_full
            with pytest.raises(LedgerError, match="No space left on device; nothing was copied"):
                _copied(database, tmp_path / "copy.db")
            assert not list(tmp_path.glob("copy.db*"))
        moments[:] = [False, False]
        assert _copied(database, tmp_path / "copy.db").rows == 1
