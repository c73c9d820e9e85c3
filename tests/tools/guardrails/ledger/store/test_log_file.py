"""The ledger's file: whose it is, who can open it, and what was done to it while it was closed."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store import tables
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.ledger.store.log_file import ledger_file
from handwheel.tools.guardrails.ledger.store.schema import APPLICATION_ID, VERSION
from handwheel.tools.requests.canonical import digest, parse_canonical

from .....attacks.edited_file import (
    anchors_of,
    chained,
    look_anew,
    opened_by_another_process,
    overwrite,
    put_rows,
    rows_in,
    write_anew,
)
from .....attacks.journal_tampering import Rows
from .....sites.people import SITE
from .sample_writes import approve, contents, file, opened, record

Edit = Callable[[Path], object]
DIFFERS = r"ledger\.db: the journal is not what was once written: "


def test_no_other_process_can_open_it_not_even_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "BUSY_S", 0.0)
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
        path.parent.mkdir(parents=True)
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
    path.parent.mkdir(parents=True)
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


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """The state of a ledger with some rows, which nobody has open."""
    with opened(tmp_path) as database:
        file(database, 1)
        approve(database, 2)
        record(database, "note", "", at="the end")
    return tmp_path


def put(change: Callable[[list[JournalRow]], list[JournalRow]]) -> Edit:
    return lambda state: put_rows(state, change(rows_in(state)))


def changed(rows: list[JournalRow], *, has_hash: bool) -> list[JournalRow]:
    text = rows[2].text.replace("the policy allows", "the policy denies")
    assert text != rows[2].text
    row = JournalRow(3, text, digest("journal", text) if has_hash else rows[2].hash)
    return [*rows[:2], row, *rows[3:]]


def swapped(rows: list[JournalRow]) -> list[JournalRow]:
    third, fourth = rows[2], rows[3]
    two = JournalRow(3, fourth.text, fourth.hash), JournalRow(4, third.text, third.hash)
    return [*rows[:2], *two, *rows[4:]]


def said(rows: list[JournalRow]) -> Rows:
    return [parse_canonical(row.text) for row in rows]


def rewritten(rows: list[JournalRow]) -> list[JournalRow]:
    """The whole journal made anew with another request state; only the anchors do not fit."""
    others = said(rows)
    others[2]["body"] = {"to": "DENIED", "reason": "no"}
    return chained(others)


def added(rows: list[JournalRow]) -> list[JournalRow]:
    return chained([*said(rows), said(rows)[-1]])


def anchors(change: Callable[[list[str]], list[str]]) -> Edit:
    def edit(state: Path) -> None:
        path = anchors_of(state)
        lines = path.read_text(encoding="ascii").splitlines(keepends=True)
        path.write_text("".join(change(lines)), encoding="ascii")

    return edit


EDITS: dict[str, tuple[Edit, str]] = {
    "row changed": (
        put(lambda rows: changed(rows, has_hash=False)), "row 3: its hash does not fit its text"
    ),
    "row changed with its hash": (
        put(lambda rows: changed(rows, has_hash=True)), "row 3: is not the row that was anchored"
    ),
    "row removed": (put(lambda rows: rows[:2] + rows[3:]), "row 4: stands where row 3 belongs"),
    "first row removed": (put(lambda rows: rows[1:]), "row 2: stands where row 1 belongs"),
    "rows swapped": (put(swapped), "row 3: stands where row 3 belongs"),
    "last rows cut off": (put(lambda rows: rows[:-2]), "rows 6 to 7 are missing: they were anch"),
    "everything cut off": (put(lambda rows: []), "rows 1 to 7 are missing: they were anchored"),
    "made anew": (put(rewritten), "row 3: is not the row that was anchored"),
    "anchors removed": (
        lambda state: anchors_of(state).unlink(), "anchors: there are none of the first 7 rows"
    ),
    "anchors cut off in front": (
        anchors(lambda lines: lines[5:]), "anchors: there are none of the first 5 rows"
    ),
    "an anchor edited": (
        anchors(lambda lines: [*lines[:3], f"4 {'f' * 64}\n", *lines[4:]]),
        "row 4: is not the row that was anchored",
    ),
    "an anchor twice": (
        anchors(lambda lines: [*lines, f"4 {'f' * 64}\n"]),
        "anchors: row 4 has two different anchors",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "fault"), EDITS.values(), ids=EDITS)
def test_a_file_that_was_edited_is_not_opened(closed: Path, edit: Edit, fault: str) -> None:
    """The first row that differs is named, and the twin that nobody has touched opens."""
    with opened(closed) as twin:
        before = list(twin.journal())
    edit(closed)
    with pytest.raises(LedgerError, match=DIFFERS) as told:
        opened(closed)
    assert fault in str(told.value)
    assert "Nothing is sent. Bring the right files back" in str(told.value)
    put_rows(closed, before)
    lines = "".join(f"{row.seq} {row.hash}\n" for row in before)
    anchors_of(closed).write_text(lines, encoding="ascii")
    with opened(closed) as repaired:
        assert list(repaired.journal()) == before


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda rows: rows[2].update(body={"to": "CLOSED", "reason": ""}), "from PROPOSED to CL"),
        (lambda rows: rows[2].update(body=[]), "row 3 (request.PENDING): list indices must be"),
        (lambda rows: rows[2].update(body=7), "row 3 (request.PENDING): "),
        (lambda rows: rows[2].pop("body"), "row 3 (request.PENDING): 'body'"),
        (lambda rows: rows[2].pop("kind"), "row 3: it does not say its kind and its subject"),
        (lambda rows: rows[2].update(subject=7), "row 3: it does not say its kind and its subj"),
        (lambda rows: rows[1].update(boot_s="soon"), "row 2 (request.filed): could not convert"),
        (lambda rows: rows.insert(3, rows[1]), "row 4 (request.filed): UNIQUE constraint failed"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_follow_is_named_though_every_hash_and_anchor_fits(
    closed: Path, change: Callable[[Rows], object], fault: str
) -> None:
    rows = said(rows_in(closed))
    write_anew(closed, rows)
    opened(closed).close()
    change(rows)
    write_anew(closed, rows)
    with pytest.raises(LedgerError, match=DIFFERS) as told:
        opened(closed)
    assert fault in str(told.value)


def test_a_row_that_was_committed_and_not_anchored_is_kept(closed: Path) -> None:
    """The process was killed in between; the next one anchors what follows it."""
    anchors(lambda lines: lines[:-1])(closed)
    with opened(closed) as database:
        assert len(list(database.journal())) == 7
        record(database, "note", "")
    with opened(closed) as again:
        assert len(list(again.journal())) == 8


def test_a_damaged_file_is_one_clear_error(closed: Path) -> None:
    path = ledger_file(closed)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(LedgerError, match="malformed"):
        opened(closed)


def test_an_older_pair_is_another_ledger_that_is_whole(closed: Path, tmp_path: Path) -> None:
    """Nothing in it tells that it is older. That is why no approval outlives a gate."""
    older = [tmp_path / name for name in ("older.db", "older.anchors")]
    copyfile(ledger_file(closed), older[0])
    copyfile(anchors_of(closed), older[1])
    with opened(closed) as database:
        before = contents(database.tables)
        approve(database, 3)
    copyfile(older[0], ledger_file(closed))
    with pytest.raises(LedgerError, match="are missing: they were anchored"):
        opened(closed)
    copyfile(older[1], anchors_of(closed))
    with opened(closed) as database:
        assert contents(database.tables) == before


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


def test_a_file_that_is_gone_or_another_is_told(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        database.check_file()
        kept = database.path.rename(database.path.with_name("kept"))
        with pytest.raises(LedgerError, match="No such file or directory; nothing is sent"):
            database.check_file()
        copyfile(kept, database.path)
        with pytest.raises(LedgerError, match="was replaced while it was open; nothing is sent"):
            database.check_file()
        kept.replace(database.path)
        database.check_file()


def test_a_message_is_found_by_its_digest_also_by_the_next_gate(tmp_path: Path) -> None:
    mark = "ab" * 32
    with opened(tmp_path) as database:
        with database.under(mark):
            name = file(database)
        record(database, "note", name)
        rows = database.rows_under(mark)
        assert [parse_canonical(row.text)["kind"] for row in rows] == [
            "request.filed", "request.PENDING",
        ]  # fmt: skip
        assert database.rows_under("cd" * 32) == []
    with opened(tmp_path) as database:
        assert database.rows_under(mark) == rows
