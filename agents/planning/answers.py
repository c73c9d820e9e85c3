"""Matches of a playbook with a failure mode, and with a check that decides between suspects."""

from collections.abc import Mapping

from handwheel.playbooks.binding.model import BoundPlaybook

from ..diagnosis.hypotheses import Hypothesis
from ..diagnosis.ranking import DecidingCheck


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
