"""Events of the site and its people in a shift, apart from cases and requests."""

from collections import Counter
from collections.abc import Iterable, Iterator

from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.safe_text import plain, printable

from ...shell.terminal.plural import counted
from ..report.file_changes import file_changes
from ..report.sentences import site_event_text
from ..rows.entries import JournalEntry
from ..rows.row_text import row_text, summary_of
from .model import Item, Shift, section

_KINDS = ("lockout.", "authority.", "gate.", "lease.taken", "lease.given_back", "heartbeat.")


@section("Lockouts, authority, gate and agents", place=60)
def site_items(shift: Shift) -> Iterator[Item]:
    """Yields lockouts, changes of authority, gates, agents and files."""
    journal, span = shift.journal, shift.span
    changed = file_changes(journal.requests.values())
    rows = [*(each for each in journal.others if each.kind.startswith(_KINDS)), *changed]
    for each in sorted(rows, key=lambda row: row.seq):
        if span.has(each):
            yield Item(f"{_time(each)} {site_event_text(each)}")


@section("People", place=70)
def people_items(shift: Shift) -> Iterator[Item]:
    """Yields the people who signed something, and each handover with its note."""
    journal, span = shift.journal, shift.span
    for person, count in _signers(each for each in journal.entries if span.has(each)).items():
        yield Item(f"{person}: {counted(count, 'signed decision')}")
    for each in journal.others:
        if each.kind == HANDED_OVER and span.has(each):
            note = summary_of(each.body["card"]).note
            lines = [f'note: "{printable(note)}"'] if note else []
            yield Item(f"{_time(each)} {row_text(each.kind, each.subject, each.body)}", lines)


def _signers(entries: Iterable[JournalEntry]) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in entries:
        if each.kind == "decision":
            found[printable(parse_decision(each.body["text"]).person)] += 1
    return found


def _time(entry: JournalEntry) -> str:
    return plain(entry.at)[11:16]
