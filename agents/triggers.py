"""Triggers of playbooks. Each fires on its rising edge, and once until it re-arms."""

from dataclasses import dataclass, field

from handwheel.playbooks.binding.model import BoundPlaybook, Trigger
from handwheel.playbooks.run.plant_view import PlantView
from handwheel.tools.conditions import Truth

_UNKNOWN_SCANS = 100


@dataclass(slots=True)
class TriggerWatch:
    """Triggers of one bound playbook.

    True at the start counts as an edge. An unknown condition fires nothing and restarts `for`.
    """

    plan: BoundPlaybook
    is_armed: bool = True  # whether it may fire
    unknown: set[str] = field(default_factory=set[str])  # places of triggers that are unknown now
    is_rising: bool = False  # whether a trigger became due with the latest scan, armed or not
    _was_due: bool = False
    _unknown_scans: int = 0
    _since_s: dict[int, float] = field(default_factory=dict[int, float])

    def evaluate(self, plant: PlantView, *, is_owned: bool) -> Trigger | None:
        """Evaluates one scan and returns the trigger that is due. It stays armed.

        The equipment is owned while a run over the same assets is open.
        """
        due = [each for n, each in enumerate(self.plan.triggers) if self._is_due(n, each, plant)]
        self._unknown_scans = self._unknown_scans + 1 if self.unknown else 0
        self.is_rising, self._was_due = bool(due) and not self._was_due, bool(due)
        if self.is_armed:
            return due[0] if due else None
        if not is_owned and not due and self._is_rearmed(plant):
            self.is_armed = True
        return None

    @property
    def problem(self) -> str:
        """Message about triggers that have been unknown for many scans. Empty for none."""
        if self._unknown_scans < _UNKNOWN_SCANS:
            return ""
        return f"cannot be evaluated: {', '.join(sorted(self.unknown))}"

    def _is_due(self, number: int, trigger: Trigger, plant: PlantView) -> bool:
        truth = trigger.condition.evaluate(plant.readings, plant.history)
        if truth is Truth.UNKNOWN:
            self.unknown.add(trigger.place)
        else:
            self.unknown.discard(trigger.place)
        if truth is not Truth.TRUE:
            self._since_s.pop(number, None)
            return False
        since_s = self._since_s.setdefault(number, plant.now_s)
        return plant.now_s - since_s >= trigger.for_s

    def _is_rearmed(self, plant: PlantView) -> bool:
        rearms = [each.rearm for each in self.plan.triggers if each.rearm is not None]
        if rearms:
            return all(
                each.evaluate(plant.readings, plant.history) is Truth.TRUE for each in rearms
            )
        return all(
            each.condition.evaluate(plant.readings, plant.history) is Truth.FALSE
            for each in self.plan.triggers
        )
