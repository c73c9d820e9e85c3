"""Evaluation of all evidence and permissives of a playbook on one snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from handwheel.connectors.model.tags import Tag
from handwheel.tools.conditions import Condition, History, Truth, parse_condition

from ..binding.model import BoundPlaybook, Check, Trigger
from .plant_view import Readings


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


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Results of all checks of a playbook on one snapshot."""

    findings: tuple[CheckResult, ...]

    def of(self, side: str) -> list[CheckResult]:
        """Returns the results of one side."""
        return [each for each in self.findings if each.side == side]

    @property
    def suggestions(self) -> list[str]:
        """Playbooks that the evidence suggests instead."""
        found = [each for each in self.of("against") if each.truth is Truth.TRUE]
        return list(dict.fromkeys(each.suggest for each in found if each.suggest))

    def blocked_by(self, *, needs_evidence: bool = True) -> list[CheckResult]:
        """Returns the results that block the run. A result that is not known blocks it.

        Evidence for the playbook need not be met where a write may have removed its cause.
        """
        missing = [each for each in self.of("for") if each.truth is not Truth.TRUE]
        against = [each for each in self.of("against") if each.truth is not Truth.FALSE]
        closed = [each for each in self.of("permissive") if each.truth is not Truth.TRUE]
        return [*(missing if needs_evidence else []), *against, *closed]

    def is_collecting(self, *, needs_evidence: bool = True) -> bool:
        """Whether every blocking result only lacks samples."""
        blocking = self.blocked_by(needs_evidence=needs_evidence)
        return bool(blocking) and all(each.is_collecting for each in blocking)

    def is_decided(self, *, needs_evidence: bool = True) -> bool:
        """Whether nothing blocks, or evidence against the playbook is met."""
        is_against = any(each.truth is Truth.TRUE for each in self.of("against"))
        return is_against or not self.blocked_by(needs_evidence=needs_evidence)


def diagnose(plan: BoundPlaybook, readings: Readings, history: History) -> Diagnosis:
    """Evaluates a playbook's evidence and permissives on one snapshot."""
    sides = (
        ("for", plan.evidence_for),
        ("against", plan.evidence_against),
        ("permissive", plan.permissives),
    )
    return Diagnosis(
        tuple(_find(side, each, readings, history) for side, checks in sides for each in checks)
    )


def diagnose_in_progress(
    plan: BoundPlaybook, readings: Readings, history: History, tags: Mapping[str, Tag]
) -> Diagnosis:
    """Evaluates evidence and permissives of a run that has written something.

    A write has moved the plant, so a permissive with `held` need only be true now, which is how
    the gate evaluates it.
    """
    found = diagnose(plan, readings, history)
    now = {each.id: parse_condition(each.condition.bound, tags) for each in plan.permissives}
    return Diagnosis(
        tuple(
            each if each.side != "permissive" else _on_snapshot(each, now[each.id], readings)
            for each in found.findings
        )
    )


def active_triggers(
    plan: BoundPlaybook, readings: Readings, history: History
) -> tuple[CheckResult, ...]:
    """Returns the playbook's triggers that are true now, an alarm by its name."""
    found = (
        _find("trigger", Check(_name(each), each.condition, each.place), readings, history)
        for each in plan.triggers
    )
    return tuple(each for each in found if each.truth is Truth.TRUE)


def _name(trigger: Trigger) -> str:
    name, _, attribute = trigger.condition.bound.partition(".")
    return name if attribute == "active" else "condition"


def _on_snapshot(result: CheckResult, condition: Condition, readings: Readings) -> CheckResult:
    return replace(
        result, truth=condition.evaluate(readings), shown=condition.shown(readings),
        is_collecting=False, missing_s=0.0,
    )  # fmt: skip


def _find(side: str, check: Check, readings: Readings, history: History) -> CheckResult:
    condition = check.condition
    truth = condition.evaluate(readings, history)
    is_collecting = truth is Truth.UNKNOWN and history.is_forming(condition)
    return CheckResult(
        check.id, side, condition.bound, truth, condition.shown(readings, history), check.place,
        check.suggest, is_collecting, history.missing_s(condition) if is_collecting else 0.0,
    )  # fmt: skip
