"""The ledger's file: whose it is, who can open it, and what happens to it while it is open."""

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store import sqlite_errors
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.log_file import attach_log, ledger_file
from handwheel.tools.guardrails.ledger.store.schema import APPLICATION_ID, VERSION

from .....attacks.edited_file import (
    anchors_of,
    closed_file,
    look_anew,
    opened_by_another_process,
    overwrite,
)
from .....sites.people import SITE
from .sample_writes import contents, file, opened, record


def test_no_other_process_can_open_it_not_even_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_errors, "BUSY_S", 0.0)
    with opened(tmp_path) as database:
        assert opened_by_another_process(tmp_path) == "database is locked"
        file(database)
        assert opened_by_another_process(tmp_path) == "database is locked"
        with pytest.raises(LedgerError, match="another process has it open; there is one gate"):
            opened(tmp_path)
        with pytest.raises(LedgerError, match="another process has it open; there is one gate"):
            Database(tmp_path, SITE, read_only=True)
        file(database, 2)  # the attempts have taken no lock away
        rows = len(list(database.journal()))
        assert opened_by_another_process(tmp_path) == "database is locked"
    assert opened_by_another_process(tmp_path) == str(rows)


def test_folder_and_files_are_their_owners_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "var") as database:
        file(database)
        rights = {each.name: each.stat().st_mode & 0o777 for each in database.path.parent.iterdir()}
        assert database.path.parent.stat().st_mode & 0o777 == 0o700
    assert {rights.pop("ledger.db"), rights.pop("ledger.db-wal")} == {0o600}
    assert not rights.pop("anchors") & 0o007
    assert rights == {}


def test_what_is_no_ledger_of_ours_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    table, ours = "CREATE TABLE row(seq, hash, text);", f"PRAGMA application_id = {APPLICATION_ID}"
    cases: list[tuple[bytes | str, str]] = [
        (table, "is another program's database"),
        (f"{table} PRAGMA application_id = 7;", "is another program's database"),
        (f"{table} {ours};", f"is a ledger of version 0, not {VERSION}"),
        (f"{table} {ours}; PRAGMA user_version = 9;", f"is a ledger of version 9, not {VERSION}"),
        (b"no database at all" * 100, "file is not a database"),
        (b"SQLite format 3\0" * 100, "file is not a database"),
    ]
    for number, (content, reason) in enumerate(cases):
        state = tmp_path / str(number)
        path = ledger_file(state)
        state.mkdir()
        path.parent.mkdir(0o700)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            with closing(sqlite3.connect(path)) as other:
                other.executescript(content)
        before = path.read_bytes()
        with pytest.raises(LedgerError, match=rf"ledger\.db: {reason}"):
            opened(state)
        assert path.read_bytes()[100:] == before[100:], content  # but for the kind of log


def test_another_sites_ledger_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(LedgerError, match="is the ledger of site 'cw-demo', not 'works-7'"):
        Database(tmp_path, "works-7")
    opened(tmp_path).close()


def test_what_stands_in_its_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "precious"
    victim.write_text("precious", encoding="utf-8")
    path = ledger_file(tmp_path / "var")
    path.parent.parent.mkdir()
    path.parent.mkdir(0o700)
    path.symlink_to(victim)
    with pytest.raises(LedgerError, match=r"ledger\.db: is a link, or no file"):
        opened(tmp_path / "var")
    path.unlink()
    path.mkdir()
    with pytest.raises(LedgerError, match=r"ledger\.db: is a link, or no file"):
        opened(tmp_path / "var")
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="Not a directory"):
        opened(tmp_path / "file" / "var")
    path.rmdir()
    anchors_of(tmp_path / "var").symlink_to(victim)
    with pytest.raises(LedgerError, match="anchors"):
        opened(tmp_path / "var")
    assert victim.read_text(encoding="utf-8") == "precious"


def _make_open(folder: Path) -> None:
    folder.mkdir(0o700)
    folder.chmod(0o750)


def _make_link(folder: Path) -> None:
    folder.with_name("elsewhere").mkdir(0o700)
    folder.symlink_to("elsewhere")


