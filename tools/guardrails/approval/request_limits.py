"""Limits on the number of waiting requests and on repeats of rejected ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value

from ...errors import PermitRefused
from ...requests.request import ActionRequest, Hashes, parse_request
from ...requests.timestamps import Instant
from ...safe_text import printable
from ..interlocks.blocking import check_files
from ..ledger.journal_rows import moment_of, newest_refusal
from ..ledger.records import RequestRecord, load_requests, rejected_since
from ..ledger.store.database import Ledger, Transaction
from ..ledger.store.states import WAITING_REQUESTS
from ..ledger.write_history import elapsed_s
from ..policy.schema import RequestLimits
from ..signatures.context import DecisionContext
from ..signatures.decisions import parse_decision
from .build_request import tolerance_of

REFUSED = "request.refused"
"""Kind of the journal row of a request refused for these limits."""
GUESTS = "a guest"
"""Subject of such a row about any guest, whatever it calls itself."""
_QUIET_S = 60.0  # at most one such row of a proposer and a reason in so long
_MOST_TAGS = 20
_LONGEST_WAIT_S = 86400.0  # of a request, as the policy's own limit
_ORDER = ("person", "agent", "guest")  # of each kind, only requests of it and before it count


@dataclass(frozen=True, slots=True)
class Proposal:
    """Parts of a request that the limits compare."""

    kind: Literal["person", "agent", "guest"]
    roles: tuple[str, ...]  # roles that must sign
    writes: tuple[tuple[str, Value], ...]  # tags and values, in any order
    hashes: Hashes | None = None  # of the site files that it was made with

    @classmethod
    def of(cls, request: ActionRequest) -> Self:
        """Returns the compared parts of a request."""
        writes = tuple((each.tag, each.value) for each in request.commands)
        return cls(request.proposer.kind, request.roles, writes, request.hashes)

    def is_like(self, other: Self, tags: Mapping[str, Tag]) -> bool:
        """Whether proposers of one kind propose the same writes, up to each tag's tolerance."""
        own, others = dict(self.writes), dict(other.writes)
        return (
            self.kind == other.kind
            and own.keys() == others.keys()
            and all(_is_near(own[name], others[name], tags.get(name)) for name in own)
        )


def _is_near(one: Value, other: Value, tag: Tag | None) -> bool:
    tolerance = tolerance_of(tag) if tag else None
    if tolerance is None or not isinstance(one, int | float) or not isinstance(other, int | float):
        return one == other
    try:
        return abs(one - other) <= tolerance
    except OverflowError:  # a whole number that no float can hold
        return one == other


def request_denial(
    database: Ledger, asking: RequestLimits, site: Site, proposal: Proposal, now: Instant
) -> Denial | None:
    """Returns the denial of a proposal for the number or the repetition of requests."""
    full = _queue_denial(database, asking, site, proposal, now)
    full = full or _guest_denial(database, site, proposal, now)
    return full or _repeat_denial(database, asking, site.tags, proposal, now)


def check_request_limits(
    context: DecisionContext, transaction: Transaction, request: ActionRequest
) -> Denial | None:
    """Returns the denial of a request for the request limits, and records it in the journal.

    Call it in the transaction that files the request, so that of two at once one sees the other.
    On a denial let the transaction commit, then raise `TooManyRequests`.
    """
    proposal, asking = Proposal.of(request), context.policy.asking
    found = request_denial(context.database, asking, context.site, proposal, transaction.now)
    if found is None:
        return None
    proposer = request.proposer
    name = GUESTS if proposer.kind == "guest" else proposer.name  # no row in another's name
    recorded = newest_refusal(transaction, name, REFUSED, found.code)
    since_s = elapsed_s(moment_of(recorded), transaction.now) if recorded else _QUIET_S
    if not 0.0 <= since_s < _QUIET_S:
        named = [each.tag for each in request.commands[:_MOST_TAGS]]
        body: dict[str, object] = {"why": found.code, "tags": named, "reason": found.reason}
        transaction.record("request.refused", name, body)
    return found


