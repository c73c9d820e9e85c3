"""The journal's report and table: a stranger can tell who let what happen, and nothing deceives."""

import csv
import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from handwheel.hmi.journal.csv_export import COLUMNS
from handwheel.hmi.journal.export import export_report, export_table
from handwheel.hmi.journal.report.report import Selection
from handwheel.hmi.journal.rows.entries import Period
from handwheel.hmi.shell.cli.options import parse_moment
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.ledger.store.log_file import ledger_file
from handwheel.tools.requests.canonical import canonical, digest, parse_canonical
from handwheel.tools.requests.timestamps import Instant

from ...attacks.edited_file import put_rows, rows_in, write_anew
from ...attacks.journal_tampering import Rows, without
from ...gate.testbed.terminals import giving
from ...gate.testbed.with_oracle import Watched
from ...sites.in_memory import make_site
from ..command_in_process import said_by
from ..golden import check_golden

GOLDEN = Path(__file__).parent / "golden"
MADE = Instant(datetime(2026, 11, 27, 6, 0, tzinfo=UTC), "boot", 0)
# Of another length they would break lines elsewhere.
MADE_ANEW = re.compile(r"\b[0-9a-f]{64}\b|(?<=hash )[0-9a-f]{16}|(?<=SHA256:)[\w+/]{43}")


def _report(room: Watched, choice: Selection | None = None, state: Path | None = None) -> str:
    text = StringIO()
    own = nullcontext(room.desk.database)
    with Database(state, room.site.id) if state else own as database:
        export_report(database, room.site, choice or Selection(), text.write, MADE)
    return text.getvalue()


def _table(room: Watched, choice: Selection | None = None) -> str:
    text = StringIO()
    export_table(room.desk.database, choice or Selection(), text.write)
    return text.getvalue()


def test_a_report_reads_as_it_did(day: Watched) -> None:
    drawn = MADE_ANEW.sub(lambda found: "x" * len(found[0]), _report(day))
    check_golden(GOLDEN / "day.txt", drawn)
    lines = drawn.split("\n")
    assert max(map(len, lines)) <= 80
    assert all(each.isprintable() for each in lines)
    assert r"all well \x1b[2J\u202eon\u200bly\nVERIFIED" in " ".join(map(str.strip, lines))


def test_a_report_of_a_journal_that_was_touched_says_so_first(day: Watched, tmp_path: Path) -> None:
    folder = tmp_path / "touched"
    Database(folder, day.site.id).close()
    rows: Rows = [parse_canonical(row.text) for row in day.desk.database.journal()]
    without("decision", '"verdict":"approve"')(rows)
    write_anew(folder, rows)
    head, _, _ = _report(day, state=folder).partition("WHAT THIS REPORT CANNOT TELL")
    with Database(folder, day.site.id) as database:
        assert not export_report(database, day.site, Selection(), StringIO().write)
    assert export_report(day.desk.database, day.site, Selection(), StringIO().write)
    assert "verified      NO:" in head
    assert "DO NOT RELY ON THIS REPORT" in re.sub(r"\s+", " ", head)
    assert "was sent without enough signatures" in re.sub(r"\s+", " ", head)
    assert "verified      yes:" in _report(day).partition("WHAT THIS")[0]


def test_verify_tells_each_fault_of_a_file_that_no_gate_starts_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = make_site(tmp_path)
    code, told, _ = said_by(capsys)("journal", "verify", "--site", str(site.root))
    assert (code, told[:26]) == (1, "WRONG  there is no ledger:")
    with Database(site.state, site.id) as database:
        for n in range(3):
            with database.transaction() as transaction:
                transaction.record("note", "", {"n": n})
    rows = rows_in(site.state)
    assert said_by(capsys)("journal", "verify", "--site", str(site.root))[0] == 0
    edited = replace(rows[1], text=rows[1].text.replace('"n":0', '"n":7'))
    text = canonical({"seq": 4, "prev": rows[2].hash})
    other = JournalRow(4, text, digest("journal", text))
    put_rows(site.state, [rows[0], edited, rows[2], other])
    code, told, _ = said_by(capsys)("journal", "verify", "--site", str(site.root))
    assert (code, told.splitlines()[:3]) == (
        1,
        [
            "WRONG  row 2: its hash does not fit its text",
            "WRONG  row 4: is not the row that was anchored",
            "WRONG  row 4: cannot be read: it has no 'kind'",
        ],
    )
    put_rows(site.state, [rows[0], replace(rows[1], text="")])
    _, told, _ = said_by(capsys)("journal", "verify", "--site", str(site.root))
    assert told.count("row 2") == 1
    path = ledger_file(site.state)
    path.write_bytes(b"no database" * 200)
    code, _, told = said_by(capsys)("journal", "verify", "--site", str(site.root))
    assert (code, told.split()) == (2, f"handwheel: {path}: file is not a database".split())


