"""Reads the journal and sorts its rows by request, run and site."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handwheel.tools.guardrails.ledger.runs import PREFIX
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.requests.request import Action, ActionRequest, parse_request
from handwheel.tools.requests.timestamps import parse_stamp

APPLIED = ("action.VERIFIED", "action.RESOLVED_APPLIED")
"""Kinds of rows after which a write counts as applied."""

_FILED = "request.filed"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A row of the journal."""

    seq: int
    at: str  # its stamp
    kind: str
    subject: str
    body: Mapping[str, Any]

    @property
    def day(self) -> str:
        """Date of its stamp."""
        return self.at[:10]

    @property
    def clock(self) -> str:
        """Time of day of its stamp, UTC."""
        return self.at[11:23]

    @property
    def state(self) -> str:
        """Second part of its kind, such as a state."""
        return self.kind.partition(".")[2]

    @property
    def reason(self) -> str:
        """Reason in its body, empty without one."""
        return str(self.body.get("reason", ""))


@dataclass(slots=True)
class RequestHistory:
    """A request and all its rows, in order."""

    request_id: str
    request: ActionRequest
    entries: list[JournalEntry] = field(default_factory=list[JournalEntry])
    # for each write that its lease left in place, the row that ended this
    closed: dict[str, JournalEntry] = field(default_factory=dict[str, JournalEntry])

    @property
    def actions(self) -> Sequence[Action]:
        """The actions of the request."""
        return self.request.actions

    @property
    def expires_at(self) -> datetime:
        """The end of the time in which it can be decided."""
        return parse_stamp(self.request.filed_at) + timedelta(seconds=self.request.within_s)

    @property
    def is_approved(self) -> bool:
        """Whether it was approved at some time."""
        return any(each.kind == "request.APPROVED" for each in self.entries)

    @property
    def applied(self) -> set[str]:
        """The ids of the actions that were applied."""
        return {each.subject for each in self.entries if each.kind in APPLIED}


@dataclass(frozen=True, slots=True)
class Period:
    """A period by the journal's stamps."""

    since: datetime | None = None  # the first moment in it; `None` for the beginning
    until: datetime | None = None  # the first moment after it; `None` for no end

    def has(self, entry: JournalEntry) -> bool:
        """Returns whether a row is in the period."""
        at = parse_stamp(entry.at)
        is_late_enough = self.since is None or at >= self.since
        return is_late_enough and (self.until is None or at < self.until)

    def has_any(self, entries: Iterable[JournalEntry]) -> bool:
        """Returns whether at least one of the rows is in the period."""
        return any(self.has(each) for each in entries)


@dataclass(slots=True)
class Journal:
    """The whole journal."""

    entries: list[JournalEntry] = field(default_factory=list[JournalEntry])
    head: str = ""  # hash of the last row; empty if there is none
    # by id, in order of submission
    requests: dict[str, RequestHistory] = field(default_factory=dict[str, RequestHistory])
    # the rows of each run
    runs: dict[str, list[JournalEntry]] = field(default_factory=dict[str, list[JournalEntry]])
    others: list[JournalEntry] = field(default_factory=list[JournalEntry])  # the rows about neither


def read_journal(rows: Iterable[JournalRow]) -> Journal:
    """Returns the journal."""
    journal, digests = Journal(), dict[str, str]()
    for row in rows:
        entry = read_entry(row)
        journal.entries.append(entry)
        journal.head = row.hash
        if entry.kind == _FILED:
            request = parse_request(entry.body["text"])
            journal.requests[entry.subject] = RequestHistory(entry.subject, request)
            digests[entry.body["digest"]] = entry.subject
        name = digests.get(entry.subject) or next(_names(entry, journal.requests), "")
        if entry.kind == _FILED:
            journal.requests[entry.subject].entries.append(entry)
        elif name:
            journal.requests[name].entries.append(entry)
        elif run_id := _run(entry, journal.runs):
            journal.runs.setdefault(run_id, []).append(entry)
        else:
            journal.others.append(entry)
    return journal


def read_entry(row: JournalRow) -> JournalEntry:
    """Returns a row as an entry."""
    fields = row.fields
    return JournalEntry(row.seq, fields["at"], fields["kind"], fields["subject"], fields["body"])


def _names(entry: JournalEntry, histories: Mapping[str, RequestHistory]) -> Iterator[str]:
    """Yields the id of the request that a row is about."""
    for each in (entry.subject.partition("/")[0], str(entry.body.get("request_id", ""))):
        if each in histories and not entry.kind.startswith(PREFIX):
            yield each


def _run(entry: JournalEntry, runs: Mapping[str, list[JournalEntry]]) -> str:
    """Returns the id of the run that a row is about, or an empty string."""
    if entry.kind.startswith(PREFIX):
        return entry.subject
    word, _, rest = entry.subject.partition(":")
    run_id = rest.partition(":")[0]
    return run_id if word == "run" and run_id in runs else ""
