"""How much people are asked: so few requests wait at once, and no rejected one comes back soon."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Self

from handwheel.connectors.durations import format_duration
from handwheel.connectors.values import Value

from ..errors import PolicyViolation
from ..requests.canonical import canonical
from ..requests.request import ActionRequest, parse_request
from ..requests.stamps import Instant, parse_stamp, stamp
from .ledger.database import Database, Transaction
from .ledger.journal import Row
from .ledger.records import RequestRecord, load_requests
from .ledger.transitions import WAITING_REQUESTS
from .policy_file import Asking
from .printable import printable
from .sent import elapsed_s

Why = Literal["too many wait", "rejected"]

REFUSED = "request.refused"
"""The journal's kind of a proposal that people were not asked about."""
_QUIET_S = 60.0  # at most one such row of a proposer and a reason in so long
_MOST_TAGS = 20
_LONGEST_WAIT_S = 86400.0  # of a request, as the policy's own limit
# Only those that may have been rejected in the pause: none waits longer than the longest wait.
_REJECTED = (
    "SELECT request.request_id, request.text, journal.text FROM request JOIN journal "
    "ON journal.subject = request.request_id AND journal.kind = 'request.REJECTED' "
    "WHERE request.state = 'REJECTED' AND json_valid(request.text) "
    "AND NOT (filed_boot_id = ? AND filed_boot_ms < ?) "
    "AND NOT (filed_boot_id != ? AND coalesce(json_extract(request.text, '$.filed_at') < ?, 0)) "
    "ORDER BY request.rowid DESC"
)
_TOLD = (
    "SELECT text FROM journal WHERE subject = ? AND kind = ? "
    "AND json_extract(text, '$.body.why') = ? ORDER BY seq DESC LIMIT 1"
)


class AskedTooMuch(PolicyViolation):
    """People are not asked about it now; the journal tells that somebody wanted to."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What people would be asked.

    Attributes:
        kind: `agent` or `person`.
        roles: Every role that must sign.
        writes: Tags and values, in any order.
    """

    kind: str
    roles: tuple[str, ...]
    writes: tuple[tuple[str, Value], ...]

    @classmethod
    def of(cls, request: ActionRequest) -> Self:
        """Returns what a request asks."""
        writes = tuple((each.tag, each.value) for each in request.commands)
        return cls(request.proposer.kind, request.roles, writes)

    @property
    def key(self) -> str:
        """One text for the same writes by the same kind of proposer, whoever that is."""
        # The zero of a float has a sign, and its bits would tell.
        values = {tag: value + 0.0 if type(value) is float else value for tag, value in self.writes}
        # What a request calls a tag may be no ASCII text, and a key of a table must be.
        return canonical([self.kind, [[tag, values[tag]] for tag in sorted(values)]])


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why people are not asked now."""

    why: Why
    reason: str


def obstacle(
    database: Database, asking: Asking, proposal: Proposal, now: Instant
) -> Obstacle | None:
    """Returns why people are not asked about a proposal now; `None` if they may be.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    return _crowd(database, asking, proposal, now) or _echo(database, asking, proposal, now)


def refuse_asking(
    database: Database, transaction: Transaction, asking: Asking, request: ActionRequest
) -> str:
    """Returns why people are not asked about a request now, and tells the journal; else nothing.

    Inside the transaction that files it, so that of two that come at once one sees the other.
    Whoever gets a reason lets the transaction commit, and then raises `AskedTooMuch`.

    Args:
        database: Whose transaction it is.
    """
    found = obstacle(database, asking, Proposal.of(request), transaction.now)
    if found is None:
        return ""
    name = request.proposer.name
    told = transaction.one(_TOLD, name, REFUSED, found.why)
    if told is None or not 0.0 <= _since_s(told, transaction.now) < _QUIET_S:
        tags = [each.tag for each in request.commands[:_MOST_TAGS]]
        body: dict[str, object] = {"why": found.why, "tags": tags, "reason": found.reason}
        transaction.record("request.refused", name, body)
    return found.reason


def waiting_for(database: Database, role: str, now: Instant) -> list[str]:
    """Returns the ids of the requests that wait for a role, in the order in which they came."""
    return [each.request_id for each in _waiting(database, now) if role in each.roles]


def _crowd(database: Database, asking: Asking, proposal: Proposal, now: Instant) -> Obstacle | None:
    waiting = _waiting(database, now)
    for role in proposal.roles:
        names = [each.request_id for each in waiting if role in each.roles]
        if len(names) >= asking.pending:
            return Obstacle(
                "too many wait",
                f"{len(names)} requests wait for {printable(role)} already, and at most "
                f"{asking.pending} may: decide on one first ({', '.join(names)})",
            )
    return None


def _waiting(database: Database, now: Instant) -> list[ActionRequest]:
    """Returns what people are asked about now; what is overdue waits for nobody any more."""
    # Nobody can be asked about a damaged one.
    found = load_requests(database, WAITING_REQUESTS, lambda name, fault: None)
    return [each.request for each in found if _waits(each, now)]


def _waits(record: RequestRecord, now: Instant) -> bool:
    since_s = record.waits_since_s(now)
    return since_s is not None and since_s <= record.request.within_s


def _echo(database: Database, asking: Asking, proposal: Proposal, now: Instant) -> Obstacle | None:
    pause_s = asking.pause_after_rejection
    longest_s, key = pause_s + _LONGEST_WAIT_S, proposal.key
    rows = database.all(
        _REJECTED,
        now.boot_id,
        now.boot_ms - longest_s * 1000.0,
        now.boot_id,
        stamp(now.wall - timedelta(seconds=longest_s)),
    )
    for name, text, told in rows:
        since_s = max(_since_s(told, now), 0.0)
        if since_s < pause_s and _key_of(text) == key:
            return Obstacle(
                "rejected",
                f"the same was rejected {format_duration(since_s)} ago ({name}): it may be asked "
                f"for again in {format_duration(pause_s - since_s)}",
            )
    return None


def _key_of(text: str) -> str:
    try:
        return Proposal.of(parse_request(text)).key
    except ValueError:
        return ""


def _since_s(text: str, now: Instant) -> float:
    """Returns the seconds since a row of the journal; 0 for one that cannot be read."""
    try:
        fields = Row(0, text, "").fields
        boot_ms = round(float(fields["boot_s"]) * 1000.0)
        at = Instant(parse_stamp(fields["at"]), str(fields["boot_id"]), boot_ms)
    except (ValueError, TypeError, KeyError):
        return 0.0
    return elapsed_s(at, now)
