"""Watches of a site's playbooks, by name, with the equipment that a run of each owns."""

from dataclasses import replace

from handwheel.playbooks.binding.model import BoundPlaybook, owned_by

from ..agent_context import CaseContext
from ..case import plan_name
from ..triggers import TriggerWatch


class Watches:
    """Watches of the playbooks of a site.

    Attributes:
        by_name: The watch of each playbook.
        owned: The equipment that a run of each playbook owns.
    """

    def __init__(self, context: CaseContext) -> None:
        self._context = context
        self.by_name = {watch.name: watch for watch in map(TriggerWatch, context.plans)}
        self.owned = {name: self._owned(watch.plan) for name, watch in self.by_name.items()}

    def _owned(self, plan: BoundPlaybook) -> set[str]:
        return set(owned_by(plan, self._context.ledger.context.site))

    def of(self, plan: BoundPlaybook) -> TriggerWatch:
        """Returns the watch of a playbook, a new one without triggers for other values."""
        name = plan_name(plan)
        if name not in self.by_name:
            self.owned[name] = self._owned(plan)
            self.by_name[name] = TriggerWatch(replace(plan, triggers=(), schedules=()))
            self._context.plant.history.add(plan.conditions)
        return self.by_name[name]
