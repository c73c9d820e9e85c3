"""Finds what ended each write that its lease did not undo."""

from collections.abc import Sequence

from ..rows.entries import APPLIED, JournalEntry, RequestHistory


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
        elif each.kind in APPLIED:
            for name in opened.pop(tag, set()):
                owners[name.partition("/")[0]].closed[name] = each
