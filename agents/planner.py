"""Deterministic planner that decides from the evidence whether a playbook applies."""

from typing import Any

from pydantic import TypeAdapter

from handwheel.playbooks.engine.diagnosis import CheckResult, Diagnosis, Judgement
from handwheel.tools.conditions import Truth

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
        return Judgement("abstain", "; ".join(map(undecided_text, undecided)))
    return Judgement("act", "all evidence for it is met, none against it")


def undecided_text(result: CheckResult) -> str:
    """Returns a result that is not met or not known, with its values."""
    state = "is not known" if result.truth is Truth.UNKNOWN else "is not met"
    return f"{result.id} {state}: {result.shown}"


def to_findings(diagnosis: Diagnosis) -> list[dict[str, Any]]:
    """Returns a diagnosis as plain JSON."""
    found: list[dict[str, Any]] = _RESULTS.dump_python(diagnosis.findings, mode="json")
    return found


def from_findings(findings: object) -> Diagnosis:
    """Returns the diagnosis of plain JSON."""
    return Diagnosis(_RESULTS.validate_python(findings))
