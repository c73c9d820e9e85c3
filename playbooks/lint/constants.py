"""Lint rules on conditions that are always true or false, or beyond a limit."""

from collections.abc import Iterator, Sequence

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Limits
from handwheel.tools.conditions import Condition, Truth

from ..binding.model import BoundPlaybook, Check
from ..binding.step_model import Step, Wait
from ..language.errors import Finding
from ..language.expressions import ComparedLiteral, compared_literals
from ..language.loader import Playbook
from .ranges import truth_within_ranges

_CODE = "beyond-limit"


def check_constants(
    playbook: Playbook, plan: BoundPlaybook, site: Site, known: dict[str, Truth]
) -> Iterator[Finding]:
    """Yields every condition that is always true or always false.

    The truths that are `known` by their bound text are not looked for again, and new ones added.
    """
    for path, condition in _conditions(playbook, plan):
        if condition.tags:
            if condition.bound not in known:
                known[condition.bound] = truth_within_ranges(condition, site.tags)
            truth, where = known[condition.bound], "in the ranges of its tags"
        else:
            truth, where = condition.evaluate({}), "whatever the plant does"
        if truth is Truth.UNKNOWN:
            continue
        named = f"{condition.text!r} is {'always' if truth is Truth.TRUE else 'never'} true"
        if truth is Truth.FALSE and path[-1] == "if" and "undo" not in path:
            text = f"{named} {where}, so this step is never done"
            yield playbook.finding("unreachable-step", path, text)
        else:
            hint = "use a tag of the plant that decides it, or leave it out"
            yield playbook.finding("constant-condition", path, f"{named} {where}", hint)


def _conditions(playbook: Playbook, plan: BoundPlaybook) -> Iterator[tuple[Path_, Condition]]:
    yield from _of_trigger(playbook, plan)
    yield from _of_checks(plan.evidence_for, ("diagnosis", "for"))
    yield from _of_checks(plan.evidence_against, ("diagnosis", "against"))
    yield from _of_checks(plan.permissives, ("permissives",))
    if plan.achieves:
        yield ("achieves",), plan.achieves
    for n, invariant in enumerate(plan.invariants):
        yield ("invariants", n, "that"), invariant.condition
    for n, step in enumerate(plan.steps):
        yield from _of_step(step, ("steps", n))
    for n, step in enumerate(plan.safe_state):
        yield from _of_step(step, ("safe_state", "steps", n))


def _of_trigger(playbook: Playbook, plan: BoundPlaybook) -> Iterator[tuple[Path_, Condition]]:
    by_place = {trigger.place: trigger for trigger in plan.triggers}
    file = playbook.file.trigger
    for n, item in enumerate(file.any if file else ()):
        trigger = by_place.get(playbook.place(("trigger", "any", n)))
        if trigger and item.when:
            yield ("trigger", "any", n, "when"), trigger.condition
    for trigger in plan.triggers if file and file.all else ():
        for n, part in enumerate(trigger.parts):
            yield ("trigger", "all", n, "when"), part.condition
        yield ("trigger", "all"), trigger.condition
    rearm = plan.triggers[0].rearm if plan.triggers else None
    if rearm:
        yield ("trigger", "rearm"), rearm


def _of_checks(checks: Sequence[Check], path: Path_) -> Iterator[tuple[Path_, Condition]]:
    for n, check in enumerate(checks):
        yield (*path, n, "that"), check.condition


def _of_step(step: Step, path: Path_) -> Iterator[tuple[Path_, Condition]]:
    if step.if_:
        yield (*path, "if"), step.if_
    if isinstance(step.work, Wait):
        yield (*path, "wait", "until"), step.work.until
    for n, expected in enumerate(step.expects):
        yield (*path, "expect", n, "that"), expected.that
    if step.verify:
        yield (*path, "verify", "that"), step.verify.that
    if step.undo and step.undo.if_:
        yield (*path, "undo", "if"), step.undo.if_
    if step.undo and step.undo.verify:
        yield (*path, "undo", "verify", "that"), step.undo.verify.that


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
