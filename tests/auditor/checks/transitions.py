"""The states of requests and actions, from section 4 of the specification."""

from collections.abc import Mapping

_BEFORE = "REJECTED EXPIRED SUPERSEDED INVALIDATED"
_UNSENT = "SKIPPED CANCELLED INVALIDATED ABORTED_NOT_SENT"
_RESOLVED = "RESOLVED_APPLIED RESOLVED_NOT_APPLIED"


def _table(**ways: str) -> Mapping[str, frozenset[str]]:
    return {state: frozenset(after.split()) for state, after in ways.items()}


REQUEST = _table(
    PROPOSED="DENIED PENDING",
    PENDING=f"PARTIAL APPROVED {_BEFORE}",
    PARTIAL=f"APPROVED {_BEFORE}",
    APPROVED="CLOSED REVOKED SUPERSEDED INVALIDATED",
)
ACTION = _table(
    PLANNED=f"DUE {_UNSENT}",
    DUE=f"CLAIMED {_UNSENT}",
    CLAIMED=f"SENDING {_UNSENT}",
    SENDING="VERIFIED REFUSED MISMATCH UNKNOWN",
    UNKNOWN=_RESOLVED,
    MISMATCH=_RESOLVED,
)
NOT_SENT = frozenset(_UNSENT.split())
UNRESOLVED = frozenset({"UNKNOWN", "MISMATCH"})
VERDICTS = {"RESOLVED_APPLIED": "resolve-applied", "RESOLVED_NOT_APPLIED": "resolve-not-applied"}
