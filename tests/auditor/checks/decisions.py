"""Decisions as they were signed, and whether enough of them counted at a claim."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .documents import NoDocument, digest, moment, parse
from .journal import Row
from .operators import Enrolment, is_signed
from .requests import Action, Request


@dataclass(frozen=True)
class Decision:
    """A signed decision; one with a flaw counts for nothing."""

    seq: int
    verdict: str
    digest: str
    subject: str
    person: str
    key_id: str
    role: str
    nonce: str
    signed_at: datetime
    valid_until: datetime
    head: str
    by: Enrolment | None
    flaw: str

    @property
    def is_by_administrator(self) -> bool:
        return not self.flaw and self.by is not None and self.by.is_administrator


def decided(row: Row, people: Sequence[Enrolment], site: str) -> Decision:
    """Returns the decision of a row; raises `NoDocument` if it is none."""
    document: Mapping[str, Any] = parse(row.body["text"])
    if document["schema"] != "decision/1":
        raise NoDocument(f"its schema is {document['schema']}")
    key_id, person = document["key_id"], document["person"]
    signed_at = moment(document["signed_at"])
    records = [each for each in people if (each.key_id, each.person) == (key_id, person)]
    records.sort(key=lambda each: bool(_lateness(signed_at, each)))  # a key may be renewed
    by = records[0] if records else None
    return Decision(
        row.seq,
        document["verdict"],
        document.get("digest", ""),
        document.get("subject", ""),
        person,
        key_id,
        document["role"],
        document["nonce"],
        signed_at,
        moment(document["valid_until"]),
        document["head"],
        by,
        _flaw(row, document, by, site) or _lateness(signed_at, by),
    )


def _flaw(row: Row, document: Mapping[str, Any], by: Enrolment | None, site: str) -> str:
    if by is None:
        return "has no chain of enrolment to the root"
    if not is_signed(by.key, row.body["signature"], "decision", row.body["text"]):
        return "carries a wrong signature"
    if document["site"] != site:
        return "is for another site"
    if document["role"] not in by.roles:
        return f"claims a role that {by.person} does not have"
    card = row.body.get("card")
    if "card" in document and (card is None or digest("card", card) != document["card"]):
        return "was made on another card"
    return ""


def _lateness(signed_at: datetime, by: Enrolment | None) -> str:
    if by is None or by.start <= signed_at <= by.end:
        return ""
    return "was signed outside the time of its key"


def seen_heads_are_there(decision: Decision, hashes: Collection[str]) -> bool:
    """Whether the ledger head that the person saw is one of the rows before."""
    return bool(decision.flaw) or decision.head in hashes


FIRST_CLAIM_WITHIN = timedelta(seconds=60)
GRACE = timedelta(seconds=1)


@dataclass
class Decisions:
    """Every decision so far, and the keys that are revoked by now.

    `acts_as` tells what a role stands for beside itself, as the policy has it.
    """

    acts_as: Mapping[str, Sequence[str]]
    made: list[Decision] = field(default_factory=list[Decision])
    revoked: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, decision: Decision) -> None:
        self.made.append(decision)
        if decision.verdict == "revoke-key" and not decision.flaw:
            key_id = decision.subject.removeprefix("key:")
            if decision.is_by_administrator or decision.key_id == key_id:
                self.revoked.setdefault(key_id, decision.seq)

    def meant(self, roles: Iterable[str]) -> frozenset[str]:
        """Returns the roles themselves and those that they act as."""
        return frozenset(each for role in roles for each in (role, *self.acts_as.get(role, ())))

    def is_revoked(self, decision: Decision) -> bool:
        """Whether its key, or the key of somebody who vouches for it, is revoked by now."""
        chain = decision.by.chain if decision.by else frozenset[str]()
        return not self.revoked.keys().isdisjoint({decision.key_id, *chain})

    def about(self, request: Request, *verdicts: str) -> Iterator[Decision]:
        for each in self.made:
            if each.digest == request.digest and each.verdict in verdicts:
                yield each

    def has(self, verdict: str, subject: str, *, by_administrator: bool = False) -> bool:
        """Whether somebody signed this verdict on this subject with a key that still counts."""
        return any(
            (each.verdict, each.subject) == (verdict, subject)
            and not each.flaw
            and not self.is_revoked(each)
            and (each.is_by_administrator or not by_administrator)
            for each in self.made
        )


@dataclass
class Quorum:
    """Who counts as an approver of an action, and what is missing."""

    people: list[str]
    faults: list[str]


def quorum_at(claim: Row, request: Request, action: Action, decisions: Decisions) -> Quorum:
    """Judges the approvals in the journal above the row in which the action was claimed."""
    counted: list[Decision] = []
    reasons: list[str] = []
    for each in decisions.about(request, "approve"):
        reason = _why_not(each, claim, request, action, decisions)
        if reason:
            reasons.append(f"the approval of {each.person} {reason}")
        elif all(each.person != other.person and each.key_id != other.key_id for other in counted):
            counted.append(each)
    faults = [
        f"{each.person} had said {each.verdict} before it was claimed"
        for each in decisions.about(request, "reject", "revoke")
        if not each.flaw
    ]
    if len(counted) < max(request.quorum, 1):
        told = "".join(f"; {reason}" for reason in reasons)
        faults.append(f"{len(counted)} of {request.quorum} approvals count{told}")
    held = [role for each in counted if each.by is not None for role in each.by.roles]
    covered = decisions.meant(held)
    faults += [f"no {role} has approved" for role in request.roles if role not in covered]
    faults += _proposal_faults(request, decisions)
    faults += _time_faults(claim, request, action)
    return Quorum([each.person for each in counted], faults)


def _why_not(
    each: Decision, claim: Row, request: Request, action: Action, decisions: Decisions
) -> str:
    proposer = request.proposer
    is_own = proposer["kind"] != "guest" and (
        each.person == proposer["name"] or each.key_id == proposer.get("key_id")
    )
    reasons = (
        (bool(each.flaw), each.flaw),
        (decisions.is_revoked(each), "is signed with a revoked key"),
        (each.is_by_administrator, "is an administrator's"),
        (is_own, "is the proposer's own"),
        (
            decisions.meant([each.role]).isdisjoint(request.roles),
            f"is given as {each.role}, which was not asked for",
        ),
        (each.signed_at > claim.at + GRACE, "is signed later than it was claimed"),
        (
            _must_be_fresh(request, action) and each.valid_until < claim.at,
            "was no longer valid when it was claimed",
        ),
    )
    return next((reason for is_so, reason in reasons if is_so), "")


def _proposal_faults(request: Request, decisions: Decisions) -> Iterator[str]:
    """A person who proposes signs that, or could be named to let the true one approve."""
    proposer = request.proposer
    if proposer["kind"] != "person":
        return
    signed = decisions.about(request, "propose")
    if not any(
        not each.flaw and (each.person, each.key_id) == (proposer["name"], proposer.get("key_id"))
        for each in signed
    ):
        yield f"{proposer['name']} has not signed the proposal"


def _time_faults(claim: Row, request: Request, action: Action) -> Iterator[str]:
    if request.approved_at is None:
        return
    if request.approved_at > request.filed_at + request.within + GRACE:
        yield "the last signature came too late"
    if action.kind != "command":
        return  # for as long as its request is approved
    if not request.has_begun and claim.at > request.approved_at + FIRST_CLAIM_WITHIN + GRACE:
        yield "it was claimed more than 60 s after the last signature"
    if claim.at > request.approved_at + request.lasts + GRACE:
        yield f"it was claimed more than {request.lasts.total_seconds():.0f} s after it"


def _must_be_fresh(request: Request, action: Action) -> bool:
    """Whether the approval must still be valid at the claim; a run goes on for longer."""
    return action.kind == "command" and not (request.run_id and request.has_begun)
