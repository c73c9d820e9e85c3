"""Triggers of playbooks, each with its delay and its re-arming."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.start import Trigger
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.tools.conditions import Condition, Truth

from .case import plan_name

_UNKNOWN_SCANS = 100


@dataclass(frozen=True, slots=True)
class Occasion:
    """Moment of a schedule or order of a person, which starts a run as a trigger does."""

    text: str
    place: str  # `file:line` of the schedule, or the id of the order


@dataclass(slots=True)
class TriggerWatch:
    """Triggers of one bound playbook.

    True at the start counts as an edge. An unknown condition fires nothing and restarts `for`.
    """

    plan: BoundPlaybook
    owned: AbstractSet[str] = frozenset()  # the equipment that a run of it owns
    name: str = field(init=False)  # the playbook's id with what its roles are bound to
    is_armed: bool = True  # whether it may open a case
    unknown: set[str] = field(default_factory=set[str])  # places of triggers that are unknown now
    # The trigger or occasion that is due with the latest scan, armed or not.
    due: Trigger | Occasion | None = None
    occasion: Occasion | None = None  # the one that no run has answered yet
    _unknown_scans: int = 0
    _conditions: tuple[Condition, ...] = ()
    _since_s: dict[tuple[int, int], float] = field(default_factory=dict[tuple[int, int], float])

    def __post_init__(self) -> None:
        self.name = plan_name(self.plan)
        parts = (part for each in self.plan.triggers for part in each.parts)
        self._conditions = tuple(part.condition for part in parts)

    def is_quiet(self, plant: PlantView) -> bool:
        """Whether there is nothing to evaluate or to follow, since each trigger is false."""
        is_followed = self.due or self.occasion or self.unknown or self._since_s
        if is_followed or not self.is_armed:
            return False
        inputs = plant.inputs
        return all(each.truth(inputs) is Truth.FALSE for each in self._conditions)

    def evaluate(self, plant: PlantView, *, is_owned: bool) -> None:
        """Evaluates one scan. It re-arms only while no run owns its equipment."""
        due = [each for n, each in enumerate(self.plan.triggers) if self._is_due(n, each, plant)]
        self._unknown_scans = self._unknown_scans + 1 if self.unknown else 0
        self.due = due[0] if due else self.occasion
        self.is_armed |= self.occasion is not None  # it is a new one
        if not self.is_armed and not is_owned:
            self.is_armed = self.is_gone(plant)

    @property
    def problem(self) -> str:
        """Message about triggers that have been unknown for many scans. Empty for none."""
        if self._unknown_scans < _UNKNOWN_SCANS:
            return ""
        return f"cannot be evaluated: {', '.join(sorted(self.unknown))}"

    def condition(self, plant: PlantView) -> str:
        """Returns the condition of the trigger that is due, with its values."""
        if self.due is None:
            return self.problem
        if isinstance(self.due, Occasion):
            return self.due.text
        return self.due.condition.shown(plant.readings, plant.history)

    def is_gone(self, plant: PlantView) -> bool:
        """Whether the deviation is over, by `rearm`, else since no trigger is true or unknown."""
        if self.due is not None:
            return False
        rearms = [each.rearm for each in self.plan.triggers if each.rearm is not None]
        wanted = Truth.TRUE if rearms else Truth.FALSE
        conditions = rearms or [each.condition for each in self.plan.triggers]
        return all(each.truth(plant.inputs) is wanted for each in conditions)

    def _is_due(self, number: int, trigger: Trigger, plant: PlantView) -> bool:
        """Whether every part has been true for its time. It evaluates each part at every scan."""
        is_due, is_unknown, is_false = True, False, False
        for n, part in enumerate(trigger.parts):
            truth = part.condition.truth(plant.inputs)
            if truth is Truth.TRUE:
                since_s = self._since_s.setdefault((number, n), plant.now_s)
                is_due = is_due and plant.now_s - since_s >= part.for_s
                continue
            is_due = False
            # While a window fills, nothing is wrong.
            is_unknown |= truth is Truth.UNKNOWN and not plant.history.is_forming(part.condition)
            is_false |= truth is Truth.FALSE
            if self._since_s:
                self._since_s.pop((number, n), None)
        if is_unknown and not is_false:
            self.unknown.add(trigger.place)
        elif self.unknown:
            self.unknown.discard(trigger.place)
        return is_due
