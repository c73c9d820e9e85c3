"""Requests of a shift, each with its decision, its writes and what came of them."""

from dataclasses import dataclass

from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.requests.timestamps import parse_stamp

from ..report.action_history import REQUEST, action_history
from ..report.sentences import said
from ..rows.entries import JournalEntry, RequestHistory
from .model import Item

_DECIDED = {f"{REQUEST}{RequestState.APPROVED}": "approve", f"{REQUEST}REJECTED": "reject"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Decision of people about a request."""

    entry: JournalEntry  # row by which it was decided
    verdict: str  # `approve` or `reject`
    people: tuple[str, ...]
    after_s: float  # since it was filed
    comment: str = ""  # of the last person who rejected it


def verdict_of(history: RequestHistory) -> Verdict | None:
    """Returns the decision about a request, `None` if people have not decided."""
    row = next((each for each in history.entries if each.kind in _DECIDED), None)
    if row is None:
        return None
    verdict = _DECIDED[row.kind]
    signed = [_signed(each) for each in history.entries if each.kind == "decision"]
    people = tuple(person for each, person, _ in signed if each == verdict)
    comment = next((said for each, _, said in reversed(signed) if each == "reject"), "")
    filed_at = parse_stamp(history.entries[0].at)
    after_s = (parse_stamp(row.at) - filed_at).total_seconds()
    return Verdict(row, verdict, people, after_s, comment)


def _signed(entry: JournalEntry) -> tuple[str, str, str]:
    """Returns verdict, person and comment of a decision."""
    decision = parse_decision(entry.body["text"])
    return decision.verdict, decision.person, decision.comment or ""


def request_item(history: RequestHistory) -> Item:
    """Returns a request with who decided after how long, and its writes."""
    writes = [action_history(each, history.entries) for each in history.actions]
    head, *lines = said("request_lines", history, verdict_of(history), writes).splitlines()
    return Item(head, lines)
