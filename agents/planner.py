"""Deterministic planner that decides from the evidence whether a playbook applies."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from handwheel.playbooks.engine.diagnosis import CheckResult, Diagnosis, Judgement
from handwheel.tools.conditions import Truth

from .abstention import Blocked

_RESULTS = TypeAdapter(tuple[CheckResult, ...])


def plan_by_rules(diagnosis: Diagnosis, *, needs_evidence: bool = True) -> Judgement:
    """Acts only if all evidence for the playbook is met and none against it.

    Evidence against it that is met decides at once. Evidence that is not known prevents acting. See
    `Diagnosis.blocked_by` for `needs_evidence`.
    """
    against = [each for each in diagnosis.of("against") if each.is_met]
    if against:
        suggests = next((each.suggest for each in against if each.suggest), "")
        met = "; ".join(f"{each.id}: {each.shown}" for each in against)
        reason = f"evidence against it is met: {met}"
        return Judgement("other" if suggests else "abstain", reason, suggests)
    blocking = diagnosis.blocked_by(needs_evidence=needs_evidence)
    undecided = [each for each in blocking if each.side != "permissive"]
    if undecided:
        return Judgement("abstain", "; ".join(map(_undecided_text, undecided)))
    return Judgement("act", "all evidence for it is met, none against it")


def unmet_permissives(diagnosis: Diagnosis) -> str:
    """Returns the permissives that are not met, with their values. Empty for none."""
    unmet = [each for each in diagnosis.of("permissive") if not each.is_met]
    return "; ".join(f"{each.id}: {each.shown}" for each in unmet)


def blocking(diagnosis: Diagnosis) -> Blocked | None:
    """Returns why a playbook does not start by its evidence and permissives, `None` if it may."""
    plan, open_ = plan_by_rules(diagnosis), diagnosis.blocked_by()
    if not open_:
        return None
    against = [each for each in diagnosis.of("against") if each.is_met]
    if plan.choice != "act":
        return Blocked("evidence", plan.reason, tuple(against or open_))
    return Blocked("permissive", "; ".join(map(_undecided_text, open_)), tuple(open_))


def _undecided_text(result: CheckResult) -> str:
    state = "is not known" if result.truth is Truth.UNKNOWN else "is not met"
    return f"{result.id} {state}: {result.shown}"


def to_findings(diagnosis: Diagnosis) -> list[dict[str, Any]]:
    """Returns a diagnosis as plain JSON."""
    found: list[dict[str, Any]] = _RESULTS.dump_python(diagnosis.findings, mode="json")
    return found


def findings_of(state: Mapping[str, Any]) -> Diagnosis:
    """Returns the diagnosis in the state of a deliberation."""
    return Diagnosis(_RESULTS.validate_python(state["findings"]))
