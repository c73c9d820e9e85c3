"""The journal's report and table: a stranger can tell who let what happen, and nothing deceives."""

import csv
import os
import re
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from handwheel.hmi.journal.csv_export import COLUMNS
from handwheel.hmi.journal.export import export_report, export_table
from handwheel.hmi.journal.report.report import Selection
from handwheel.hmi.journal.rows.entries import Period, parse_moment
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.timestamps import Instant

from ...attacks.journal_tampering import Rows, first, without, write_anew
from ...gate.testbed.with_oracle import Watched
from ..command_in_process import said_by
from .sample_day import HOSTILE, told_day

GOLDEN = Path(__file__).parent / "golden"
MADE = Instant(datetime(2026, 11, 27, 6, 0, tzinfo=UTC), "boot", 0)
# Of another length they would break lines elsewhere.
MADE_ANEW = re.compile(r"\b[0-9a-f]{64}\b|(?<=hash )[0-9a-f]{16}|(?<=SHA256:)[\w+/]{43}")


@pytest.fixture(scope="module")
async def day(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Watched]:
    with pytest.MonkeyPatch.context() as patch:
        async with told_day(tmp_path_factory.mktemp("day"), patch) as room:
            yield room


def _report(room: Watched, choice: Selection | None = None, state: Path | None = None) -> str:
    text = StringIO()
    with Database(state or room.site.state, room.site.id) as database:
        export_report(database, room.site, choice or Selection(), text.write, MADE)
    return text.getvalue()


def _table(room: Watched, choice: Selection | None = None) -> str:
    text = StringIO()
    export_table(room.desk.database, choice or Selection(), text.write)
    return text.getvalue()


def test_a_report_reads_as_it_did(day: Watched) -> None:
    drawn = MADE_ANEW.sub(lambda found: "x" * len(found[0]), _report(day))
    golden = GOLDEN / "day.txt"
    if os.environ.get("HANDWHEEL_DRAW"):
        golden.write_text(drawn, encoding="utf-8")
    assert drawn == golden.read_text(encoding="utf-8")


def test_a_report_fits_on_paper_and_shows_nothing_that_deceives(day: Watched) -> None:
    lines = _report(day).split("\n")
    assert max(map(len, lines)) <= 80
    assert all(each.isprintable() for each in lines)
    assert r"all well \x1b[2J\u202eon\u200bly\nVERIFIED" in " ".join(map(str.strip, lines))


@pytest.mark.parametrize(
    "told",
    [
        # who asked, for what, who approved it, what the gate and the plant did
        "gina (a person) proposed to set P-101A.run_cmd from false to true; set PIC-102.sp from "
        "350 kPa to 360 kPa. anna approved it. c1, sent",
        "c1 was not sent, because the gate stopped it: INVALIDATED (not true: P-101A.mode == "
        "'remote'  [P-101A.mode is local]).",
        "anna and bert approved it.",
        "REFUSED, nothing changed (P-101A.mode: refused by the device",
        "the frame was sent, and the device refused it",
        "c1, possibly sent at or after 08:52:37.500 UTC: UNKNOWN, it may have been sent, and its "
        "outcome is not known",
        "VERIFIED, the plant shows what was sent (PIC-102.sp reads 330 kPa). The expected result "
        "was not met: PT-102.pv > 900 kPa (observed: PT-102.pv is 349 kPa).",
        "The expected result proves nothing, because it was already met before the write: "
        "PT-102.pv > 10 kPa.",
        "EFFECT CAME after 0.2 s, but it was already met before the write: expected PT-102.pv > 10",
        'Why: "a test asks"',
        "anna checked the plant and signed that it was applied it read then: PIC-102.sp 340 kPa, "
        "good, 0.3 s old the gate had read: PIC-102.sp reads 340 kPa",
        "a decision of max WAS REFUSED: max has none of the roles",
        "Not approved: it is REJECTED (rejected by anna).",
        "in the role operator, within 30 min depends on site.yaml with SHA-256",
        "the tags' file with SHA-256",
        "policy.yaml with SHA-256",
        "An agent (playbook runner, run U-00000001 of playbook cw/change-over) proposed to",
        "cw/change-over, version 1.0.0",
        "met: P-101A.mode == 'remote' (remote) (bearing, cw/change-over:31)",
        "r2, sent 08:52:37.500 UTC: VERIFIED",
        "ORDERED: hold by max not signed: the order needs no key; the name is that of the system "
        "user",
        "gate 1 SUSPENDED everything: the disk is nearly full; it sends nothing there",
        "EFFECT CAME after 30 s: expected PT-102.pv > 340 kPa within 1 min; observed: all well",
        "EFFECT MISSED after 16 s: expected PT-102.pv > 900 kPa within 15 s; observed: PT-102.pv",
        "Its lease of 2 h: ABORTED, INVALIDATED (the gate was started after the approval); "
        "not undone: PIC-102.sp = 330 kPa (was 340 kPa).",
        "LEASE ABORTED, write not undone: PIC-102.sp = 330 kPa (was 340 kPa): the gate",
        "the end of gate 1 was not recorded: it was killed, lost power, or had an older version",
        "gina proposed PIC-102.sp, and no request was made: the same was rejected",
        "gate 1 ended the suspension of everything from 2026-11-26 08:53:37.500 UTC "
        "(Thursday): the disk is nearly full",
        "it read PIC-102.sp 340 kPa, good, 0.3 s old read back PIC-102.sp reads 340 kPa in row",
        "NO: the key is revoked, 2026-11-26 08:54:42.500 UTC (Thursday), row",
        "P-101B was LOCKED OUT (lockout number 1 there); by whom is not known",
        'P-101A was LOCKED OUT (lockout number 1 there); its file says: "root '
        '2026-11-26T08:54:58.500Z pid 4242" (not verified)',
        "boss RELEASED THE LOCKOUT: lockout:P-101B:1",
        "lockout number 1 of P-101B was released",
        "authority over P-101A was taken at the open console of anna: OPERATOR, agents may not "
        "write. Not signed",
        "authority over P-101B was taken by the system user root: LOCAL, no requests are executed",
        "authority over PUMPS-101 was taken in the name of carl (an open console, or the system "
        "user): MAINTENANCE, no requests are executed there. Not signed",
        "anna handed the shift over to gina (the summary ends with row 110); no rights were",
        "waiting: none under way or unresolved: none",
        "PIC-102.sp = 330 kPa VERIFIED MISSED: PT-102.pv > 900 kPa",
        'note "look at the seal"',
        # at its beginning: what is still open, and what the words mean
        "waiting none approved none unresolved none not undone R-0000000H/c1: PIC-102.sp = 330 kPa "
        "(was 340 kPa) runs U-00000001 is ABORTING since 2026-11-26 08:52:37.500 UTC (Thursday): "
        "playbook cw/change-over on PUMPS-101 suspended none locked out P-101A, since "
        "2026-11-26 08:54:58.500 UTC (Thursday) authority",
        "P-101A: OPERATOR, agents may not write; by anna",
        "c1, c2: the requested writes; r1: a write that undoes one.",
        "Who was enrolled when, and by whom. That is in operators.yaml",
    ],
)
def test_a_stranger_is_told(day: Watched, told: str) -> None:
    assert re.sub(r"\s+", " ", told) in re.sub(r"\s+", " ", _without_times(_report(day)))


