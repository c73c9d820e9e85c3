"""Deterministic planner that decides from the evidence whether a playbook applies."""

from dataclasses import dataclass
from typing import Literal

from handwheel.playbooks.run.diagnosis import CheckResult, Diagnosis
from handwheel.tools.conditions import Truth

from .abstention import Blocked

Choice = Literal["act", "other", "abstain"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Decision of the planner."""

    choice: Choice  # act by this playbook, suggest another one, or abstain
    reason: str  # sentence for a person
    suggests: str = ""  # the suggested playbook; empty for none


def plan_by_rules(diagnosis: Diagnosis, *, needs_evidence: bool = True) -> Plan:
    """Acts only if all evidence for the playbook is met and none against it.

    Evidence against it that is met decides at once. Evidence that is not known prevents acting. See
    `Diagnosis.blocked_by` for `needs_evidence`.
    """
    against = [each for each in diagnosis.of("against") if each.truth is Truth.TRUE]
    if against:
        suggests = next((each.suggest for each in against if each.suggest), "")
        met = "; ".join(f"{each.id}: {each.shown}" for each in against)
        reason = f"evidence against it is met: {met}"
        return Plan("other" if suggests else "abstain", reason, suggests)
    blocking = diagnosis.blocked_by(needs_evidence=needs_evidence)
    undecided = [each for each in blocking if each.side != "permissive"]
    if undecided:
        return Plan("abstain", "; ".join(map(_undecided_text, undecided)))
    return Plan("act", "all evidence for it is met, none against it")


def blocking(diagnosis: Diagnosis) -> Blocked | None:
    """Returns why a playbook does not start by its evidence and permissives, `None` if it may."""
    plan, open_ = plan_by_rules(diagnosis), diagnosis.blocked_by()
    if not open_:
        return None
    against = [each for each in diagnosis.of("against") if each.truth is Truth.TRUE]
    if plan.choice != "act":
        return Blocked("evidence", plan.reason, tuple(against or open_))
    return Blocked("permissive", "; ".join(map(_undecided_text, open_)), tuple(open_))


def _undecided_text(result: CheckResult) -> str:
    state = "is not known" if result.truth is Truth.UNKNOWN else "is not met"
    return f"{result.id} {state}: {result.shown}"
