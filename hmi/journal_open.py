"""What is still open at the journal's last row, as its rows alone tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from handwheel.tools.guardrails.ledger.transitions import (
    UNRESOLVED_ACTIONS,
    WAITING_REQUESTS,
    ActionState,
    RequestState,
)
from handwheel.tools.guardrails.printable import plain, printable
from handwheel.tools.requests.stamps import parse_stamp, stamp

from .journal_paper import Paper
from .journal_rows import open_words
from .journal_story import Case, Entry, Story
from .journal_words import moment

_REQUEST, _ACTION = "request.", "action."
_UNRESOLVED = UNRESOLVED_ACTIONS | {ActionState.SENDING}
_MODES = {
    "AGENT": "agents may act on it too",
    "OPERATOR": "agents may not act on it",
    "LOCAL": "nobody's requests are carried out there",
    "MAINTENANCE": "nobody's requests are carried out there",
}
_ALL = (
    "As the rows of the whole journal tell. What only a clock has ended, and a lockout's file "
    "that no gate has seen, have no row."
)


def write_open(paper: Paper, story: Story) -> None:
    """Writes what waits, is unresolved, stays as it was written, is locked out, and who may act.

    Args:
        story: All of it, with what closed the writes that leases left open.
    """
    cases = list(story.cases.values())
    paper.heading("STILL OPEN AT THE LAST ROW")
    paper.say(_ALL)
    for label, lines in (
        ("waiting", _waiting(cases)),
        ("approved", _approved(cases)),
        ("unresolved", _unresolved(cases)),
        ("left open", _left_open(cases)),
        ("locked out", _locked_out(story.others)),
        ("authority", _authority(story.others, story.entries)),
    ):
        for number, line in enumerate(list(lines) or ["none"]):
            paper.field("" if number else label, line)


def _waiting(cases: Iterable[Case]) -> Iterator[str]:
    for case in cases:
        if case.request is not None and _last(case.entries, _REQUEST) in WAITING_REQUESTS:
            until = parse_stamp(case.request.filed_at) + timedelta(seconds=case.request.within_s)
            yield f"{plain(case.request_id)}, at most until {moment(stamp(until))}"


def _approved(cases: Iterable[Case]) -> Iterator[str]:
    for case in cases:
        if _last(case.entries, _REQUEST) == RequestState.APPROVED:
            lease = case.request is not None and case.request.lease is not None
            yield f"{plain(case.request_id)}, with a lease" if lease else plain(case.request_id)


def _unresolved(cases: Iterable[Case]) -> Iterator[str]:
    for case in cases:
        for action in case.request.actions if case.request is not None else ():
            own = [each for each in case.entries if each.subject == action.action_id]
            state = _last(own, _ACTION)
            if state in _UNRESOLVED:
                yield f"{plain(action.action_id)} is {state}: {plain(action.tag)}"


def _left_open(cases: Iterable[Case]) -> Iterator[str]:
    for case in cases:
        for row in case.entries:
            if row.kind == "lease.open" and row.subject not in case.closed:
                yield f"{plain(row.subject)}: {open_words(row.body)}"


def _locked_out(entries: Iterable[Entry]) -> Iterator[str]:
    latest = {each.subject: each for each in entries if each.kind.startswith("lockout.")}
    for scope, row in latest.items():
        if row.kind == "lockout.latched":
            yield f"{printable(scope)}, since {moment(row.at)}"


def _authority(entries: Iterable[Entry], every: Sequence[Entry]) -> Iterator[str]:
    latest = {each.subject: each for each in entries if each.kind.startswith("authority.")}
    end = every[-1].at if every else ""
    for scope, row in latest.items():
        until = str(row.body.get("until", ""))
        if not until or until > end:
            yield f"{printable(scope)}: {_words(row.body)}"


def _words(body: Mapping[str, object]) -> str:
    mode = plain(str(body.get("mode")))
    until = f", until {moment(str(body['until']))}" if "until" in body else ""
    return f"{mode}, {means_of(mode)}; by {printable(str(body.get('person')))}{until}"


def means_of(mode: str) -> str:
    """Returns whose requests are carried out in a mode of authority."""
    return _MODES.get(mode, "and what that means is not known")


def _last(entries: Iterable[Entry], prefix: str) -> str:
    """Returns the last state that rows tell; empty if they tell of none."""
    states = [each.kind.removeprefix(prefix) for each in entries if _is_state(each, prefix)]
    return plain(states[-1]) if states else ""


def _is_state(entry: Entry, prefix: str) -> bool:
    return entry.kind.startswith(prefix) and "to" in entry.body
