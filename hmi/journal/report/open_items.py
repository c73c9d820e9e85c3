"""Lists what is still open at the journal's last row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from handwheel.tools.guardrails.ledger.store.states import (
    UNRESOLVED_ACTIONS,
    WAITING_REQUESTS,
    ActionState,
    RequestState,
)
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import plain, printable

from ...shell.terminal.templates import moment
from ..rows.entries import APPLIED, Journal, JournalEntry, RequestHistory
from ..rows.row_text import mode_meaning, open_write_text, scope_text
from .action_history import REQUEST, action_state, last_state
from .open_runs import open_runs

_UNRESOLVED = UNRESOLVED_ACTIONS | {ActionState.SENDING}


def open_at_end(journal: Journal, until: datetime | None = None) -> dict[str, list[str]]:
    """Returns the lines about each kind of thing that is open at the last row.

    The journal has been through `note_closed_writes`.

    Args:
        until: Time at which grants of authority must last, by default that of the last row.
    """
    end = until or (parse_stamp(journal.entries[-1].at) if journal.entries else None)
    histories = list(journal.requests.values())
    found: Mapping[str, Iterator[str]] = {
        "waiting": _waiting(histories),
        "approved": _approved(histories),
        "unresolved": _unresolved(histories),
        "not undone": _left_open(histories),
        "runs": open_runs(journal),
        "suspended": _suspended(journal.others),
        "locked out": _locked_out(journal.others),
        "authority": _authority(journal.others, end),
    }
    return {label: list(lines) for label, lines in found.items()}


def _waiting(histories: Iterable[RequestHistory]) -> Iterator[str]:
    for history in histories:
        if last_state(history.entries, REQUEST) in WAITING_REQUESTS:
            yield f"{plain(history.request_id)}, at most until {moment(history.expires_at)}"


def _approved(histories: Iterable[RequestHistory]) -> Iterator[str]:
    for history in histories:
        if last_state(history.entries, REQUEST) == RequestState.APPROVED:
            lease = history.request.lease is not None
            yield (
                f"{plain(history.request_id)}, with a lease" if lease else plain(history.request_id)
            )


def _unresolved(histories: Iterable[RequestHistory]) -> Iterator[str]:
    for history in histories:
        for action in history.actions:
            state = action_state(action, history.entries)
            if state in _UNRESOLVED:
                yield f"{plain(action.action_id)} is {state}: {plain(action.tag)}"


def _left_open(histories: Iterable[RequestHistory]) -> Iterator[str]:
    for history in histories:
        for row in history.entries:
            if row.kind == "lease.open" and row.subject not in history.closed:
                yield f"{plain(row.subject)}: {open_write_text(row.body)}"


def _suspended(entries: Iterable[JournalEntry]) -> Iterator[str]:
    """Yields each suspension that has not ended and was not set again by a later gate."""
    found: dict[tuple[str, str], JournalEntry] = {}
    gate: JournalEntry | None = None
    for each in entries:
        scope, key = each.subject, (each.subject, str(each.body.get("reason", "")))
        if each.kind in {"gate.started", "gate.stopped"}:
            gate = each
        elif each.kind == "gate.resumed":
            found.pop(key, None)
        elif each.kind == "gate.suspended":
            begun = gate.seq if gate is not None else 0
            found = {
                other: row for other, row in found.items() if other[0] != scope or row.seq > begun
            }
            found[key] = each
    for row in found.values():
        yield f"{_suspension(row)}{_since_then(row, gate)}"


def _suspension(row: JournalEntry) -> str:
    since = moment(str(row.body.get("since", row.at)))
    reason = printable(str(row.body.get("reason", ""))) or "no reason recorded"
    return f"{scope_text(plain(row.subject))}, since {since}: {reason}"


def _since_then(row: JournalEntry, gate: JournalEntry | None) -> str:
    if gate is None or gate.seq < row.seq:
        return ""
    if gate.kind == "gate.stopped":
        return f"; gate {plain(gate.subject)} stopped after that"
    return f"; gate {plain(gate.subject)} started after that and suspends again where it must"


def _locked_out(entries: Iterable[JournalEntry]) -> Iterator[str]:
    latest = {each.subject: each for each in entries if each.kind.startswith("lockout.")}
    for scope, row in latest.items():
        if row.kind == "lockout.latched":
            yield f"{printable(scope)}, since {moment(row.at)}"


def _authority(entries: Iterable[JournalEntry], end: datetime | None) -> Iterator[str]:
    latest = {each.subject: each for each in entries if each.kind.startswith("authority.")}
    for scope, row in latest.items():
        if "until" not in row.body or end is None or parse_stamp(row.body["until"]) > end:
            yield f"{printable(scope)}: {_authority_text(row.body)}"


def _authority_text(body: Mapping[str, object]) -> str:
    mode = plain(str(body.get("mode")))
    until = f", until {moment(str(body['until']))}" if "until" in body else ""
    return f"{mode}, {mode_meaning(mode)}; by {printable(str(body.get('person')))}{until}"


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