def waiting_for(
    database: Ledger, site: Site, role: str, proposal: Proposal, now: Instant
) -> list[str]:
    """Returns the ids of the requests that wait for a role before a proposal, oldest first.

    Not counted are those that nobody can approve: those whose time is over, and
    those made with other site files. Those of agents do not count for a person's proposal, and
    those of guests only for a guest's.
    """
    waiting = _before(database, site, proposal, now)
    return [each.request_id for each in waiting if role in each.roles]


def _guest_denial(database: Ledger, site: Site, proposal: Proposal, now: Instant) -> Denial | None:
    """Returns the denial of a guest's proposal if a guest's request waits for one of its roles."""
    for each in _before(database, site, proposal, now) if proposal.kind == "guest" else ():
        shared = sorted({*each.roles} & {*proposal.roles})
        if each.proposer.kind == "guest" and shared:
            return Denial(
                "too many wait",
                f"{each.request_id} of a guest waits for {printable(shared[0])} already, and all "
                "guests together may have one request waiting for a role",
            )
    return None


def _queue_denial(
    database: Ledger, asking: RequestLimits, site: Site, proposal: Proposal, now: Instant
) -> Denial | None:
    whose = "requests of people" if proposal.kind == "person" else "requests"
    for role in proposal.roles:
        names = waiting_for(database, site, role, proposal, now)
        if len(names) >= asking.pending:
            return Denial(
                "too many wait",
                f"{len(names)} {whose} wait for {printable(role)} already, and at most "
                f"{asking.pending} may: decide on one first ({', '.join(names)})",
            )
    return None


def _before(database: Ledger, site: Site, proposal: Proposal, now: Instant) -> list[ActionRequest]:
    """Returns the waiting requests that count.

    A flood of agents' requests must block no person, and one of guests' neither of them.
    """
    found = load_requests(database, WAITING_REQUESTS)
    waiting = [each.request for each in found if _waits(each, now)]
    counted = _ORDER[: _ORDER.index(proposal.kind) + 1]
    waiting = [each for each in waiting if each.proposer.kind in counted]
    if not _is_of_present_files(site, proposal.hashes):  # cannot be approved: all count before it
        return waiting
    return [each for each in waiting if each.hashes == proposal.hashes]


def _is_of_present_files(site: Site, hashes: Hashes | None) -> bool:
    if hashes is None:
        return False
    wanted = hashes.model_dump()
    try:
        check_files(site, wanted, wanted, "terminal")
    except PermitRefused:
        return False
    return True


def _waits(record: RequestRecord, now: Instant) -> bool:
    since_s = record.waits_since_s(now)
    return since_s is not None and since_s <= record.request.within_s


def _repeat_denial(
    database: Ledger,
    asking: RequestLimits,
    tags: Mapping[str, Tag],
    proposal: Proposal,
    now: Instant,
) -> Denial | None:
    pause_s = asking.pause_after_rejection
    rows = rejected_since(database, now, pause_s + _LONGEST_WAIT_S)
    for name, text, recorded, objection in rows:
        since_s = max(elapsed_s(moment_of(recorded), now), 0.0)
        if since_s < pause_s and _is_no_to(text, objection, proposal, tags):
            return Denial(
                "rejected",
                f"the same, or a value near it, was rejected {format_duration(since_s)} ago "
                f"({name}): it may be asked for again in {format_duration(pause_s - since_s)}",
            )
    return None


def _is_no_to(
    text: str, objection: str | None, proposal: Proposal, tags: Mapping[str, Tag]
) -> bool:
    request = parse_request(text)
    return proposal.is_like(Proposal.of(request), tags) and not _is_withdrawn(request, objection)


def _is_withdrawn(request: ActionRequest, objection: str | None) -> bool:
    """Whether the proposer withdrew the request."""
    proposer = request.proposer
    if objection is None or proposer.kind != "person":
        return False
    return proposer.name == parse_decision(objection).person
