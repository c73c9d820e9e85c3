"""Counts the persons who have approved exactly this request, and the objections."""

from collections.abc import Callable, Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from ...requests.request import ActionRequest
from ...requests.timestamps import Instant, parse_stamp
from ..identity.roster import AGENT, Operator, Roster
from ..ledger.decisions import Signed
from ..ledger.lifecycle import FIRST_CLAIM_S
from .decisions import Decision, DecisionRefused, Reason, meaning_of, parse_decision, verify

Satisfies = Callable[[str, str, Collection[str]], bool]
"""Whether the role that is held counts as the role that is required, where some tags are."""

_OBJECTIONS = {"reject": Reason.REJECTED, "revoke": Reason.REVOKED}


@dataclass(frozen=True, slots=True)
class DecisionFault:
    """Why one decision, or the request as a whole, does not count."""

    person: str  # whom the decision names; empty for the whole, or if it cannot be read
    reason: Reason

    def __str__(self) -> str:
        return f"{self.person}: {self.reason}" if self.person else str(self.reason)


@dataclass(frozen=True, slots=True)
class CountedApproval:
    """An approval that counts."""

    decision: Decision
    operator: Operator


@dataclass(frozen=True, slots=True)
class QuorumResult:
    """Result of counting the approvals of a request."""

    is_met: bool
    approvals: tuple[CountedApproval, ...]  # those that count, in the order of signing
    findings: tuple[DecisionFault, ...]  # why others do not, and why the whole does not

    @property
    def reasons(self) -> frozenset[Reason]:
        """The reasons alone."""
        return frozenset(finding.reason for finding in self.findings)

    @property
    def is_attended(self) -> bool:
        """Whether every approval that counts came from a person at a terminal."""
        return all(each.decision.attended for each in self.approvals)


def check_quorum(
    request: ActionRequest,
    decisions: Sequence[Signed],
    roster: Roster,
    satisfies: Satisfies,
    revoked_keys: AbstractSet[str],
    now: Instant,
    quorum: int | None = None,
) -> QuorumResult:
    """Judges a request by everything that was decided about it, in any order.

    Args:
        decisions: What concerns another request is found and does not count.
        satisfies: Of the role held, the role required and all tags that are written; see the
            policy's `acts_as` and `areas`.
        quorum: Number of different people who must sign, see `request_class`; by default the
            request's own.
    """
    judge = _Count(request, roster, satisfies, revoked_keys, now)
    for signed in decisions:
        judge.take(signed)
    approvals = sorted(judge.approvals, key=lambda each: each.decision.signed_at)
    needed = request.quorum if quorum is None else quorum
    faults = [*judge.objections, *_faults(needed, approvals, now)]
    findings = (*judge.findings, *(DecisionFault("", fault) for fault in faults))
    return QuorumResult(not faults, tuple(approvals), findings)


def fault_of_person(
    request: ActionRequest, operator: Operator, satisfies: Satisfies
) -> Reason | None:
    """Returns why a person's approval cannot count, or `None` if it can."""
    if operator.is_administrator:
        return Reason.ADMINISTRATOR
    is_own = _is_own(request, operator)
    if AGENT in operator.roles or (request.proposer.kind == AGENT and is_own):
        return Reason.AGENT
    if is_own:
        return Reason.OWN_REQUEST
    # Without a required role no person is entitled: `all` of nothing would be true.
    if not request.roles or missing_roles(request, operator, satisfies):
        return Reason.ROLE_DOES_NOT_SATISFY
    return None


def missing_roles(request: ActionRequest, operator: Operator, satisfies: Satisfies) -> list[str]:
    """Returns the roles that a request asks for and that no role of the person stands in for."""
    return missing_of(request.roles, request.written, operator, satisfies)


def missing_of(
    roles: Collection[str], tags: Collection[str], operator: Operator, satisfies: Satisfies
) -> list[str]:
    """Returns those of some roles that no role of a person stands in for where some tags are."""
    return [
        role for role in roles if not any(satisfies(held, role, tags) for held in operator.roles)
    ]


def may_object(request: ActionRequest, operator: Operator, satisfies: Satisfies) -> bool:
    """Whether a person's rejection or revocation counts. One of the roles is enough."""
    if operator.is_administrator or _is_own(request, operator):
        return True
    return len(missing_roles(request, operator, satisfies)) < len(request.roles)


