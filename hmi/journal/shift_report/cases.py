"""Cases and runs of a shift, from the deviation to what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from handwheel.tools.guardrails.ledger.runs import PREFIX
from handwheel.tools.safe_text import plain, printable

from ..report.open_runs import run_line
from ..rows.entries import Journal, JournalEntry, Period, RequestHistory
from ..rows.row_text import CASES, event_text
from .decided import request_item
from .model import Item, Shift, section

_NAMES = {"expected": "promise", "raised": "work order"}
_LONG = 300  # characters
_TOLD = ("escalated", "answered", "promised", "measured", "returned", "closed")
_OF_RUN = (
    "not_started", "lapsed", "held", "aborted", "expected", "raised", "violated", "escalated",
    "ordered", "signed_off",
)  # fmt: skip


@dataclass(slots=True)
class CaseHistory:
    """Case with its rows, and the runs that answered it."""

    case_id: str
    entries: list[JournalEntry] = field(default_factory=list[JournalEntry])

    @property
    def is_closed(self) -> bool:
        """Whether it has ended."""
        return any(each.kind == f"{CASES}closed" for each in self.entries)

    @property
    def runs(self) -> list[str]:
        """Ids of the runs that answered it, oldest first."""
        found = (str(each.body.get("run_id", "")) for each in self.entries)
        return [each for each in dict.fromkeys(found) if each]

    @property
    def condition(self) -> str:
        """Deviation that opened it, with its values."""
        opened = next((each for each in self.entries if each.kind == f"{CASES}opened"), None)
        said = opened.body.get("condition", "") if opened else ""
        return printable(str(said), _LONG) or "the row that opened it cannot be read"

    @property
    def cause(self) -> str:
        """Verdict of the last diagnosis, empty without one."""
        for each in reversed(self.entries):
            said: object = each.body.get("diagnosis")
            if isinstance(said, Mapping):
                diagnosis = cast("Mapping[str, Any]", said)
                if line := printable(str(diagnosis.get("line", "")), _LONG):
                    return line
        return ""


def case_histories(journal: Journal) -> list[CaseHistory]:
    """Returns the cases of a journal, oldest first."""
    found: dict[str, CaseHistory] = {}
    for each in journal.others:
        if each.kind.startswith(CASES):
            found.setdefault(each.subject, CaseHistory(each.subject)).entries.append(each)
    return list(found.values())


@section("Cases, requests and writes", place=10)
def case_items(shift: Shift) -> Iterator[Item]:
    """Yields the cases, and the runs and requests without one, that had a row in the time."""
    journal, span = shift.journal, shift.span
    told_runs, told_requests = set[str](), set[str]()
    for case in case_histories(journal):
        runs = _with_nested(journal, case.runs)
        own = _requests_of(journal, runs)
        told_runs |= set(runs)
        told_requests |= {each.request_id for each in own}
        rows = [*case.entries, *_rows_of(journal, runs, own)]
        if span.has_any(rows):
            yield _case_item(journal, case, runs, span)
    for run_id in journal.runs:
        if run_id not in told_runs:
            own = _requests_of(journal, [run_id])
            told_requests |= {each.request_id for each in own}
            if span.has_any(_rows_of(journal, [run_id], own)):
                head, *lines = _run_lines(journal, run_id, span)
                yield Item(head, lines)
    for history in journal.requests.values():
        if history.request_id not in told_requests and span.has_any(history.entries):
            yield request_item(history)


def _case_item(journal: Journal, case: CaseHistory, runs: Sequence[str], span: Period) -> Item:
    since = plain(case.entries[0].at)[:16].replace("T", " ")
    state = "closed" if case.is_closed else "OPEN"
    lines = [f"cause: {case.cause or 'not named'}"]
    for run_id in runs:
        lines += _run_lines(journal, run_id, span)
    for each in case.entries:
        kind = each.kind.removeprefix(CASES)
        if kind in _TOLD and span.has(each):
            lines.append(_event(each, kind, event_text(each.kind, each.body)))
    return Item(f"{plain(case.case_id)} since {since}, {state}: {case.condition}", lines)


def _run_lines(journal: Journal, run_id: str, span: Period) -> list[str]:
    """Returns a run with its requests and the events that a shift must know."""
    entries = journal.runs.get(run_id, [])
    lines = [run_line(run_id, entries)]
    for history in _requests_of(journal, [run_id]):
        if span.has_any(history.entries):
            item = request_item(history)
            lines += [item.text, *item.lines]
    for each in entries:
        kind = each.kind.removeprefix(PREFIX)
        if kind in _OF_RUN and span.has(each):
            lines.append(_event(each, kind, event_text(each.kind, each.body)))
    return lines


def _event(entry: JournalEntry, kind: str, text: str) -> str:
    name = _NAMES.get(kind, kind.replace("_", " "))
    return f"{plain(entry.at)[11:16]} {name}{f': {text}' if text else ''}"


def _with_nested(journal: Journal, runs: Sequence[str]) -> list[str]:
    """Returns some runs, each followed by those that it has started."""
    found: list[str] = []
    for run_id in runs:
        rows = journal.runs.get(run_id, [])
        started = [str(each.body.get("run_id")) for each in rows if each.kind == f"{PREFIX}ran"]
        new = [each for each in started if each not in found and each != run_id]
        found += [each for each in (run_id, *new) if each not in found]
    return found


def _requests_of(journal: Journal, runs: Sequence[str]) -> list[RequestHistory]:
    return [
        each
        for each in journal.requests.values()
        if each.request.run and each.request.run.run_id in runs
    ]


def _rows_of(
    journal: Journal, runs: Sequence[str], requests: Sequence[RequestHistory]
) -> Iterator[JournalEntry]:
    for run_id in runs:
        yield from journal.runs.get(run_id, [])
    for each in requests:
        yield from each.entries
