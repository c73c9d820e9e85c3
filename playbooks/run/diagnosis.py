"""Evidence and permissives, judged in full on one snapshot: every reason, not the first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from handwheel.connectors.model.tags import Tag
from handwheel.tools.conditions import Condition, History, Truth, parse_condition

from ..binding.model import BoundPlaybook, Check
from .plant_view import Readings


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check and what it came to.

    Attributes:
        side: `for`, `against` or `permissive`.
        text: The condition in the site's own tags.
        shown: The condition with the values behind it.
        is_forming: It is unknown only because its window is not covered yet.
    """

    id: str
    side: str
    text: str
    truth: Truth
    shown: str
    place: str
    suggest: str = ""
    is_collecting: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What one snapshot says of a playbook."""

    findings: tuple[CheckResult, ...]

    def of(self, side: str) -> list[CheckResult]:
        """Returns the findings of one side."""
        return [each for each in self.findings if each.side == side]

    @property
    def suggestions(self) -> list[str]:
        """The playbooks that the evidence speaks for instead."""
        found = [each for each in self.of("against") if each.truth is Truth.TRUE]
        return list(dict.fromkeys(each.suggest for each in found if each.suggest))

    def blocked_by(self, *, needs_evidence: bool = True) -> list[CheckResult]:
        """Returns everything that speaks against going on; what is not known does.

        Args:
            asks_for: Whether the evidence for the playbook must hold: once its first step is
                done, that may have taken away what it was for.
        """
        missing = [each for each in self.of("for") if each.truth is not Truth.TRUE]
        against = [each for each in self.of("against") if each.truth is not Truth.FALSE]
        closed = [each for each in self.of("permissive") if each.truth is not Truth.TRUE]
        return [*(missing if needs_evidence else []), *against, *closed]

    def is_collecting(self, *, needs_evidence: bool = True) -> bool:
        """Whether all that is missing is time: every blocking finding only waits for samples."""
        blocking = self.blocked_by(needs_evidence=needs_evidence)
        return bool(blocking) and all(each.is_collecting for each in blocking)

    def is_decided(self, *, needs_evidence: bool = True) -> bool:
        """Whether looking again would not help: nothing blocks, or something speaks against it."""
        is_against = any(each.truth is Truth.TRUE for each in self.of("against"))
        return is_against or not self.blocked_by(needs_evidence=needs_evidence)


def diagnose(plan: BoundPlaybook, readings: Readings, history: History) -> Diagnosis:
    """Judges a playbook's evidence and permissives on one snapshot."""
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
    """Judges a run that has written something.

    What was written has moved the plant: a permissive that must have held for a while need only
    hold now, which is how the gate judges it.

    Args:
        tags: The site's, by name.
    """
    found = diagnose(plan, readings, history)
    now = {each.id: parse_condition(each.condition.bound, tags) for each in plan.permissives}
    return Diagnosis(
        tuple(
            each if each.side != "permissive" else _on_snapshot(each, now[each.id], readings)
            for each in found.findings
        )
    )


def _on_snapshot(result: CheckResult, condition: Condition, readings: Readings) -> CheckResult:
    return replace(
        result, truth=condition.evaluate(readings), shown=condition.shown(readings),
        is_collecting=False,
    )  # fmt: skip


def _find(side: str, check: Check, readings: Readings, history: History) -> CheckResult:
    condition = check.condition
    truth = condition.evaluate(readings, history)
    is_collecting = truth is Truth.UNKNOWN and history.is_forming(condition)
    return CheckResult(
        check.id, side, condition.bound, truth, condition.shown(readings, history), check.place,
        check.suggest, is_collecting,
    )  # fmt: skip
