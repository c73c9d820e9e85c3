"""Describes the outcome of a request's lease."""

from collections.abc import Iterator, Sequence

from handwheel.tools.requests.duration_text import exact_span
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.safe_text import plain, printable

from ..rows.entries import JournalEntry, RequestHistory
from ..rows.row_text import open_write_text
from .final_states import REQUEST, last_move

_APPLIED = ("action.VERIFIED", "action.RESOLVED_APPLIED")
_NOT_BEGUN = "it did not start"


def lease_summary(request: ActionRequest, history: RequestHistory) -> str:
    """Returns a lease's duration, end and remaining writes, or an empty string."""
    if request.lease is None:
        return ""
    span = exact_span(request.lease.for_s)
    return f"Its lease of {span}: {'; '.join(_parts(request, history))}."


def _parts(request: ActionRequest, history: RequestHistory) -> Iterator[str]:
    applied = {each.subject for each in history.entries if each.kind in _APPLIED}
    if not any(each.action_id in applied for each in request.commands):
        yield _NOT_BEGUN
        return
    end = last_move(history.entries, REQUEST)
    backs = [each for each in request.recovery if each.action_id in applied]
    opened = [each for each in history.entries if each.kind == "lease.open"]
    if end is None or end.kind == f"{REQUEST}APPROVED":
        yield "not ended"
    else:
        reason = printable(str(end.body.get("reason", "")))
        state = plain(end.kind.removeprefix(REQUEST))
        yield f"{'ABORTED' if opened else 'ended'}, {state} ({reason})"
    for each in backs:
        yield f"undone: {plain(each.tag)} = {printable(f'{each.shown} {each.unit}'.rstrip())}"
    for row in opened:
        yield f"not undone: {open_write_text(row.body)}{_since_then(history, row)}"


def _since_then(history: RequestHistory, opened: JournalEntry) -> str:
    closed = history.closed.get(opened.subject)
    if closed is None:
        return ""
    if closed.kind == "lease.seen_back":
        return ", until the tag read its earlier value"
    return f", until {plain(closed.subject).partition('/')[0]} wrote it"


def note_closed_writes(
    histories: Sequence[RequestHistory], entries: Sequence[JournalEntry]
) -> None:
    """Sets for each write that a lease did not undo the row that ended this."""
    tags = {action.action_id: action.tag for history in histories for action in history.actions}
    owners = {history.request_id: history for history in histories}
    opened: dict[str, set[str]] = {}
    for each in entries:
        tag = tags.get(each.subject, "")
        owner = owners.get(each.subject.partition("/")[0])
        if owner is None or not tag:
            continue
        if each.kind == "lease.open":
            opened.setdefault(tag, set()).add(each.subject)
        elif each.kind == "lease.seen_back":
            opened.get(tag, set()).discard(each.subject)
            owner.closed[each.subject] = each
        elif each.kind in _APPLIED:
            for name in opened.pop(tag, set()):
                owners[name.partition("/")[0]].closed[name] = each