def _make_anothers(folder: Path) -> None:
    folder.mkdir(0o700)


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("make", "step"),
    [(_make_open, "chmod 700 "), (_make_link, "mv "), (Path.touch, "mv "), (_make_anothers, "mv ")],
)
def test_a_folder_that_others_may_change_is_refused_until_the_next_step_is_done(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], None],
    step: str,
    read_only: bool,
) -> None:
    make(ledger_file(tmp_path).parent)
    if make is _make_anothers:
        monkeypatch.setattr(os, "geteuid", lambda: 1 + os.getuid())
    with pytest.raises(LedgerError, match=f"next: {step}") as told:
        Database(tmp_path, SITE, read_only=read_only)
    assert not list(tmp_path.glob("*/*"))
    monkeypatch.undo()
    subprocess.run(str(told.value).partition("next: ")[2], shell=True, check=True)
    opened(tmp_path).close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every file")
def test_a_file_without_rights_is_one_clear_error(tmp_path: Path) -> None:
    opened(tmp_path).close()
    ledger_file(tmp_path).chmod(0o000)
    with pytest.raises(LedgerError, match="Permission denied"):
        opened(tmp_path)


def test_where_nothing_is_to_be_recorded_none_is_made(tmp_path: Path) -> None:
    with Database(tmp_path / "var", SITE, read_only=True) as database:
        assert (database.head(), list(database.journal())) == (None, [])
        with pytest.raises(LedgerError, match="readonly"):
            file(database)
    assert not (tmp_path / "var").exists()


def test_a_reader_has_a_copy_and_keeps_no_process_from_opening_the_file(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        file(database)
        rows = list(database.journal())
    with Database(tmp_path, SITE, read_only=True) as read, opened(tmp_path) as database:
        file(database, 2)
        assert list(read.journal()) == rows


def test_an_attempt_that_failed_keeps_no_part_of_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that each keep a part of it would wait for each other."""
    monkeypatch.setattr(sqlite_errors, "BUSY_S", 0.0)
    opened(tmp_path).close()
    memory = sqlite3.connect(":memory:", timeout=0.0, isolation_level=None)
    with closing(memory), closed_file(tmp_path) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN")
        other.execute("SELECT * FROM row").fetchall()
        with pytest.raises(LedgerError, match="another process has it open"):
            attach_log(memory, ledger_file(tmp_path), SITE)
        other.execute("COMMIT")
        other.execute("BEGIN EXCLUSIVE")


def test_bytes_that_change_under_an_open_ledger_change_nothing_and_are_told(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as database:
        name = file(database)
        before = contents(database.tables)
        overwrite(tmp_path, "the policy allows", "the policy denies")
        look_anew(database)
        with pytest.raises(LedgerError, match="row 3 was changed in the file while it was open"):
            list(database.journal())
        assert contents(database.tables) == before
        record(database, "request.APPROVED", name, to="APPROVED", reason="")
        assert database.all("SELECT state FROM request")[0][0] == "APPROVED"
    with pytest.raises(LedgerError, match="row 3: its hash does not fit its text"):
        opened(tmp_path)
    overwrite(tmp_path, "the policy denies", "the policy allows")
    with opened(tmp_path) as database:
        assert database.all("SELECT state FROM request")[0][0] == "APPROVED"


@pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal", "anchors"])
def test_a_file_that_is_gone_or_another_is_told(tmp_path: Path, name: str) -> None:
    with opened(tmp_path) as database:
        database.check_file()
        path = database.path.with_name(name)
        kept = path.rename(path.with_name("kept"))
        with pytest.raises(LedgerError, match="No such file or directory; nothing is sent"):
            database.check_file()
        copyfile(kept, path)
        with pytest.raises(LedgerError, match="was replaced while it was open; nothing is sent"):
            database.check_file()
        kept.replace(path)
        database.check_file()
        path.unlink()
        path.touch()  # which would get the same number, were the file not open
        with pytest.raises(LedgerError, match="was replaced while it was open; nothing is sent"):
            database.check_file()
