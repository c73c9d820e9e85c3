"""Triggers of playbooks. Each fires on its rising edge, and once until it re-arms.

One whose run did not start re-arms as soon as nothing prevents it any more.
"""

from dataclasses import dataclass, field
from typing import Self

from handwheel.playbooks.binding.model import BoundPlaybook, Trigger
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.tools.conditions import Truth

_UNKNOWN_SCANS = 100
_STEADY_S = 10.0
"""How long nothing may prevent a run before its trigger re-arms, process time."""
_AGAIN_S = 600.0
"""How long a run that was refused for a reason that cannot be observed is not tried again."""


@dataclass(slots=True)
class NotStarted:
    """The latest run of a watch, which did not start."""

    reason: str
    until_s: float  # process time until which it is not tried again
    free_since_s: float | None = None  # process time since which nothing prevents it


@dataclass(slots=True)
class TriggerWatch:
    """Triggers of one bound playbook.

    True at the start counts as an edge. An unknown condition fires nothing and restarts `for`.
    """

    plan: BoundPlaybook
    is_armed: bool = True  # whether it may fire
    unknown: set[str] = field(default_factory=set[str])  # places of triggers that are unknown now
    due: Trigger | None = None  # the trigger that is due with the latest scan, armed or not
    rose_while_owned: bool = False  # whether it became due while a run owned its equipment
    suggested_by: Self | None = None  # the watch whose run has suggested this playbook
    begun: tuple[str, str] = ("", "")  # place and condition for which its latest run began
    not_started: NotStarted | None = None  # why its latest run did not start; `None` if it did
    _unknown_scans: int = 0
    _since_s: dict[int, float] = field(default_factory=dict[int, float])

    def evaluate(self, plant: PlantView, *, is_owned: bool) -> Trigger | None:
        """Evaluates one scan and returns the trigger that is due. It stays armed.

        The equipment is owned while a run over the same assets is open.
        """
        due = [each for n, each in enumerate(self.plan.triggers) if self._is_due(n, each, plant)]
        self._unknown_scans = self._unknown_scans + 1 if self.unknown else 0
        is_rising, self.due = bool(due) and self.due is None, due[0] if due else None
        self.rose_while_owned = is_owned and bool(due) and (is_rising or self.rose_while_owned)
        if self.is_armed:
            return self.due
        if not is_owned and not due and self._is_rearmed(plant):
            self.is_armed, self.not_started = True, None
        return None

    @property
    def is_wanted(self) -> bool:
        """Whether its trigger is due, or that of the playbook whose run has suggested it."""
        caller = self.suggested_by
        return self.due is not None or (caller is not None and caller.due is not None)

    def note_not_started(self, reason: str, now_s: float, *, is_observed: bool) -> None:
        """Notes that its run did not start, at a process time.

        Args:
            is_observed: Whether what prevented it can still be observed, so that its end is seen.
        """
        self.not_started = NotStarted(reason, now_s + (0.0 if is_observed else _AGAIN_S))

    def may_try_again(self, now_s: float, *, is_free: bool) -> bool:
        """Whether a run that did not start is tried again, now that nothing prevents it.

        Args:
            is_free: Whether nothing prevents it with the latest scan.
        """
        found = self.not_started
        if found is None or not is_free:
            if found is not None:
                found.free_since_s = None
            return False
        if found.free_since_s is None:
            found.free_since_s = now_s
        return now_s >= max(found.until_s, found.free_since_s + _STEADY_S)

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
