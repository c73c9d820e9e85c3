"""Requests of a shift, each with its decision, its writes and what came of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS, RequestState
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import plain, printable

from ..report.action_history import REQUEST, action_history, last_move, last_state
from ..report.sentences import said
from ..rows.entries import JournalEntry, RequestHistory
from ..rows.row_text import row_text, texts
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
    return decision.verdict, printable(decision.person), printable(decision.comment or "")


def request_item(history: RequestHistory) -> Item:
    """Returns a request with who decided after how long, and its writes."""
    name, request = plain(history.request_id), history.request
    asks = said("changes", request)
    at = plain(history.entries[0].at)[11:16]
    asked = f"{at} {name}, {plain(request.risk_class)}: {request.proposer.shown} asked to"
    return Item(f"{asked} {asks}", [_decision(request, history), *_outcome(request, history)])


def _decision(request: ActionRequest, history: RequestHistory) -> str:
    if found := verdict_of(history):
        who = " and ".join(found.people)
        word = "approved" if found.verdict == "approve" else "rejected"
        why = f': "{found.comment}"' if found.verdict == "reject" and found.comment else ""
        return f"{word} by {who} after {format_duration(found.after_s)}{why}"
    state = last_state(history.entries, REQUEST)
    if state in WAITING_REQUESTS:
        until = parse_stamp(request.filed_at) + timedelta(seconds=request.within_s)
        return f"waits for approval, at most until {until:%Y-%m-%d %H:%M:%S} UTC"
    return f"{state}: {texts()['request_states'].get(state, 'not decided')}"


def _outcome(request: ActionRequest, history: RequestHistory) -> Iterator[str]:
    """Yields what became of each write that was sent or should have been, and its results."""
    was_approved = any(each.kind in _DECIDED for each in history.entries)
    for action in request.actions:
        found = action_history(action, history.entries)
        if (was_approved or found.sending is not None) and found.is_relevant:
            yield f"{plain(action.tag)}: {said('outcome', found)}"
        yield from (
            text
            for each in found.entries
            if each.kind.startswith("effect.")
            and (text := row_text(each.kind, each.subject, each.body))
        )
    end = last_move(history.entries, REQUEST)
    if was_approved and end is not None and end.kind not in _DECIDED:
        state = plain(end.kind.removeprefix(REQUEST))
        if state != "CLOSED":
            yield f"{state}: {printable(str(end.body.get('reason', '')))}"
