"""An event that agents have written oddly is told of by every way of showing; it ends nothing."""

import csv
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import get_args

import pytest

from handwheel.hmi.journal.export import export_report, export_table
from handwheel.hmi.journal.report.report import Selection
from handwheel.hmi.journal.rows.row_line import show_row, show_run_row, verdicts_line
from handwheel.hmi.journal.rows.row_text import texts
from handwheel.playbooks.engine.states import EventKind
from handwheel.tools.guardrails.audit.audit import Audit
from handwheel.tools.guardrails.ledger.store.backup import back_up
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.fold import CLOSING
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.signatures.decisions import VerdictName
from handwheel.tools.requests.timestamps import Instant

from ...gate.testbed.with_oracle import Watched
from .sample_day import HOSTILE

ROOT = Path(__file__).parents[3]
MADE = Instant(datetime(2026, 11, 27, 6, 0, tzinfo=UTC), "boot", 0)
LONGEST = 3500  # characters of a line: what may be long is cut, and the rest is counted
KINDS = sorted(
    {
        "request.filed", "request.refused", "decision", "decision.refused", "action.intent",
        "effect.CAME", "effect.MISSED", "effect.UNKNOWN", "run.ordered", "nothing.known", "",
        "case.ordered", "case.answered",
        *(f"request.{each}" for each in RequestState),
        *(f"action.{each}" for each in ActionState),
        *(f"run.{each}" for each in EventKind),
        *texts()["site"],
        *(f"{about}.{each}" for about in ("run", "case") for each in texts()[about]),
    }
)  # fmt: skip
_ORDINARY: Mapping[str, object] = {
    "at": "2026-11-26T08:50:25.123Z", "boot_s": 1.0, "boot_id": "boot-1",
}  # fmt: skip
_KEYS = (
    "at", "reason", "text", "signature", "card", "digest", "wire", "epoch", "tag", "tags", "wrote",
    "was", "until", "seq", "count", "unanswered", "times", "expected", "within_s", "observed",
    "after_s", "number", "mode", "person", "generation", "from", "to", "readback", "before",
    "blocked_by", "steps", "assets", "parameters", "state", "kept", "request_id", "by", "said",
    "since", "pid", "scope", "order", "leaves", "takes", "leaving", "coming", "promises", "sent",
)  # fmt: skip


def _each(value: object) -> dict[str, object]:
    return {key: value for key in _KEYS}  # noqa: C420 (the type)


def _deep(levels: int) -> object:
    return [_deep(levels - 1)] if levels else "deep"


BODIES: Mapping[str, dict[str, object]] = {
    "an empty body": {},
    "numbers instead": _each(1e308),
    "texts instead": _each("\u202e\x1b[2J" + "x" * 30),
    "lists instead": _each([["a"], 5, {"a": 1}]),
    "tables instead": _each({"a": [5]}),
    "deep lists": {"reason": _deep(400), "more": _deep(400)},
    "hostile keys": {"all\x1b": [5]},
}


def _append(database: Database, body: dict[str, object]) -> list[JournalRow]:
    """Appends an event of every kind that agents may write and no table is changed by."""
    (run,) = database.all("SELECT run_id FROM run ORDER BY rowid LIMIT 1")[0]
    kinds = [each for each in KINDS if each.startswith(("run.", "case."))]
    with database.transaction(MADE) as transaction:
        for kind in kinds:
            subject = run if kind.startswith("run.") else HOSTILE
            if kind not in {"run.opened", *CLOSING}:
                transaction.record(kind, subject, body)
    return transaction.rows


def test_every_kind_that_the_product_writes_is_tried() -> None:
    """Of those that stand in the code as they are."""
    found: set[str] = set()
    for room in ("tools", "agents", "playbooks", "hmi"):
        for file in (ROOT / room).rglob("*.py"):
            found |= set(re.findall(r'\.record\(\s*"([a-z_.]+)"', file.read_text("utf-8")))
    assert len(found) > 20
    assert found - set(KINDS) == set()


@pytest.mark.parametrize("what", BODIES)
def test_an_event_that_is_odd_is_one_line_and_the_report_and_the_table_survive_it(
    day: Watched, tmp_path: Path, what: str
) -> None:
    report, table = StringIO(), StringIO()
    back_up(day.desk.database.journal(), day.site.id, tmp_path / "copy.db")
    (tmp_path / "ledger").mkdir(0o700)
    (tmp_path / "copy.db").rename(tmp_path / "ledger" / "ledger.db")
    (tmp_path / "copy.db.anchors").rename(tmp_path / "ledger" / "anchors")
    with Database(tmp_path, day.site.id) as database:
        rows = _append(database, BODIES[what])
        assert len(rows) > 30
        for row in rows:
            _check_that_it_is_one_line(row)
        export_report(database, day.site, Selection(), report.write, MADE)
        export_table(database, Selection(), table.write)
    lines = report.getvalue().splitlines()
    assert any(line.startswith("END OF THE REPORT") for line in lines)
    begin, end = map(lines.index, ("STILL OPEN AT THE LAST ROW", "WHAT THIS REPORT CANNOT TELL"))
    assert any(line.startswith("  authority ") for line in lines[begin:end])
    assert all(len(line) <= 80 and line.isprintable() for line in lines)
    told = list(csv.DictReader(StringIO(table.getvalue(), newline="")))
    assert [each["seq"] for each in told][-len(rows) :] == [str(row.seq) for row in rows]


def test_decisions_are_counted_by_kind() -> None:
    assert texts()["decisions"].keys() == set(get_args(VerdictName))
    found = Audit(9, 1, 4, {"propose": 1, "grant-authority": 2, "approve": 1}, 0, ())
    kinds = "2 grants of authority, 1 proposal, 1 approval"
    assert verdicts_line(found) == f"decisions 4: {kinds}"


def _check_that_it_is_one_line(row: JournalRow) -> None:
    line = show_row(row, as_json=False)
    assert line.isprintable()
    assert len(line) <= LONGEST
    assert line.split()[0] == str(row.seq)
    assert isinstance(json.loads(show_row(row, as_json=True)), dict)
    told = show_run_row(row, as_json=False)
    assert bool(told) == str(row.fields.get("kind")).startswith(("run.", "case."))
    assert told.isprintable()
    assert bool(show_run_row(row, as_json=True)) == bool(told)
