"""No cell of the journal's table is a formula, and the moments that choose its rows are read."""

import csv
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from handwheel.hmi.journal.export import export_table
from handwheel.hmi.journal.report.report import Selection
from handwheel.hmi.journal.rows.entries import parse_moment
from handwheel.tools.guardrails.ledger.store.database import Database


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A1", "'=cmd|' /C calc'!A1"),
        ("+1+1", "'+1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("  =1", "  '=1"),
        ("\t=1", r"\t=1"),
        ("\r\n=1", r"\r\n=1"),
        ("all well; =HYPERLINK(1)", "all well; '=HYPERLINK(1)"),
        ("-5.25", "-5.25"),
        ("a = b", "a = b"),
        ('say "no", twice', 'say "no", twice'),
    ],
)
def test_no_cell_is_a_formula_of_a_spreadsheet(tmp_path: Path, text: str, cell: str) -> None:
    with Database(tmp_path, "cw-demo") as database:
        with database.transaction() as transaction:
            transaction.record("test", text, {"reason": text, "person": text})
        written = StringIO()
        export_table(database, Selection(), written.write)
    row = list(csv.DictReader(StringIO(written.getvalue(), newline="")))[-1]
    assert (row["subject"], row["reason"], row["person"]) == (cell, cell, cell)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-25", datetime(2026, 11, 25, tzinfo=UTC)),
        ("2026-11-25T08:50Z", datetime(2026, 11, 25, 8, 50, tzinfo=UTC)),
        ("2026-11-25 09:50+01:00", datetime(2026, 11, 25, 8, 50, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_date_or_a_time(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment
    with pytest.raises(ValueError, match="is no date and no time"):
        parse_moment(f"{text}x")
