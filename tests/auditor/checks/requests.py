"""Requests as they were filed, and how far each of their actions has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from .documents import NoDocument, canonical, digest, duration, moment, parse
from .journal import Row

LATER = timedelta(seconds=600)
"""How long after the last signature a later command of a person may be claimed."""


@dataclass(frozen=True)
class Action:
    """One write of a request."""

    action_id: str
    request_id: str
    kind: str
    equipment: str
    protocol: str
    port: int
    wire: str
    tag: str
    undoes: str  # of a recovery: the command that it takes back
    is_shown: bool  # whether a tag shows what was written; a pulse is shown by none
    digest: str  # of it alone

    @property
    def target(self) -> tuple[str, int, str]:
        """What a frame of it is told by: where it arrives, and its bytes."""
        return self.protocol, self.port, self.wire


@dataclass
class Request:
    """A request and where it stands while the journal is read."""

    request_id: str
    digest: str
    seq: int
    filed_at: datetime
    within: timedelta
    proposer: Mapping[str, Any]
    roles: tuple[str, ...]
    quorum: int
    locks: frozenset[str]
    actions: tuple[Action, ...]
    run_id: str  # empty where a person asks
    lasts: timedelta  # how long after the approval a later command may be claimed
    supersedes: str
    lease: timedelta | None  # how long it stands before it is taken back by itself
    state: str = "PROPOSED"
    approved_at: datetime | None = None
    approved_seq: int = 0
    has_begun: bool = False

    def is_covered(self, action: Action, scope: str) -> bool:
        """Whether a lockout of this scope stops the action."""
        of_others = {each.equipment for each in self.actions} - {action.equipment}
        return scope in (self.locks | {"site", action.equipment}) - of_others


def filed(row: Row, site: str) -> Request:
    """Returns the request of a row `request.filed`; raises `NoDocument` where it is not whole."""
    text = row.body["text"]
    document = parse(text)
    if digest("request", text) != row.body["digest"]:
        raise NoDocument("the digest is not that of the text")
    if (document["schema"], document["site"]) != ("request/1", site):
        raise NoDocument("the request is of another site or schema")
    request_id = document["request_id"]
    if request_id != row.subject:
        raise NoDocument(f"it holds the request {request_id}")
    run = document.get("run")
    if (document["proposer"]["kind"] == "agent") != (run is not None):
        raise NoDocument("only an agent asks for a run, and for nothing else")
    lease = document.get("lease")
    if run is None and document["recovery"] and lease is None:
        raise NoDocument("a person asks for recovery")
    return Request(
        request_id,
        row.body["digest"],
        row.seq,
        moment(document["filed_at"]),
        duration(document["within_s"]),
        document["proposer"],
        tuple(document["roles"]),
        document["quorum"],
        frozenset(document["locks"]),
        tuple(_action(each, request_id) for each in document["commands"] + document["recovery"]),
        run["run_id"] if run else "",
        duration(run["max_duration_s"]) if run else LATER,
        document.get("supersedes", ""),
        duration(lease["for_s"]) if lease else None,
    )


def _action(entry: Mapping[str, Any], request_id: str) -> Action:
    return Action(
        entry["action_id"],
        request_id,
        entry["kind"],
        entry["equipment"],
        entry["identity"]["kind"],
        _port(entry["identity"]["where"]),
        entry["wire"],
        entry.get("tag", ""),
        entry.get("undoes", ""),
        "readback" in entry,
        digest("action", canonical(entry)),
    )


def _port(where: str) -> int:
    port = urlsplit(where).port
    if port is None:
        raise NoDocument(f"{where} names no port")
    return port


@dataclass
class ActionTrace:
    """An action as far as it has come."""

    action: Action
    request: Request
    state: str = "PLANNED"
    is_named: bool = False  # a row PLANNED may stand first
    sent_at: datetime | None = None
    sent_seq: int = 0
    ended_at: datetime | None = None
    outcome: str = ""
    was_sent: bool = True  # what a row REFUSED says of it
    approvers: tuple[str, ...] = ()
    doubts: list[str] = field(default_factory=list[str])  # at the claim; held against a sending

    @property
    def name(self) -> str:
        return self.action.action_id


# By hand from the specification of actuation, section 4: what may come after a state.
REQUEST: Mapping[str, str] = {
    "PROPOSED": "DENIED PENDING",
    "PENDING": "PARTIAL APPROVED REJECTED EXPIRED SUPERSEDED INVALIDATED",
    "PARTIAL": "APPROVED REJECTED EXPIRED SUPERSEDED INVALIDATED",
    "APPROVED": "CLOSED REVOKED SUPERSEDED INVALIDATED",
    "DENIED": "", "CLOSED": "", "REJECTED": "", "EXPIRED": "", "REVOKED": "", "SUPERSEDED": "",
    "INVALIDATED": "",
}  # fmt: skip
ACTION: Mapping[str, str] = {
    "PLANNED": "DUE SKIPPED CANCELLED INVALIDATED",
    "DUE": "CLAIMED SKIPPED CANCELLED INVALIDATED",
    "CLAIMED": "SENDING SKIPPED INVALIDATED ABORTED_NOT_SENT",
    "SENDING": "VERIFIED REFUSED MISMATCH UNKNOWN",
    "UNKNOWN": "RESOLVED_APPLIED RESOLVED_NOT_APPLIED",
    "MISMATCH": "RESOLVED_APPLIED RESOLVED_NOT_APPLIED",
    "VERIFIED": "", "REFUSED": "", "SKIPPED": "", "CANCELLED": "", "INVALIDATED": "",
    "ABORTED_NOT_SENT": "", "RESOLVED_APPLIED": "", "RESOLVED_NOT_APPLIED": "",
}  # fmt: skip
NOT_SENT = frozenset({"SKIPPED", "CANCELLED", "INVALIDATED", "ABORTED_NOT_SENT"})
UNRESOLVED = frozenset({"UNKNOWN", "MISMATCH"})
VERDICTS = {"RESOLVED_APPLIED": "resolve-applied", "RESOLVED_NOT_APPLIED": "resolve-not-applied"}
