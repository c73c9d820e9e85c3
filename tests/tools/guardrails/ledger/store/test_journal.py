"""The journal's chain and its anchors: what was altered, dropped, replaced or cut off shows."""

import errno
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import (
    FIRST,
    Anchors,
    JournalRow,
    chain_faults,
    next_row,
)
from handwheel.tools.requests.canonical import digest

from .....sites.signed_requests import NOW
from .sample_writes import opened

Tamper = Callable[[list[JournalRow]], list[JournalRow]]


def _chain(length: int) -> list[JournalRow]:
    rows: list[JournalRow] = []
    for number in range(length):
        rows.append(next_row(rows[-1] if rows else None, NOW, "test", "", {"n": number}))
    return rows


def _anchors(rows: Sequence[JournalRow]) -> list[str]:
    return [f"{row.seq} {row.hash}" for row in rows]


def _altered(rows: list[JournalRow], *, has_its_hash: bool = False) -> list[JournalRow]:
    text = rows[3].text.replace('"n":3', '"n":9')
    row = JournalRow(4, text, digest("journal", text) if has_its_hash else rows[3].hash)
    return [*rows[:3], row, *rows[4:]]


_altered_with_its_hash = partial(_altered, has_its_hash=True)


def _rewritten(rows: list[JournalRow]) -> list[JournalRow]:
    """Everything from the fourth row on made anew, with a chain that holds."""
    made = rows[:3]
    while len(made) < len(rows):
        made.append(next_row(made[-1], NOW, "test", "", {"n": 99}))
    return made


def _picked(*places: int) -> Tamper:
    return lambda rows: [rows[place] for place in places]


def _with_last_text(text: str) -> Tamper:
    return lambda rows: [*rows[:-1], JournalRow(len(rows), text, digest("journal", text))]


def test_each_tampering_is_told() -> None:
    cases: list[tuple[Tamper, str]] = [
        (_altered, "row 4: its hash does not fit its text"),
        (_altered_with_its_hash, "row 5: does not continue the row before it"),
        (_altered_with_its_hash, "row 4: is not the row that was anchored"),
        (_rewritten, "row 4: is not the row that was anchored"),
        (_picked(0, 1, 2, 4, 5), "row 5: stands where row 4 belongs"),
        (_picked(0, 1, 3, 2, 4, 5), "row 4: stands where row 3 belongs"),
        (_picked(0, 1, 2, 3), "rows 5 to 6 are missing: they were anchored"),
        (_picked(0, 1, 2, 3, 4, 5, 5), "row 6: stands where row 7 belongs"),
        (_with_last_text("[]"), "row 6: it is no table"),
        (_with_last_text('{"seq": 6}'), "row 6: it is not in canonical form"),
    ]
    rows = _chain(6)
    assert rows[0].fields["prev"] == FIRST
    assert list(chain_faults(rows, _anchors(rows))) == list(chain_faults([], [])) == []
    for tamper, fault in cases:
        faults = list(chain_faults(tamper(rows), _anchors(rows)))
        assert any(each.startswith(fault) for each in faults), faults


def test_an_anchors_file_that_was_touched_is_told() -> None:
    rows = _chain(3)
    lines = _anchors(rows)
    assert list(chain_faults(rows, [*lines, f"2 {'f' * 64}"])) == [
        "anchors: row 2 has two different anchors"
    ]
    assert list(chain_faults(rows, [])) == ["anchors: there are none of the first 3 rows"]
    assert list(chain_faults(rows, lines[:2])) == []  # killed between commit and anchor
    assert list(chain_faults(rows, [*lines, "2 abc"])) == ["anchors: '2 abc' is no anchor"]
    assert list(chain_faults(rows, [lines[0], f"2 {'f' * 64}"])) == [
        "row 2: is not the row that was anchored"
    ]


@given(st.data())
def test_any_change_of_any_row_is_found(data: st.DataObject) -> None:
    rows = _chain(4)
    place = data.draw(st.integers(0, 3))
    text = rows[place].text
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(text[at].__ne__))
    changed = JournalRow(place + 1, f"{text[:at]}{letter}{text[at + 1 :]}", rows[place].hash)
    assert list(chain_faults([*rows[:place], changed, *rows[place + 1 :]], _anchors(rows)))


