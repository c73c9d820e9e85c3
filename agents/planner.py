"""The rule planner: what the evidence of one playbook comes to; offline, and always the same."""

from dataclasses import dataclass
from typing import Literal

from handwheel.playbooks.run.diagnosis import CheckResult, Diagnosis
from handwheel.tools.conditions import Truth

Choice = Literal["act", "other", "abstain"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the planner makes of a case.

    Attributes:
        choice: Act by this playbook, leave it to another one, or do nothing and say what would
            decide.
        reason: In words for people.
        suggests: The playbook to which it leaves it; empty for none.
    """

    choice: Choice
    reason: str
    suggests: str = ""


def plan_by_rules(diagnosis: Diagnosis, *, needs_evidence: bool = True) -> Plan:
    """Decides by the evidence: all that speaks for it is true, and nothing against it.

    Evidence against it that is true decides at once; what is unknown never lets it act.

    Args:
        asks_for: Whether the evidence for the playbook must hold; see `Judgement.blocked_by`.
    """
    against = [each for each in diagnosis.of("against") if each.truth is Truth.TRUE]
    if against:
        suggests = next((each.suggest for each in against if each.suggest), "")
        words = "; ".join(f"{each.id}: {each.shown}" for each in against)
        return Plan("other" if suggests else "abstain", f"against it speaks {words}", suggests)
    blocking = diagnosis.blocked_by(needs_evidence=needs_evidence)
    undecided = [each for each in blocking if each.side != "permissive"]
    if undecided:
        return Plan("abstain", "; ".join(map(_undecided_text, undecided)))
    return Plan("act", "all that speaks for it is true, and nothing against it")


def _undecided_text(result: CheckResult) -> str:
    state = "is not known" if result.truth is Truth.UNKNOWN else "does not hold"
    return f"{result.id} {state}: {result.shown}"
