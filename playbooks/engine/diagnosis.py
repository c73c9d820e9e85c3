"""Evaluation of all evidence and permissives of a playbook on one snapshot."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from handwheel.tools.conditions import Truth

from ..binding.model import BoundPlaybook, Check
from ..binding.start import Trigger
from .inputs import PlantSnapshot

Choice = Literal["act", "other", "abstain"]
"""Act by the playbook, suggest another one, or abstain."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of one check."""

    id: str
    side: str  # `trigger`, `for`, `against` or `permissive`
    text: str  # the condition in the site's own tags
    truth: Truth
    shown: str  # the condition with its values
    place: str
    suggest: str = ""
    is_collecting: bool = False  # whether it is unknown only because its window lacks samples
    missing_s: float = 0.0  # process time for which that lasts still, at least

    @property
    def fields(self) -> dict[str, str]:
        """Its fields in the journal."""
        return {"id": self.id, "side": self.side, "truth": self.truth.value, "shown": self.shown}

    @property
    def is_met(self) -> bool:
        """Whether it is true. A result that is not known is not met."""
        return self.truth is Truth.TRUE


@dataclass(frozen=True, slots=True)
class Judgement:
    """Judgement whether a playbook applies."""

    choice: Choice
    reason: str  # sentence for a person
    suggests: str = ""  # the suggested playbook; empty for none


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Results of all checks of a playbook on one snapshot."""

    findings: tuple[CheckResult, ...]

    def of(self, side: str) -> list[CheckResult]:
        """Returns the results of one side."""
        return [each for each in self.findings if each.side == side]

    @property
    def met_against(self) -> list[CheckResult]:
        """Evidence against the playbook that is met."""
        return [each for each in self.of("against") if each.is_met]

    @property
    def suggestions(self) -> list[str]:
        """Playbooks that the evidence suggests instead."""
        return list(dict.fromkeys(each.suggest for each in self.met_against if each.suggest))

    def blocked_by(self, *, needs_evidence: bool = True) -> list[CheckResult]:
        """Returns the results that block the run. A result that is not known blocks it.

        Evidence for the playbook need not be met where a write may have removed its cause.
        """
        missing = [each for each in self.of("for") if not each.is_met]
        against = [each for each in self.of("against") if each.truth is not Truth.FALSE]
        closed = [each for each in self.of("permissive") if not each.is_met]
        return [*(missing if needs_evidence else []), *against, *closed]

    def is_collecting(self, *, needs_evidence: bool = True) -> bool:
        """Whether every blocking result only lacks samples."""
        blocking = self.blocked_by(needs_evidence=needs_evidence)
        return bool(blocking) and all(each.is_collecting for each in blocking)

    def is_decided(self, *, needs_evidence: bool = True) -> bool:
        """Whether nothing blocks, or evidence against the playbook is met."""
        return bool(self.met_against) or not self.blocked_by(needs_evidence=needs_evidence)


def diagnose(plan: BoundPlaybook, plant: PlantSnapshot, *, in_progress: bool = False) -> Diagnosis:
    """Evaluates a playbook's evidence and permissives on one snapshot.

    Args:
        in_progress: Whether the run has written something. A write has moved the plant, so a
            permissive with `held` need only be true now, which is how the gate evaluates it.
    """
    sides = (
        ("for", plan.evidence_for),
        ("against", plan.evidence_against),
        ("permissive", tuple(map(_now, plan.permissives)) if in_progress else plan.permissives),
    )
    return Diagnosis(tuple(_find(side, each, plant) for side, checks in sides for each in checks))


def judged_body(
    found: Diagnosis, judgement: Judgement, now_s: float, *, needs_evidence: bool = True
) -> dict[str, Any]:
    """Returns the body of the event that records a judgement at a process time."""
    blocked_by = found.blocked_by(needs_evidence=needs_evidence)
    return {
        "findings": [each.fields for each in found.findings],
        "blocked_by": [each.id for each in blocked_by], "suggests": found.suggestions,
        "choice": judgement.choice, "reason": judgement.reason, "suggested": judgement.suggests,
        "at_s": now_s,
    }  # fmt: skip


def _now(check: Check) -> Check:
    return replace(check, condition=check.now) if check.now else check


def active_triggers(plan: BoundPlaybook, plant: PlantSnapshot) -> tuple[CheckResult, ...]:
    """Returns the playbook's triggers that are true now, an alarm by its name."""
    found = (
        _find("trigger", Check(_name(each), each.condition, each.place), plant)
        for each in plan.triggers
    )
    return tuple(each for each in found if each.truth is Truth.TRUE)


def _name(trigger: Trigger) -> str:
    name, _, attribute = trigger.condition.bound.partition(".")
    return name if attribute == "active" else "condition"


def _find(side: str, check: Check, plant: PlantSnapshot) -> CheckResult:
    condition, history = check.condition, plant.history
    truth = plant.truth(condition)
    is_collecting = truth is Truth.UNKNOWN and history.is_forming(condition)
    return CheckResult(
        check.id, side, condition.bound, truth, plant.shown(condition), check.place,
        check.suggest, is_collecting, history.missing_s(condition) if is_collecting else 0.0,
    )  # fmt: skip
