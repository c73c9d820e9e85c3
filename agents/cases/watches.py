"""Watches of a site's playbooks, by name."""

from dataclasses import replace

from handwheel.playbooks.binding.model import BoundPlaybook, owned_by

from ..agent_context import CaseContext
from ..deviations.case import plan_name
from ..deviations.triggers import TriggerWatch


class Watches:
    """Watches of the playbooks of a site.

    Attributes:
        by_name: The watch of each playbook.
    """

    def __init__(self, context: CaseContext) -> None:
        self._context = context
        self.by_name = {watch.name: watch for watch in map(self._new, context.plans)}

    def _new(self, plan: BoundPlaybook) -> TriggerWatch:
        return TriggerWatch(plan, set(owned_by(plan, self._context.ledger.context.site)))

    def of(self, plan: BoundPlaybook) -> TriggerWatch:
        """Returns the watch of a playbook, a new one without triggers for other values."""
        name = plan_name(plan)
        if name not in self.by_name:
            self.by_name[name] = self._new(replace(plan, triggers=(), schedules=()))
            self._context.plant.history.add(plan.conditions)
        return self.by_name[name]