def test_the_command_writes_each_form_and_refuses_what_makes_no_sense(
    day: Watched,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = said_by(capsys)
    monkeypatch.setattr(connect, "open_ledger", giving(nullcontext(day.desk.database)))
    site = ("--site", str(day.site.root))
    assert said("journal", "export", *site)[1].startswith('{"export": "journal/1"')
    code, text, _ = said("journal", "export", "--format", "report", *site)
    assert (code, text.split()[1:5]) == (0, ["REPORT", "FROM", "THE", "JOURNAL"])
    code, text, _ = said("journal", "export", "--format", "csv", "--since", "2026-11-27", *site)
    assert (code, text) == (0, ",".join(COLUMNS) + "\r\n")
    for words, reason in (
        (("--since", "2026-11-26"), "JSON lines are always the whole journal"),
        (("--request", "R-0000000A"), "JSON lines are always the whole journal"),
        (("--format", "report", "--until", "noon"), "'noon' is no date and no time"),
        (("--format", "csv", "--since", "2026-11-26", "--until", "2026-11-25"), "is later than"),
        (("--format", "csv", "--request", "R-ZZ"), "'R-ZZ' is no request of this site"),
    ):
        code, text, fault = said("journal", "export", *words, *site)
        assert (code, text) == (2, "")
        assert reason in fault
    copy = tmp_path / "copy.db"
    code, text, _ = said("journal", "backup", str(copy), *site)
    head = day.desk.database.head()
    assert head is not None
    assert (code, f"{head.seq} rows, head {head.hash}" in text) == (0, True)
    assert said("journal", "backup", str(copy), *site)[0] == 2


def test_what_is_left_out_is_told(day: Watched) -> None:
    names = re.findall(r"^REQUEST (\S+)", _report(day), re.MULTILINE)
    assert len(names) == 7
    one = _report(day, Selection(request_id=names[5]))
    assert re.findall(r"^(REQUEST \S+|RUN \S+|THE SITE)", one, re.MULTILINE) == [
        f"REQUEST {names[5]}", "RUN U-00000001",
    ]  # fmt: skip
    assert f"shown         request {names[5]} and its run; EVERYTHING ELSE IS LEFT OUT" in one
    since = Selection(Period(since=parse_moment("2026-11-26")))
    late = _report(day, since)
    # The fourth was filed on the day before, and resolved on this one.
    assert re.findall(r"^REQUEST (\S+)", late, re.MULTILINE) == names[3:]
    assert "gate 1 started" not in late
    until = Selection(Period(until=parse_moment("2026-11-25T08:51:37.5")))
    assert re.findall(r"^REQUEST (\S+)", _report(day, until), re.MULTILINE) == names[:1]


def test_the_table_has_a_line_for_each_row_and_the_same_columns(day: Watched) -> None:
    text = _table(day)
    rows = list(csv.DictReader(StringIO(text, newline="")))
    journal = [row.fields for row in day.desk.database.journal()]
    assert text.count("\r\n") == len(text.splitlines()) == len(journal) + 1
    assert tuple(rows[0]) == COLUMNS
    assert [(row["seq"], row["at"], row["kind"]) for row in rows] == [
        (str(row["seq"]), row["at"], row["kind"]) for row in journal
    ]
    sent = next(row for row in rows if row["kind"] == "action.SENDING" and row["unit"])
    told = ("tag", "equipment", "before", "after", "unit", "from", "to", "wire")
    assert [sent[name] for name in told] == [
        "PIC-102.sp", "PIC-102", "350", "360", "kPa", "CLAIMED", "SENDING",
        "01 10 00 0a 00 02 04 43 b4 00 00",
    ]  # fmt: skip
    word = next(row for row in rows if row["verdict"] == "approve")
    assert (word["person"], word["role"], word["attended"]) == ("anna", "operator", "yes")
    assert word["meaning"].startswith("I have read R-")
    named = {row["kind"]: row for row in rows if row["equipment"] == "P-101A"}
    assert {"lockout.latched", "authority.taken", "action.SENDING"} <= named.keys()
    assert named["lockout.latched"]["more"].startswith("said: root 2026-11-26T08:54:58.500Z")
    assert named["authority.taken"]["more"] == "by: seat; mode: OPERATOR"
    released = [row for row in rows if row["equipment"] == "P-101B" and row["verdict"]]
    assert [row["verdict"] for row in released] == ["release"]
    (shift,) = (row for row in rows if row["kind"] == "shift.handed_over")
    assert (shift["person"], shift["reason"]) == ("anna, gina", "look at the seal")
    assert (shift["equipment"], shift["more"]) == ("", "")
    own = list(
        csv.DictReader(StringIO(_table(day, Selection(request_id=word["request"])), newline=""))
    )
    assert {row["request"] for row in own} == {word["request"]}


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