def _is_own(request: ActionRequest, operator: Operator) -> bool:
    proposer = request.proposer
    if proposer.kind == "guest":  # whose name is its own claim
        return False
    return proposer.name == operator.person or proposer.key_id == operator.key_id


def _faults(quorum: int, approvals: Sequence[CountedApproval], now: Instant) -> Iterator[Reason]:
    if len(approvals) < quorum:
        yield Reason.QUORUM_NOT_MET
        return
    since_s = now.since_s(approvals[quorum - 1].decision.signed)
    if since_s is None or since_s > FIRST_CLAIM_S:
        yield Reason.CLAIM_EXPIRED


@dataclass
class _Count:
    """Takes one decision after the other and keeps what counts, with the reasons of the others."""

    request: ActionRequest
    roster: Roster
    satisfies: Satisfies
    revoked_keys: AbstractSet[str]
    now: Instant
    approvals: list[CountedApproval] = field(default_factory=list[CountedApproval])
    objections: list[Reason] = field(default_factory=list[Reason])
    findings: list[DecisionFault] = field(default_factory=list[DecisionFault])

    def take(self, signed: Signed) -> None:
        person = ""
        try:
            decision = parse_decision(signed.text)
            person = decision.person
            if objection := _OBJECTIONS.get(decision.verdict):
                self._check_objection(signed, decision.signed.wall)
                self.objections.append(objection)
            else:
                self._approve(signed)
        except DecisionRefused as refused:
            self.findings.append(DecisionFault(person, refused.reason))

    def _check_objection(self, signed: Signed, signed_at: datetime) -> None:
        # At the time of signing: an objection outlasts the enrolment of who made it.
        _, operator = self._verified(signed, signed_at)
        if not may_object(self.request, operator, self.satisfies):
            raise DecisionRefused(Reason.ROLE_DOES_NOT_SATISFY)

    def _approve(self, signed: Signed) -> None:
        decision, operator = self._verified(signed, self.now.wall)
        for reason in (
            self._fault_of_content(decision),
            self._fault_of_person(decision, operator),
            self._fault_of_time(decision),
            self._fault_of_repetition(decision, operator),
        ):
            if reason is not None:
                raise DecisionRefused(reason)
        self.approvals.append(CountedApproval(decision, operator))

    def _verified(self, signed: Signed, at: datetime) -> tuple[Decision, Operator]:
        decision, operator = verify(signed, self.roster, self.revoked_keys, self.request.site, at)
        if decision.digest != self.request.digest:
            raise DecisionRefused(Reason.OTHER_DIGEST)
        return decision, operator

    def _fault_of_content(self, decision: Decision) -> Reason | None:
        if decision.verdict != "approve":
            return Reason.NOT_APPROVED
        if decision.meaning != meaning_of("approve", self.request):
            return Reason.OTHER_MEANING
        return None

    def _fault_of_person(self, decision: Decision, operator: Operator) -> Reason | None:
        if reason := fault_of_person(self.request, operator, self.satisfies):
            return reason
        tags = self.request.written
        if not any(self.satisfies(decision.role, role, tags) for role in self.request.roles):
            return Reason.ROLE_DOES_NOT_SATISFY
        return None

    def _fault_of_time(self, decision: Decision) -> Reason | None:
        since_s = self.now.since_s(decision.signed)
        if since_s is None:
            is_same_boot = decision.boot_id == self.now.boot_id
            return Reason.CLOCK_STEP if is_same_boot else Reason.REBOOTED
        if since_s < 0.0:
            return Reason.FUTURE
        if since_s >= decision.valid_s:
            return Reason.EXPIRED
        waited_s = (decision.signed.wall - parse_stamp(self.request.filed_at)).total_seconds()
        return None if 0.0 <= waited_s <= self.request.within_s else Reason.TOO_LATE

    def _fault_of_repetition(self, decision: Decision, operator: Operator) -> Reason | None:
        if any(each.decision.nonce == decision.nonce for each in self.approvals):
            return Reason.SAME_NONCE
        if any(each.operator.person == operator.person for each in self.approvals):
            return Reason.SAME_PERSON
        return None
