"""Requests, actions and decisions as the ledger holds them."""

from collections.abc import Collection
from dataclasses import dataclass
from sqlite3 import Row

from ...errors import InvalidArguments, LedgerError
from ...requests.canonical import digest
from ...requests.request import Action, ActionRequest, parse_request
from ...requests.stamps import Instant, parse_stamp
from .database import Database
from .transitions import ActionState, RequestState


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One action and where it stands.

    Attributes:
        due_boot_ms: When it was set due, on the boot clock; `None` before.
        sent_at: When its intent was recorded; `None` before.
    """

    action_id: str
    state: ActionState
    reason: str
    due_boot_ms: int | None
    sent_at: str | None


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request and where it stands.

    Attributes:
        text: The canonical text that was filed.
        digest: The digest that was filed; the gate computes it again.
        filed: When it was filed.
        approved: When the last needed signature came; `None` before.
        actions: In the request's order.
    """

    request: ActionRequest
    text: str
    digest: str
    state: RequestState
    reason: str
    filed: Instant
    approved: Instant | None
    actions: tuple[ActionRecord, ...]

    @property
    def is_intact(self) -> bool:
        """Whether the text is still the one whose digest was filed."""
        return digest("request", self.text) == self.digest == self.request.digest

    def waits_since_s(self, now: Instant) -> float | None:
        """Returns the seconds since it was filed; `None` if the clocks cannot tell."""
        return now.since_s(self.filed)

    def action(self, action_id: str) -> Action:
        """Returns one of its actions as it was filed."""
        return next(each for each in self.request.actions if each.action_id == action_id)

    def record(self, action_id: str) -> ActionRecord:
        """Returns where one of its actions stands."""
        return next(each for each in self.actions if each.action_id == action_id)


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision as it was recorded; nothing of it has been checked."""

    number: int
    verdict: str
    subject: str
    text: str
    signature: str
    card: str | None


def load_requests(
    database: Database, states: Collection[RequestState] | None = None
) -> list[RequestRecord]:
    """Returns the requests in the order in which they were filed; those in the states named.

    Raises:
        LedgerError: They cannot be read, or one is no request any more.
    """
    wanted = sorted(RequestState if states is None else states)
    marks = ", ".join("?" * len(wanted))
    return _records(database, f"WHERE state IN ({marks})", *wanted)


def load_requests_with(database: Database, states: Collection[ActionState]) -> list[RequestRecord]:
    """Returns the requests that have an action in one of some states.

    Raises:
        LedgerError: They cannot be read, or one is no request any more.
    """
    marks = ", ".join("?" * len(states))
    inner = f"SELECT request_id FROM action WHERE state IN ({marks})"  # noqa: S608 (marks only)
    return _records(database, f"WHERE request_id IN ({inner})", *sorted(states))


def load_request(database: Database, name: str) -> RequestRecord:
    """Returns the request of an id, or of the beginning of one that no other shares.

    Raises:
        InvalidArguments: There is none, or more than one.
        LedgerError: It cannot be read.
    """
    wanted = name.upper().split("/")[0]
    found = _records(database, "WHERE substr(request_id, 1, ?) = ?", len(wanted), wanted)
    if len(found) != 1:
        reason = "begins more than one request" if found else "is no request of this site"
        raise InvalidArguments(f"{name!r} {reason}; see handwheel requests list")
    return found[0]


def load_request_of(database: Database, mark: str) -> RequestRecord | None:
    """Returns the request of a digest, if it is there."""
    found = _records(database, "WHERE digest = ?", mark)
    return found[0] if found else None


def load_decisions(database: Database, request_id: str) -> list[DecisionRecord]:
    """Returns what was decided about a request, in order."""
    rows = database.all(
        "SELECT number, verdict, subject, text, signature, card FROM decision "
        "WHERE request_id = ? ORDER BY number",
        request_id,
    )
    return [DecisionRecord(*row) for row in rows]


def load_revocations(database: Database) -> list[DecisionRecord]:
    """Returns every decision that takes a key back."""
    rows = database.all(
        "SELECT number, verdict, subject, text, signature, card FROM decision "
        "WHERE verdict = 'revoke-key' ORDER BY number"
    )
    return [DecisionRecord(*row) for row in rows]


def _records(database: Database, where: str, *values: object) -> list[RequestRecord]:
    rows = database.all(f"SELECT * FROM request {where} ORDER BY rowid", *values)  # noqa: S608
    return [_record(database, row) for row in rows]


def _record(database: Database, row: Row) -> RequestRecord:
    try:
        request = parse_request(row["text"])
    except ValueError as error:
        raise LedgerError(f"request {row['request_id']} is damaged: {error}") from None
    boot_id = row["filed_boot_id"]
    approved = None
    if row["approved_at"] is not None:
        approved = Instant(parse_stamp(row["approved_at"]), boot_id, row["approved_boot_ms"])
    actions = database.all(
        "SELECT action_id, state, reason, due_boot_ms, sent_at FROM action "
        "WHERE request_id = ? ORDER BY position",
        row["request_id"],
    )
    return RequestRecord(
        request,
        row["text"],
        row["digest"],
        RequestState(row["state"]),
        row["reason"],
        Instant(parse_stamp(request.filed_at), boot_id, row["filed_boot_ms"]),
        approved,
        tuple(
            ActionRecord(each[0], ActionState(each[1]), each[2], each[3], each[4])
            for each in actions
        ),
    )
