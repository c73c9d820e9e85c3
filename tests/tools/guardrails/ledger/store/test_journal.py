"""The journal's chain and its anchors: any change shows, and an anchor may be torn or missing."""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import (
    JournalRow,
    chain_faults,
    next_row,
)
from handwheel.tools.requests.canonical import digest

from .....attacks.edited_file import anchors_of
from .....sites.signed_requests import NOW
from .sample_writes import opened, record


def _chain(length: int) -> list[JournalRow]:
    rows: list[JournalRow] = []
    for number in range(length):
        rows.append(next_row(rows[-1] if rows else None, NOW, "test", "", {"n": number}))
    return rows


def _anchors(rows: Sequence[JournalRow]) -> list[str]:
    return [f"{row.seq} {row.hash}" for row in rows]


@given(st.data())
def test_any_change_of_any_row_is_found(data: st.DataObject) -> None:
    rows = _chain(4)
    place = data.draw(st.integers(0, 3))
    text = rows[place].text
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(text[at].__ne__))
    changed = JournalRow(place + 1, f"{text[:at]}{letter}{text[at + 1 :]}", rows[place].hash)
    assert chain_faults(rows, _anchors(rows)) == chain_faults([], []) == []
    assert chain_faults([*rows[:place], changed, *rows[place + 1 :]], _anchors(rows))


def test_a_row_that_is_spelled_otherwise_is_found() -> None:
    text = '{"seq": 1}'
    faults = chain_faults([JournalRow(1, text, digest("journal", text))], [])
    assert faults[0] == "row 1: it is not in canonical form"


def _write(database: Database) -> None:
    record(database, "test", "")


def test_a_ledger_begun_by_who_was_killed_before_the_first_anchor_is_used(tmp_path: Path) -> None:
    opened(tmp_path).close()
    anchors_of(tmp_path).unlink()
    with opened(tmp_path) as database:
        _write(database)
        assert database.anchors.lines() == _anchors(list(database.journal())[1:])
    with opened(tmp_path) as database:
        assert len(list(database.journal())) == 2


@pytest.mark.parametrize("torn", ["3 ", f"3 {'a' * 63}", "\x00\x00", "3 é"])
def test_a_last_line_torn_by_a_power_failure_is_passed_over(tmp_path: Path, torn: str) -> None:
    with opened(tmp_path) as database:
        _write(database)
    with anchors_of(tmp_path).open("ab") as anchors:
        anchors.write(torn.encode())
    with opened(tmp_path) as database:
        _write(database)
    with opened(tmp_path) as database:
        _write(database)
        rows, lines = list(database.journal()), database.anchors.lines()
    assert [*lines[:2], *lines[3:]] == _anchors(rows)
    assert [each for each in chain_faults(rows, lines) if "is no anchor" in each]


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


def test_a_ledger_whose_anchors_are_a_folder_is_not_opened(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        anchors = database.path.with_name("anchors")
    anchors.unlink()
    anchors.mkdir()
    with pytest.raises(LedgerError, match="Is a directory"):
        opened(tmp_path)
