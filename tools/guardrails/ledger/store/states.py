"""The states of requests and actions, and the only ways from one to the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class RequestState(StrEnum):
    """Where a request stands."""

    PROPOSED = "PROPOSED"
    DENIED = "DENIED"
    PENDING = "PENDING"
    PARTIAL = "PARTIAL"
    APPROVED = "APPROVED"
    CLOSED = "CLOSED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    SUPERSEDED = "SUPERSEDED"
    INVALIDATED = "INVALIDATED"


class ActionState(StrEnum):
    """Where an action stands. One that was CLAIMED has used up its approval, for good."""

    PLANNED = "PLANNED"
    DUE = "DUE"
    CLAIMED = "CLAIMED"
    SENDING = "SENDING"
    VERIFIED = "VERIFIED"
    REFUSED = "REFUSED"
    MISMATCH = "MISMATCH"
    UNKNOWN = "UNKNOWN"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"
    INVALIDATED = "INVALIDATED"
    ABORTED_NOT_SENT = "ABORTED_NOT_SENT"
    RESOLVED_APPLIED = "RESOLVED_APPLIED"
    RESOLVED_NOT_APPLIED = "RESOLVED_NOT_APPLIED"


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One action and where it stands."""

    action_id: str
    state: ActionState
    reason: str
    due_boot_ms: int | None  # when it was set due, on the boot clock; `None` before
    sent_at: str | None  # when its intent was recorded; `None` before


ACKNOWLEDGED = "acknowledged; a pulse cannot be read back"
"""The read-back of a VERIFIED action that no tag shows: its request names none."""


_R, _A = RequestState, ActionState
_OVER = frozenset({_R.REJECTED, _R.EXPIRED, _R.SUPERSEDED, _R.INVALIDATED})
_NOT_SENT = frozenset({_A.SKIPPED, _A.CANCELLED, _A.INVALIDATED})
_RESOLVED = frozenset({_A.RESOLVED_APPLIED, _A.RESOLVED_NOT_APPLIED})

REQUESTS: Mapping[RequestState, frozenset[RequestState]] = {
    _R.PROPOSED: frozenset({_R.DENIED, _R.PENDING}),
    _R.PENDING: frozenset({_R.PARTIAL, _R.APPROVED}) | _OVER,
    _R.PARTIAL: frozenset({_R.APPROVED}) | _OVER,
    _R.APPROVED: frozenset({_R.CLOSED, _R.REVOKED, _R.SUPERSEDED, _R.INVALIDATED}),
}
ACTIONS: Mapping[ActionState, frozenset[ActionState]] = {
    _A.PLANNED: frozenset({_A.DUE}) | _NOT_SENT,
    _A.DUE: frozenset({_A.CLAIMED}) | _NOT_SENT,
    _A.CLAIMED: frozenset({_A.SENDING, _A.SKIPPED, _A.INVALIDATED, _A.ABORTED_NOT_SENT}),
    _A.SENDING: frozenset({_A.VERIFIED, _A.REFUSED, _A.MISMATCH, _A.UNKNOWN}),
    _A.UNKNOWN: _RESOLVED,
    _A.MISMATCH: _RESOLVED,
}

OPEN_REQUESTS = frozenset({_R.PENDING, _R.PARTIAL, _R.APPROVED})
ENDED_EARLY = _OVER | {_R.REVOKED}
WAITING_REQUESTS = frozenset({_R.PENDING, _R.PARTIAL})
UNSENT_ACTIONS = frozenset({_A.PLANNED, _A.DUE})
IN_FLIGHT_ACTIONS = frozenset({_A.CLAIMED, _A.SENDING})
UNRESOLVED_ACTIONS = frozenset({_A.UNKNOWN, _A.MISMATCH})
