"""Test steps, the playbooks by which the plant answers what would decide between suspects."""

from handwheel.playbooks.binding.model import BoundPlaybook

from ..diagnosis.ranking import DecidingCheck


def is_test_step(plan: BoundPlaybook, check: DecidingCheck) -> bool:
    """Whether a bound playbook answers a check, on the equipment that it looks at."""
    is_there = not check.equipment or check.equipment in plan.roles.values()
    return plan.id == check.spec.playbook and is_there


def why_asked(check: DecidingCheck) -> str:
    """Returns why a test step is asked for, as the condition of its run."""
    suspects = " or ".join(name for name, _ in check.expected)
    return f"it would decide between {suspects}" if len(check.expected) > 1 else suspects
