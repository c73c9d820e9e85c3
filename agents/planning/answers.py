"""Match of a playbook with a failure mode of a certain piece of equipment."""

from collections.abc import Mapping

from handwheel.playbooks.binding.model import BoundPlaybook

from ..diagnosis.hypotheses import Hypothesis


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


def _roles(hypothesis: Hypothesis) -> Mapping[str, str]:
    mode = hypothesis.mode
    if mode.class_:
        return {mode.class_.replace("-", "_"): hypothesis.equipment[0]}
    for each in mode.bind:
        if tuple(each.values()) == hypothesis.equipment:
            return each
    return {}
