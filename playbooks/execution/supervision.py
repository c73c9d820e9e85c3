"""Supervision of the orders, invariants, expected results and duration of a run."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.conditions import Truth
from handwheel.tools.guardrails.ledger.effects import EffectVerdict, StepEffect

from ..binding.model import BoundPlaybook, Invariant, Step, StepExpectation
from ..run.event_log import RunLog
from ..run.orders import OrderHandler
from ..run.plant_view import PlantView
from ..run.states import EventKind, RunState, StepState

Goal = Literal["hold", "rollback", "safe_state"]


class Interrupted(Exception):
    """A step cannot continue. `goal` says what happens instead, `notify` is the recipient."""

    def __init__(self, goal: Goal, reason: str, notify: str = "") -> None:
        super().__init__(reason)
        self.goal: Goal = goal
        self.reason = reason
        self.notify = notify


@dataclass(slots=True)
class _PendingExpectation:
    step: str
    expectation: StepExpectation
    number: int
    due_s: float
    met_after_s: float | None = None

    @property
    def is_met(self) -> bool:
        return self.met_after_s is not None


@dataclass(slots=True)
class Supervision:
    """Supervises one run. A step waits only through `scan`."""

    plan: BoundPlaybook
    log: RunLog
    plant: PlantView
    order_handler: OrderHandler
    is_armed: bool = False  # whether a command was set due, from when on the invariants are checked
    started_s: float | None = None  # process time at which the approved work began
    _violated_s: dict[int, float] = field(default_factory=dict[int, float])
    _pending: list[_PendingExpectation] = field(default_factory=list[_PendingExpectation])

    def begin(self) -> None:
        """Notes the time at which the approved work began. Later calls change nothing."""
        if self.started_s is None:
            self.started_s = self.plant.now_s

    async def scan(self) -> None:
        """Waits for the next scan, then checks for interruptions as `check` does."""
        await self.plant.next_scan()
        self.check()

    def check(self) -> None:
        """Checks invariants, orders, expected results and duration now.

        Raises `Interrupted` if the step cannot continue.
        """
        for invariant, message in self.violations():
            raise Interrupted(invariant.on_violation, message)
        self.order_handler.handle()
        if self.log.run.state is RunState.ABORTING:
            raise Interrupted("rollback", self.log.run.reason)
        self._check_expectations()
        self._check_duration()

    def reset_timers(self) -> None:
        """Resets the times, for a new segment."""
        self.started_s = None
        self._violated_s.clear()

    def violations(self) -> list[tuple[Invariant, str]]:
        """Returns the invariants violated for longer than their grace, each with a message."""
        found: list[tuple[Invariant, str]] = []
        for number, invariant in enumerate(self.plan.invariants if self.is_armed else ()):
            truth = invariant.condition.evaluate(self.plant.readings, self.plant.history)
            if truth is Truth.TRUE:
                self._violated_s.pop(number, None)
                continue
            since_s = self._violated_s.setdefault(number, self.plant.now_s)
            if self.plant.now_s - since_s >= invariant.grace_s:
                shown = invariant.condition.shown(self.plant.readings, self.plant.history)
                grace = format_duration(invariant.grace_s)
                found.append((invariant, f"invariant {truth.value} for {grace}: {shown}"))
        return found

    def _check_duration(self) -> None:
        if self.started_s is None:
            return
        taken_s = self.plant.now_s - self.started_s
        if taken_s > self.plan.max_duration_s:
            limit = format_duration(self.plan.max_duration_s)
            raise Interrupted("hold", f"the run has taken longer than {limit}")

    def expect(self, step: Step) -> None:
        """Starts to check the expected results of a step."""
        self._expect(step, frozenset())

    def _expect(self, step: Step, known: AbstractSet[tuple[str, str]]) -> None:
        for number, each in enumerate(step.expects, start=1):
            if (step.id, each.that.bound) not in known:
                due_s = self.plant.now_s + each.within_s
                self._pending.append(_PendingExpectation(step.id, each, number, due_s))

    def _restore_expectations(self) -> None:
        """Starts again the checks that another process had started."""
        known = {(each.step, each.expectation.that.bound) for each in self._pending}
        known |= self.log.run.expected
        for step in self.plan.steps:
            if self.log.run.step(step.id) in {StepState.VERIFY, StepState.DONE}:
                self._expect(step, known)

    def _check_expectations(self) -> None:
        for each in self._pending:
            that = each.expectation.that
            is_true = that.evaluate(self.plant.readings, self.plant.history) is Truth.TRUE
            if is_true and not each.is_met:
                began_s = each.due_s - each.expectation.within_s
                each.met_after_s = max(self.plant.now_s - began_s, 0.0)

    async def settle_expectations(self) -> None:
        """Waits until every expected result is met or overdue.

        Called before the next write and at the end of the run. One that was not met raises
        `Interrupted`; nothing more is written.
        """
        self._restore_expectations()
        while any(not each.is_met and each.due_s > self.plant.now_s for each in self._pending):
            await self.scan()
        self._check_expectations()
        expectations, self._pending = self._pending, []
        missed: list[str] = []
        for each in expectations:
            that = each.expectation.that
            shown = that.shown(self.plant.readings, self.plant.history)
            self.log.record_outcome(each.step, self._outcome(each, shown))
            self.log.record(
                EventKind.EXPECTED, step=each.step, text=that.bound, kept=each.is_met, shown=shown
            )
            if not each.is_met:
                missed.append(shown)
        if missed:
            raise Interrupted("hold", f"expected result not met: {'; '.join(missed)}")

    def _outcome(self, pending: _PendingExpectation, shown: str) -> StepEffect:
        that, within_s = pending.expectation.that, pending.expectation.within_s
        truth = that.evaluate(self.plant.readings, self.plant.history)
        missed: EffectVerdict = "UNKNOWN" if truth is Truth.UNKNOWN else "MISSED"
        verdict: EffectVerdict = "CAME" if pending.is_met else missed
        return StepEffect(pending.number, that.bound, within_s, shown, verdict, pending.met_after_s)
