"""What was done to the ledger's file while nobody had it open: told, and the first row named."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.journal import FIRST, JournalRow
from handwheel.tools.guardrails.ledger.store.log_file import ledger_file
from handwheel.tools.requests.canonical import canonical, digest, parse_canonical

from .....attacks.edited_file import anchors_of, chained, put_rows, rows_in, write_anew
from .....attacks.journal_tampering import Rows
from .sample_writes import approve, file, opened, record

Edit = Callable[[Path], object]
Tamper = Callable[[Rows], object]
DIFFERS = r"ledger\.db: the journal is not what was once written: "


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


def with_one_more(text: str) -> Callable[[list[JournalRow]], list[JournalRow]]:
    """One more row, which no anchor names yet."""
    return lambda rows: [*rows, JournalRow(8, text, digest("journal", text))]


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
    "a row of another journal": (
        put(with_one_more(canonical({"seq": 8, "prev": FIRST}))),
        "row 8: does not continue the row before it",
    ),
    "a row that is no table": (put(with_one_more("[]")), "row 8: it is no table"),
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


ILLEGAL: Sequence[tuple[Tamper, str]] = (
    (lambda rows: rows[2].update(body={"to": "CLOSED", "reason": ""}), "from PROPOSED to CL"),
    (lambda rows: rows[2].pop("body"), "row 3 (request.PENDING): cannot be read: it has no 'body'"),
    (lambda rows: rows[2].pop("kind"), "row 3: it does not say its kind and its subject"),
    (lambda rows: rows[2].update(subject=7), "row 3: it does not say its kind and its subj"),
    (lambda rows: rows[1].update(boot_s="soon"), "(request.filed): cannot be read: could not"),
)  # fmt: skip


@pytest.mark.parametrize(("change", "fault"), ILLEGAL)
def test_a_row_that_does_not_follow_is_named_though_every_hash_and_anchor_fits(
    closed: Path, change: Tamper, fault: str
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


def test_bytes_that_are_no_text_and_pages_that_are_none_are_told(closed: Path) -> None:
    path = ledger_file(closed)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"the end", b"the \xffnd"))
    with pytest.raises(LedgerError, match=f"{DIFFERS}row 7: Could not decode to UTF-8"):
        opened(closed)
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(LedgerError, match="malformed"):
        opened(closed)
    path.write_bytes(whole)
    opened(closed).close()
