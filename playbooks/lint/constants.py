"""Lint rule for conditions that do not depend on the plant."""

import re
from collections.abc import Iterator

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.tools.conditions import Condition, Truth

from ..binding.model import BoundPlaybook, Step
from ..language.errors import Finding
from ..language.loader import Playbook

_OF_QUALITY = re.compile(r"\bgood\s*\(")  # false, not unknown, for a tag without a reading


def check_constants(playbook: Playbook, plan: BoundPlaybook) -> Iterator[Finding]:
    """Yields every condition that is always true or always false."""
    for path, condition in _conditions(plan):
        truth = _always(condition)
        if truth is Truth.UNKNOWN:
            continue
        named = f"{condition.text!r} is {'always' if truth is Truth.TRUE else 'never'} true"
        if truth is Truth.FALSE and path[-1] == "if" and "undo" not in path:
            text = f"{named}, so this step is never done"
            yield playbook.finding("unreachable-step", path, text)
        else:
            text = f"{named}, whatever the plant does"
            hint = "use a tag of the plant, or leave it out"
            yield playbook.finding("constant-condition", path, text, hint)


def _always(condition: Condition) -> Truth:
    if condition.tags and _OF_QUALITY.search(condition.bound):
        return Truth.UNKNOWN
    return condition.evaluate({})


def _conditions(plan: BoundPlaybook) -> Iterator[tuple[Path_, Condition]]:
    for n, permissive in enumerate(plan.permissives):
        yield ("permissives", n, "that"), permissive.condition
    for n, invariant in enumerate(plan.invariants):
        yield ("invariants", n, "that"), invariant.condition
    for n, step in enumerate(plan.steps):
        yield from _of_step(step, ("steps", n))
    for n, step in enumerate(plan.safe_state):
        yield from _of_step(step, ("safe_state", "steps", n))


def _of_step(step: Step, path: Path_) -> Iterator[tuple[Path_, Condition]]:
    if step.if_:
        yield (*path, "if"), step.if_
    if step.verify:
        yield (*path, "verify", "that"), step.verify.that
    if step.undo and step.undo.if_:
        yield (*path, "undo", "if"), step.undo.if_
    if step.undo and step.undo.verify:
        yield (*path, "undo", "verify", "that"), step.undo.verify.that
