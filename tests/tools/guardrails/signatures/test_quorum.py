"""Approvals that count, and for each reason one that does not."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from handwheel.tools.guardrails.identity.roster import Roster
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.signatures.decisions import REASONS, Reason, new_nonce, sign
from handwheel.tools.guardrails.signatures.quorum import QuorumResult, Satisfies, check_quorum
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import Instant, stamp

from ....gate.testbed.authority_grant import AGENTS
from ....sites.people import key_id, key_of
from ....sites.signed_requests import (
    AGO,
    NOW,
    REQUEST,
    ROSTER,
    TWO,
    acts_as,
    decision_of,
    request_of,
    seconds_ago,
    signed_by,
)


@dataclass(frozen=True)
class Case:
    """Decisions and what they are judged by; the defaults are approved."""

    decisions: Sequence[Signed] = field(default_factory=lambda: [signed_by()])
    request: ActionRequest = REQUEST
    roster: Roster = ROSTER
    revoked: AbstractSet[str] = frozenset()
    now: Instant = NOW

    def judged(self, satisfies: Satisfies = acts_as) -> QuorumResult:
        return check_quorum(
            self.request, self.decisions, self.roster, satisfies, self.revoked, self.now
        )


def _one(person: str = "anna", request: ActionRequest = REQUEST, **changes: object) -> Case:
    return Case([signed_by(person, request, **changes)], request)


def _as_bert() -> Signed:
    return sign(decision_of("anna").model_copy(update={"person": "bert"}), key_of("anna"))


def _roster_of_an_agent() -> Roster:
    """Anna with a role that no valid record can give."""
    roles = frozenset({"agent", "operator"})
    people = [replace(each, roles=roles) for each in ROSTER.operators if each.person == "anna"]
    return Roster(tuple(people), (), "")


def _agent_proposes() -> ActionRequest:
    return request_of(**{**AGENTS, "proposer": {"kind": "agent", "name": "anna"}})


def _own(**proposer: str) -> ActionRequest:
    return request_of(proposer={"kind": "person", **proposer})


_ONCE = signed_by()
_SHARED = new_nonce()

REFUSED: Mapping[str, tuple[Reason, Case]] = {
    "not JSON": (Reason.NOT_CANONICAL, Case([Signed(text="approved", signature="00" * 64)])),
    "an unknown key": (
        Reason.NOT_CANONICAL,
        Case([_ONCE.model_copy(update={"text": _ONCE.text.replace('"boot', '"a":1,"boot')})]),
    ),
    "another site": (Reason.OTHER_SITE, _one(site="cw-2")),
    "a stranger": (Reason.UNKNOWN_KEY, _one("stranger")),
    "another's name": (Reason.OTHER_PERSON, Case([_as_bert()])),
    "no longer enrolled": (Reason.KEY_NOT_VALID, _one("emil")),
    "not yet enrolled when signing": (Reason.KEY_NOT_VALID, _one("fred")),
    "a revoked key": (Reason.REVOKED_KEY, Case(revoked={key_id("anna")})),
    "a revoked administrator": (
        Reason.REVOKED_ISSUER, Case([signed_by("carl")], revoked={key_id("deputy")}),
    ),
    "another's signature": (
        Reason.BAD_SIGNATURE,
        Case([Signed(text=_ONCE.text, signature=signed_by("bert").signature)]),
    ),
    "a role not held": (Reason.ROLE_NOT_HELD, _one(role="shift-supervisor")),
    "another request": (Reason.OTHER_DIGEST, Case([signed_by(request=TWO)])),
    "a proposal": (Reason.NOT_APPROVED, _one(verdict="propose")),
    "other words": (Reason.OTHER_MEANING, _one(meaning="I approve")),
    "an administrator": (Reason.ADMINISTRATOR, _one("deputy", role="administrator")),
    "an agent's role": (Reason.AGENT, Case(roster=_roster_of_an_agent())),
    "an agent's name": (Reason.AGENT, _one(request=_agent_proposes())),
    "one's own": (Reason.OWN_REQUEST, _one(request=_own(name="anna"))),
    "one's own key": (Reason.OWN_REQUEST, _one(request=_own(name="x", key_id=key_id("anna")))),
    "a role too low": (Reason.ROLE_DOES_NOT_SATISFY, _one("dora", role="viewer")),
    "the wrong one of two roles": (Reason.ROLE_DOES_NOT_SATISFY, _one("bert", role="fitter")),
    "one role of two": (
        Reason.ROLE_DOES_NOT_SATISFY, _one(request=request_of(roles=["operator", "fitter"])),
    ),
    "no role required": (Reason.ROLE_DOES_NOT_SATISFY, _one(request=request_of(roles=[]))),
    "another boot": (Reason.REBOOTED, _one(boot_id="the one before")),
    "wall clock ahead": (Reason.CLOCK_STEP, _one(signed_at=stamp(NOW.wall - AGO * 3.002))),
    "wall clock behind": (Reason.CLOCK_STEP, _one(signed_at=stamp(NOW.wall + AGO * 1.002))),
    "the future": (Reason.FUTURE, _one(**seconds_ago(-1.0))),
    "expired": (Reason.EXPIRED, _one(valid_until=stamp(NOW.wall))),
    "expired on the boot clock": (
        Reason.EXPIRED, _one(valid_until=stamp(NOW.wall + AGO), boot_ms=NOW.boot_ms - 2500),
    ),
    "after the request's time": (Reason.TOO_LATE, _one(request=request_of(within_s=598.0))),
    "before the request": (Reason.TOO_LATE, _one(request=request_of(filed_at=stamp(NOW.wall)))),
    "twice the same": (Reason.SAME_NONCE, Case([signed_by(request=TWO)] * 2, TWO)),
    "twice a nonce": (
        Reason.SAME_NONCE,
        Case([signed_by(each, TWO, nonce=_SHARED) for each in ("anna", "bert")], TWO),
    ),
    "twice a person": (
        Reason.SAME_PERSON, Case([signed_by(request=TWO), signed_by(request=TWO)], TWO),
    ),
    "rejected": (Reason.REJECTED, Case([signed_by(), signed_by("bert", verdict="reject")])),
    "rejected by an administrator": (
        Reason.REJECTED,
        Case([signed_by("boss", verdict="reject", role="administrator"), signed_by()]),
    ),
    "rejected, then enrolled no more": (
        Reason.REJECTED, Case([signed_by("emil", verdict="reject"), signed_by()]),
    ),
    "revoked": (Reason.REVOKED, Case([signed_by(), signed_by(verdict="revoke")])),
    "revoked by the proposer": (
        Reason.REVOKED,
        Case(
            [signed_by(request=_own(name="dora")),
             signed_by("dora", _own(name="dora"), verdict="revoke", role="viewer")],
            _own(name="dora"),
        ),
    ),
    "one of two": (Reason.QUORUM_NOT_MET, _one(request=TWO)),
    "nothing": (Reason.QUORUM_NOT_MET, Case([])),
    "too old to start on": (Reason.CLAIM_EXPIRED, _one(**seconds_ago(60.001))),
    "too old to start on, and one more than was needed": (
        Reason.CLAIM_EXPIRED,
        Case([signed_by("anna", TWO, **seconds_ago(200.0)),
              signed_by("bert", TWO, **seconds_ago(60.001)), signed_by("carl", TWO)], TWO),
    ),
}  # fmt: skip

COUNTED: Mapping[str, Case] = {
    "an operator": Case(),
    "who acts as one": _one("bert"),
    "whose administrator is not the first": _one("carl"),
    "two, the first long ago": Case(
        [signed_by("anna", TWO, **seconds_ago(200.0)), signed_by("bert", TWO)], TWO
    ),
    "a quorum beside what does not count": Case(
        [Signed(text="", signature=""), signed_by("dora", role="viewer"), signed_by()]
    ),
    "both roles": _one("bert", request_of(roles=["operator", "fitter"])),
    "an agent's request": _one(request=request_of(**AGENTS)),
    "just now": _one(**seconds_ago(0.0)),
    "at the last moment": _one(**seconds_ago(60.0)),
    "a clock that drifts": _one(signed_at=stamp(NOW.wall - AGO * 3)),
    "at the end of the request's time": _one(request=request_of(within_s=599.0)),
    "a rejection by somebody who may not": Case(
        [signed_by(), signed_by("dora", verdict="reject", role="viewer")]
    ),
    "a rejection with a revoked key": Case(
        [signed_by(), signed_by("bert", verdict="reject")], revoked={key_id("bert")}
    ),
    "a rejection of another request": Case([signed_by(), signed_by("bert", TWO, verdict="reject")]),
}  # fmt: skip


def test_what_does_not_count_says_why() -> None:
    for name, (reason, case) in REFUSED.items():
        verdict = case.judged()
        assert not verdict.is_met, name
        assert reason in verdict.reasons, name
        assert verdict.reasons <= {reason, Reason.QUORUM_NOT_MET}, name
    findings = REFUSED["a role too low"][1].judged().findings
    told = f"dora: {Reason.ROLE_DOES_NOT_SATISFY}", str(Reason.QUORUM_NOT_MET)
    assert tuple(map(str, findings)) == told


# These need the ledger: the card, its head and the policy's `unattended` are judged on filing.
ON_FILING = {Reason.OTHER_LEDGER, Reason.NO_CARD, Reason.UNATTENDED}


def test_every_reason_is_reached() -> None:
    assert {reason for reason, _ in REFUSED.values()} == REASONS - ON_FILING
    assert len({str(reason) for reason in REASONS}) == len(REASONS)


def test_what_counts() -> None:
    for name, case in COUNTED.items():
        verdict = case.judged()
        assert verdict.is_met, name
        assert len(verdict.approvals) == case.request.quorum, name
        assert {str(finding) for finding in verdict.findings if not finding.person} <= {
            Reason.NOT_CANONICAL
        }


def test_attendance_is_known_and_a_policy_that_satisfies_nobody_approves_nothing() -> None:
    assert (Case().judged().is_met, Case().judged().is_attended) == (True, True)
    assert not _one(attended=False).judged().is_attended
    assert Case().judged(lambda held, required, tags: False).reasons == {
        Reason.ROLE_DOES_NOT_SATISFY, Reason.QUORUM_NOT_MET,
    }  # fmt: skip