def _without_times(text: str) -> str:
    """The text without the times at the beginnings of its lines."""
    return re.sub(r"^ +\d\d:\d\d:\d\d\.\d{3}  ", " ", text, flags=re.MULTILINE)


def test_a_report_of_a_journal_that_was_touched_says_so_first(day: Watched, tmp_path: Path) -> None:
    folder = tmp_path / "touched"
    folder.mkdir()
    day.desk.database.copy_into(folder / "ledger.db")
    rows: Rows = [parse_canonical(row.text) for row in day.desk.database.journal()]
    without("decision", '"verdict":"approve"')(rows)
    with closing(sqlite3.connect(folder / "ledger.db", isolation_level=None)) as shell:
        write_anew(folder, shell, rows)
    head, _, _ = _report(day, state=folder).partition("WHAT THIS REPORT CANNOT TELL")
    with Database(folder, day.site.id) as database:
        assert not export_report(database, day.site, Selection(), StringIO().write)
    assert export_report(day.desk.database, day.site, Selection(), StringIO().write)
    assert "verified      NO:" in head
    assert "DO NOT RELY ON THIS REPORT" in re.sub(r"\s+", " ", head)
    assert "was sent without enough signatures" in re.sub(r"\s+", " ", head)
    assert "verified      yes:" in _report(day).partition("WHAT THIS")[0]


def _made_up(rows: Rows) -> None:
    """Rows that no code of the product writes, in places where they are looked at."""
    filed, sent = first(rows, "request.filed"), first(rows, "action.SENDING")
    known = {"subject": sent["subject"], "body": {"text": "nothing", "signature": 7}}
    rows += [
        sent | {"kind": "decision", **known},
        filed | {"body": {"text": "{}", "digest": sent["subject"]}},
        filed | {"subject": "R-\x1b[2J", "body": {"text": "{}"}},
        sent | {"body": {"epoch": HOSTILE, "before": ["x"], "reason": {}, "readback": HOSTILE}},
        sent | {"subject": f"{filed['subject']}/c9", "body": {"to": 1}},
        sent | {"kind": HOSTILE, "subject": HOSTILE, "at": HOSTILE, "body": {HOSTILE[:3]: [{}]}},
        sent | {"kind": "run.ordered", "subject": "U-00000001", "body": {"text": 1}},
        sent | {"kind": "authority.given", "subject": "site", "body": {"until": HOSTILE}},
        sent | {"body": "no table"},
    ]


def test_whatever_somebody_has_written_into_it_the_journal_can_be_read(
    day: Watched, tmp_path: Path
) -> None:
    rows: Rows = [parse_canonical(row.text) for row in day.desk.database.journal()]
    _made_up(rows)
    day.desk.database.copy_into(tmp_path / "ledger.db")
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as shell:
        write_anew(tmp_path, shell, rows)
    lines = _report(day, state=tmp_path).split("\n")
    assert max(map(len, lines)) <= 80
    assert all(each.isprintable() for each in lines)
    assert "REQUEST R-\\x1b[2J" in "\n".join(lines)
    with Database(tmp_path, day.site.id) as database:
        table = StringIO()
        export_table(database, Selection(), table.write)
    assert table.getvalue().count("\r\n") == len(table.getvalue().splitlines()) == len(rows) + 1


def test_the_command_writes_each_form_and_refuses_what_makes_no_sense(
    day: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = said_by(capsys)
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
