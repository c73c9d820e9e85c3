"""Lowest class of the requests of a playbook."""

from handwheel.connectors.model.process_clock import Readings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.conditions import Expression
from handwheel.tools.guardrails.policy.policy import Policy
from handwheel.tools.guardrails.policy.schema import RiskClass


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
