"""Candidates of a case, each judged on one snapshot, and what they answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.denial import Denial
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.process_clock import Readings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.diagnosis import CheckResult, Diagnosis
from handwheel.tools.conditions import Expression, Truth
from handwheel.tools.guardrails.policy.policy import Policy
from handwheel.tools.guardrails.policy.schema import RiskClass

from ..deviations.case import Case, plan_name
from ..diagnosis.hypotheses import Hypothesis
from ..diagnosis.ranking import DecidingCheck


@dataclass(frozen=True, slots=True)
class Candidate:
    """Playbook that may answer a case, with what prevents it."""

    plan: BoundPlaybook
    diagnosis: Diagnosis
    code: str = ""  # what prevents it: `evidence`, `permissive`, `authority` …; empty for nothing
    reason: str = ""  # sentence for a person
    suggests: str = ""  # the playbook that its evidence suggests instead
    results: tuple[CheckResult, ...] = ()  # the evidence and permissives that prevent it
    begin_by: str = ""  # stamp of its deadline; empty for none
    condition: str = ""  # its own trigger that is due, with its values; empty for none
    preempts: tuple[str, ...] = ()  # open runs that prevent it, and give way if they may
    base: str = ""  # the candidate that it is with other values; empty if it is itself

    @property
    def name(self) -> str:
        """Its playbook's id with what its roles are bound to."""
        return self.base or plan_name(self.plan)

    def condition_of(self, case: Case) -> str:
        """Returns the condition for which it answers a case that another may have opened."""
        is_opener = self.name == case.opener
        return case.condition if is_opener else self.condition or case.condition

    @property
    def key(self) -> str:
        """Text that changes when people are told again. Values are not in it."""
        states = " ".join(f"{each.id} {each.truth.value}" for each in self.results)
        return f"{self.name} {self.code} {states or self.reason}"

    @property
    def signature(self) -> list[str]:
        """Truth of all its evidence and permissives."""
        return [f"{self.name} {each.id} {each.truth.value}" for each in self.diagnosis.findings]

    def prevented(self, denial: Denial) -> "Candidate":
        """Returns it as a denial prevents it, itself if something prevents it already."""
        return self if self.code else blocked_by(self.plan, self.diagnosis, denial)

    def fields(self) -> dict[str, Any]:
        """Returns what the journal keeps of it."""
        return {
            "playbook": self.plan.id, "title": self.plan.title, "roles": dict(self.plan.roles),
            "code": self.code, "reason": self.reason, "suggests": self.suggests,
            "begin_by": self.begin_by,
            "equipment": sorted({write.tag.equipment for write in self.plan.writes}),
            "blocked_by": [each.id for each in self.diagnosis.blocked_by()] if self.code else [],
            "conditions": [each.fields for each in self.results],
        }  # fmt: skip


def judge_candidate(
    plan: BoundPlaybook,
    found: Diagnosis,
    check: Callable[[BoundPlaybook], Denial | None],
    *,
    needs_evidence: bool = True,
) -> Candidate:
    """Judges a playbook by its evidence and permissives, then by what else may prevent it.

    Evidence against it that is met decides at once. What is not known prevents it.

    Args:
        check: Returns why the plan may not be requested now.
        needs_evidence: See `Diagnosis.blocked_by`.
    """
    blocking = tuple(found.blocked_by(needs_evidence=needs_evidence))
    if found.is_collecting(needs_evidence=needs_evidence):
        least_s = ceil(max(each.missing_s for each in blocking))
        checks = ", ".join(each.id for each in blocking)
        reason = f"history for {checks}, at least {format_duration(least_s)} more of plant time"
        return Candidate(plan, found, "history", reason, "", blocking)
    if against := tuple(found.met_against):
        met = "; ".join(f"{each.id}: {each.shown}" for each in against)
        suggests, reason = next(iter(found.suggestions), ""), f"evidence against it is met: {met}"
        return Candidate(plan, found, "evidence", reason, suggests, against)
    if blocking:
        undecided = [each for each in blocking if each.side != "permissive"]
        reason = "; ".join(map(_undecided_text, undecided or blocking))
        code = "evidence" if undecided else "permissive"
        return Candidate(plan, found, code, reason, "", blocking)
    return blocked_by(plan, found, check(plan))


def _undecided_text(result: CheckResult) -> str:
    state = "is not known" if result.truth is Truth.UNKNOWN else "is not met"
    return f"{result.id} {state}: {result.shown}"


def blocked_by(plan: BoundPlaybook, found: Diagnosis, denial: Denial | None) -> Candidate:
    """Returns a candidate that is prevented by a denial, if there is one."""
    if denial is None:
        return Candidate(plan, found)
    return Candidate(plan, found, denial.code, denial.reason)


def blocked_by_run(plan: BoundPlaybook, found: Diagnosis, run_id: str) -> Candidate:
    """Returns a candidate whose equipment a run owns, with the command that shows the run."""
    reason = f"{run_id} owns its equipment; {next_step('runs', 'show', run_id)}"
    return blocked_by(plan, found, Denial("owner", reason))


def is_answer(plan: BoundPlaybook, hypothesis: Hypothesis) -> bool:
    """Whether a bound playbook answers a hypothesis.

    Roles of the same name must be bound alike. Without one the first role of both must be.
    """
    if not plan.id or plan.id != hypothesis.mode.playbook:
        return False
    roles = _roles(hypothesis)
    if not plan.roles or not roles:
        return True
    if shared := plan.roles.keys() & roles.keys():
        return all(plan.roles[each] == roles[each] for each in shared)
    return next(iter(plan.roles.values())) == hypothesis.equipment[0]


def is_test_step(plan: BoundPlaybook, check: DecidingCheck) -> bool:
    """Whether a bound playbook answers a check, on the equipment that it looks at."""
    is_there = not check.equipment or check.equipment in plan.roles.values()
    return plan.id == check.spec.playbook and is_there


def why_asked(check: DecidingCheck) -> str:
    """Returns why a test step is asked for, as the condition of its run."""
    suspects = " or ".join(name for name, _ in check.expected)
    return f"it would decide between {suspects}" if len(check.expected) > 1 else suspects


def _roles(hypothesis: Hypothesis) -> Mapping[str, str]:
    mode = hypothesis.mode
    if mode.class_:
        return {mode.class_.replace("-", "_"): hypothesis.equipment[0]}
    for each in mode.bind:
        if tuple(each.values()) == hypothesis.equipment:
            return each
    return {}


def lowest_class(policy: Policy, plan: BoundPlaybook, readings: Readings) -> str:
    """Returns the class that the policy gives the known values of a playbook, empty for none.

    Its request may be of a higher one, by computed values or without a release.
    """
    found: list[RiskClass] = [
        policy.judge(
            each.tag, each.value, readings.get(each.tag.name), from_anywhere=True
        ).risk_class
        for each in plan.writes
        if not isinstance(each.value, Expression)
    ]
    return max(found, default="")