def _write(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.record("test", "", {})


def test_an_old_copy_in_its_place_is_refused(tmp_path: Path) -> None:
    ledger, copy = tmp_path / "ledger.db", tmp_path / "copy.db"
    refusal = r"row 3 .* was replaced or cut off\. Nothing is sent"
    with opened(tmp_path) as database:
        _write(database)
        database.copy_into(copy)
        _write(database)
    copy.replace(ledger)
    with pytest.raises(LedgerError, match=refusal):
        opened(tmp_path)
    # Somebody goes on with the copy: the same number, another row.
    with closing(sqlite3.connect(ledger, isolation_level=None)) as shell:
        last = JournalRow(*shell.execute("SELECT seq, text, hash FROM journal").fetchall()[-1])
        row = next_row(last, NOW, "test", "", {"another": True})
        statement = "INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)"
        shell.execute(statement, (3, row.hash, row.text))
    with pytest.raises(LedgerError, match=refusal):
        opened(tmp_path)
    for path in tmp_path.glob("ledger.db*"):
        path.unlink()
    for _ in range(2):  # a ledger that is gone beside its anchors is not begun anew
        with pytest.raises(LedgerError, match="row 3 of the journal is not the one"):
            opened(tmp_path)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("remove", [Path.unlink, _empty])
def test_no_ledger_is_used_unanchored(tmp_path: Path, remove: Callable[[Path], object]) -> None:
    opened(tmp_path).close()
    remove(tmp_path / "anchors")
    with opened(tmp_path) as database:  # whoever began it was killed before the first anchor
        _write(database)
        assert database.anchors.lines() == _anchors(list(database.journal()))
        remove(tmp_path / "anchors")
        with pytest.raises(LedgerError, match="has 2 rows, and none is anchored beside it"):
            _write(database)
    with pytest.raises(LedgerError, match="has 2 rows, and none is anchored beside it"):
        opened(tmp_path)


@pytest.mark.parametrize("torn", ["4 ", f"4 {'a' * 63}", "\x00\x00", "4 é"])
def test_a_last_line_torn_by_a_power_failure_is_passed_over(tmp_path: Path, torn: str) -> None:
    with opened(tmp_path) as database:
        _write(database)
    with (tmp_path / "anchors").open("ab") as anchors:
        anchors.write(torn.encode())
    with opened(tmp_path) as database:
        _write(database)
        rows = list(database.journal())
    lines = (tmp_path / "anchors").read_bytes().decode().split("\n")
    assert lines == [*_anchors(rows[:2]), torn, *_anchors(rows[2:]), ""]
    assert len(list(chain_faults(rows, lines[:-1]))) == 1


def _no_space(file: int, data: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_cannot_be_anchored_is_an_error_after_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: list[tuple[Callable[[int, bytes], int], str]] = [
        (_no_space, "No space left on device; it was recorded, but not anchored"),
        (lambda file, data: len(data) - 1, "the disk is full; it was recorded, but not anchored"),
    ]
    for number, (write, reason) in enumerate(cases):
        with opened(tmp_path / str(number)) as database:
            with monkeypatch.context() as patch:
                patch.setattr(os, "write", write)
                with pytest.raises(LedgerError, match=reason):
                    _write(database)
            assert len(list(database.journal())) == 2
            assert len(database.anchors.lines()) == 1


def test_anchors_that_are_a_folder_are_an_error_and_not_the_end_of_it(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        database.anchors = Anchors(tmp_path)
        with pytest.raises(LedgerError, match="Is a directory"):
            _write(database)
        assert len(list(database.journal())) == 1  # it is seen before the commit
        with pytest.raises(LedgerError, match="Is a directory"):
            database.check_anchors()
        with pytest.raises(LedgerError, match="Is a directory"):
            database.anchors.lines()


def test_the_furthest_anchor_is_found_at_the_end_of_a_long_file(tmp_path: Path) -> None:
    anchors = Anchors(tmp_path / "anchors")
    assert anchors.highest() is None
    assert anchors.lines() == []
    order = [*range(1, 3000), 3001, 3000]  # two processes, a little out of order
    text = "".join(f"{number} {number:064d}\n" for number in order)
    (tmp_path / "anchors").write_text(text, encoding="ascii")
    assert anchors.highest() == (3001, f"{3001:064d}")
    # An anchor is none of which the beginning was not read: `034 …` is left of `1034 …`.
    numbers = [*range(1000, 2000), *range(10000, 10009)]  # so that it is cut after one digit
    text = "".join(f"{each} {each:064d}\n" for each in numbers)
    (tmp_path / "anchors").write_text(text, encoding="ascii")
    found = anchors.latest()
    assert len(found) > 400
    assert found == [(each, f"{each:064d}") for each in numbers[-len(found) :]]
