"""What is still open at the journal's last row, as its rows alone tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from handwheel.connectors.model.site import SITE_SCOPE
from handwheel.tools.guardrails.ledger.store.states import (
    UNRESOLVED_ACTIONS,
    WAITING_REQUESTS,
    ActionState,
    RequestState,
)
from handwheel.tools.requests.stamps import parse_stamp, stamp
from handwheel.tools.safe_text import plain, printable

from ..rows.entries import Journal, JournalEntry, RequestHistory
from ..rows.report_writer import ReportWriter
from ..rows.row_text import open_write_text
from ..rows.terms import moment
from .final_states import REQUEST, action_state, last_state
from .open_runs import open_runs

_UNRESOLVED = UNRESOLVED_ACTIONS | {ActionState.SENDING}
_MODES = {
    "AGENT": "agents may act on it too",
    "OPERATOR": "agents may not act on it",
    "LOCAL": "nobody's requests are carried out there",
    "MAINTENANCE": "nobody's requests are carried out there",
}
_ALL = (
    "As the rows of the whole journal tell; whether a signature counts is not judged here. What "
    "only a clock has ended, a lockout's file that no gate has seen, a suspension that could not "
    "be recorded, and the end of a gate that was killed have no row."
)


def write_open(report: ReportWriter, journal: Journal) -> None:
    """Writes what waits, is unresolved or left as written, runs, is barred, and who may act.

    Args:
        journal: All of it, with what closed the writes that leases left open.
    """
    histories = list(journal.requests.values())
    report.heading("STILL OPEN AT THE LAST ROW")
    report.paragraph(_ALL)
    for label, lines in (
        ("waiting", _waiting(histories)),
        ("approved", _approved(histories)),
        ("unresolved", _unresolved(histories)),
        ("left open", _left_open(histories)),
        ("runs", open_runs(journal)),
        ("suspended", _suspended(journal.others)),
        ("locked out", _locked_out(journal.others)),
        ("authority", _authority(journal.others, journal.entries)),
    ):
        for number, line in enumerate(list(lines) or ["none"]):
            report.field("" if number else label, line)


def _waiting(histories: Iterable[RequestHistory]) -> Iterator[str]:
    for history in histories:
        if history.request is not None and last_state(history.entries, REQUEST) in WAITING_REQUESTS:
            until = parse_stamp(history.request.filed_at) + timedelta(
                seconds=history.request.within_s
            )
            yield f"{plain(history.request_id)}, at most until {moment(stamp(until))}"


def _approved(histories: Iterable[RequestHistory]) -> Iterator[str]:
    for history in histories:
        if last_state(history.entries, REQUEST) == RequestState.APPROVED:
            lease = history.request is not None and history.request.lease is not None
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
    """Yields what suspends actuation, unless it is over, or a later gate suspends that anew."""
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
    where = "everything" if row.subject == SITE_SCOPE else f"what hangs on {plain(row.subject)}"
    since = moment(str(row.body.get("since", row.at)))
    reason = printable(str(row.body.get("reason", ""))) or "the row does not say why"
    return f"{where}, since {since}: {reason}"


def _since_then(row: JournalEntry, gate: JournalEntry | None) -> str:
    if gate is None or gate.seq < row.seq:
        return ""
    if gate.kind == "gate.stopped":
        return f"; gate {plain(gate.subject)} has stopped since"
    return (
        f"; gate {plain(gate.subject)} was started since, and suspends anew by itself where it must"
    )


def _locked_out(entries: Iterable[JournalEntry]) -> Iterator[str]:
    latest = {each.subject: each for each in entries if each.kind.startswith("lockout.")}
    for scope, row in latest.items():
        if row.kind == "lockout.latched":
            yield f"{printable(scope)}, since {moment(row.at)}"


def _authority(entries: Iterable[JournalEntry], every: Sequence[JournalEntry]) -> Iterator[str]:
    latest = {each.subject: each for each in entries if each.kind.startswith("authority.")}
    end = next(filter(None, (_read(each.at) for each in reversed(every))), None)
    for scope, row in latest.items():
        until = _read(str(row.body.get("until", "")))
        if until is None or end is None or until > end:
            yield f"{printable(scope)}: {_words(row.body)}"


def _read(text: str) -> datetime | None:
    """Returns the moment of a stamp; `None` if it is none."""
    try:
        return parse_stamp(text)
    except ValueError:
        return None


def _words(body: Mapping[str, object]) -> str:
    mode = plain(str(body.get("mode")))
    until = f", until {moment(str(body['until']))}" if "until" in body else ""
    return f"{mode}, {mode_meaning(mode)}; by {printable(str(body.get('person')))}{until}"


def mode_meaning(mode: str) -> str:
    """Returns whose requests are carried out in a mode of authority."""
    return _MODES.get(mode, "and what that means is not known")
