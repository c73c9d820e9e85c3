"""Names of the agents, which share graph and tools."""

from ..binding.model import BoundPlaybook
from ..binding.step_model import RunPlaybook

CONTROL = "control agent"
"""Plans with writes to the process."""
MAINTENANCE = "maintenance agent"
"""Plans without one: work orders, field checks and notices."""
SUPERVISOR = "supervisor"
"""Order of the cases, what waits, and escalation."""


def owner_of(plan: BoundPlaybook) -> str:
    """Returns the name of the agent that owns a playbook, the control agent if it may write."""
    may_write = plan.writes or any(isinstance(each.work, RunPlaybook) for each in plan.steps)
    return CONTROL if may_write else MAINTENANCE
