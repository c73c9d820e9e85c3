"""Lint rule on limits beyond those at which the plant itself acts."""

from collections.abc import Iterator

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Limits
from handwheel.tools.conditions import Condition

from ..binding.model import BoundPlaybook
from ..binding.step_model import Wait
from ..language.errors import Finding
from ..language.loader import Playbook
from ..language.range_literals import ComparedLiteral, compared_literals

_CODE = "beyond-limit"


def check_limits(playbook: Playbook, plan: BoundPlaybook, site: Site) -> Iterator[Finding]:
    """Yields invariants and results of steps whose limit lies beyond a trip or an alarm."""
    for n, invariant in enumerate(plan.invariants):
        for each in compared_literals(invariant.condition.bound, site.tags):
            if (limit := _passed(each, each.tag.trip)) is not None:
                text = f"{_where(each, 'trip', limit)}, so the interlock acts first"
                yield playbook.finding(_CODE, ("invariants", n, "that"), text)
    for path, condition in _results(plan):
        for each in compared_literals(condition.bound, site.tags):
            for what, limits in (("trip", each.tag.trip), ("alarm", each.tag.alarm)):
                if (limit := _passed(each, limits)) is not None:
                    text = _where(each, what, limit)
                    yield playbook.finding(_CODE, path, text, severity="warning")
                    break


def _results(plan: BoundPlaybook) -> Iterator[tuple[Path_, Condition]]:
    for n, step in enumerate(plan.steps):
        if isinstance(step.work, Wait):
            yield ("steps", n, "wait", "until"), step.work.until
        if step.verify:
            yield ("steps", n, "verify", "that"), step.verify.that
        for k, expected in enumerate(step.expects):
            yield ("steps", n, "expect", k, "that"), expected.that


def _passed(literal: ComparedLiteral, limits: Limits) -> float | None:
    low, high = limits
    if low is not None and literal.value < low:
        return low
    return high if high is not None and literal.value > high else None


def _where(literal: ComparedLiteral, what: str, limit: float) -> str:
    tag = literal.tag
    at = f"{limit:g} {tag.unit}".rstrip()
    return f"{literal.literal} lies beyond the {what} of {tag.name} at {at}"
