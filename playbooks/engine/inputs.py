"""Inputs of the step function, and a note of those that it has used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import Condition, History, Recorded, Template, Truth
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.request import Action
from handwheel.tools.requests.timestamps import Instant, parse_stamp

from ..binding.model import BoundPlaybook
from ..binding.step_model import Step
from .run import Run
from .states import StepState

IN_PROGRESS = frozenset({ActionState.DUE, ActionState.CLAIMED, ActionState.SENDING})
"""States in which the gate processes an action or may begin to."""
SETTLED = frozenset(ActionState) - {ActionState.PLANNED} - IN_PROGRESS
"""States in which an action does not change by itself."""
_MAY_HAVE_BEEN_SENT = frozenset(
    {
        ActionState.SENDING,
        ActionState.VERIFIED,
        ActionState.MISMATCH,
        ActionState.UNKNOWN,
        ActionState.RESOLVED_APPLIED,
    }
)
_NEVER_S = float("inf")


@dataclass(frozen=True, slots=True)
class FiledAction:
    """One action of a run's requests, with its state."""

    request_id: str
    request_state: RequestState
    action: Action
    state: ActionState
    reason: str
    was_sent: bool  # whether a gate may have sent it
    spacing_s: float = 0.0  # shortest time after the write before it in a ramp, wall-clock

    def is_command_of(self, step: str) -> bool:
        """Whether it is a command of a step, and not its undo."""
        return self.action.kind == "command" and self.action.step == step

    @property
    def is_applied(self) -> bool:
        """Whether the action is known to have taken effect."""
        return self.state in {ActionState.VERIFIED, ActionState.RESOLVED_APPLIED}

    @property
    def may_have_been_sent(self) -> bool:
        """Whether its frame may have reached the device. Unknown counts as true."""
        is_refused = self.state is ActionState.REFUSED and self.was_sent
        return self.state in _MAY_HAVE_BEEN_SENT or is_refused


@dataclass(frozen=True, slots=True)
class FiledRequest:
    """One request of a run, with its state."""

    request_id: str
    state: RequestState
    reason: str
    status: str  # state and reason as text
    roles: tuple[str, ...]  # roles that its approval requires
    actions: tuple[FiledAction, ...]


@dataclass(frozen=True, slots=True)
class Tracked:
    """Truth of a condition, and since when it has or has not been true without a break."""

    condition: Condition
    truth: Truth
    since_s: float  # process time
    recorded: Recorded  # what its run has recorded about its steps

    def at(self, truth: Truth, now_s: float) -> "Tracked":
        """Returns it with its truth at another scan."""
        if truth is self.truth:
            return self
        is_break = Truth.TRUE in {truth, self.truth}
        since_s = now_s if is_break else self.since_s
        return Tracked(self.condition, truth, since_s, self.recorded)


@dataclass(slots=True)
class PlantSnapshot:
    """Plant at one scan. It notes the conditions and times that were asked for.

    As long as none of them changes, a run that waits need not be stepped again.
    """

    readings: Readings
    history: History
    now_s: float  # process time, seconds
    scan_s: float  # longest process time between two of the latest scans, seconds
    scan: int  # number of the scan
    tracked: Mapping[int, Tracked]  # conditions that were asked for before, by identity
    recorded: Recorded = field(default_factory=dict[str, Value])  # of the run's steps
    asked: dict[int, Tracked] = field(default_factory=dict[int, Tracked])
    wakes_at_s: float = _NEVER_S  # the earliest time to come that was asked for

    def truth(self, condition: Condition) -> Truth:
        """Returns the truth of a condition now."""
        return self._track(condition).truth

    def lasts_s(self, condition: Condition, *, is_true: bool, since_s: float) -> float | None:
        """Returns how long a condition has been true, or not true, without a break, seconds.

        `None` if it is not so now. Time before `since_s` and before it was first asked for does
        not count.
        """
        found = self._track(condition)
        if (found.truth is Truth.TRUE) is not is_true:
            return None
        # A time of another process, whose process time may be ahead, does not count.
        begun_s = since_s if since_s <= self.now_s else found.since_s
        return self.now_s - max(begun_s, found.since_s)

    def is_past(self, at_s: float) -> bool:
        """Whether a time is over, process time."""
        if self.now_s > at_s:
            return True
        self.wakes_at_s = min(self.wakes_at_s, at_s)
        return False

    def await_scan(self) -> None:
        """Asks for the next scan, whatever it shows."""
        self.wakes_at_s = self.now_s

    def shown(self, condition: Condition) -> str:
        """Returns a condition as text with its values."""
        return condition.shown(self.readings, self.history, recorded=self.recorded)

    def render(self, text: Template) -> str:
        """Returns a text with its values."""
        return text.render(self.readings, recorded=self.recorded)

    def _track(self, condition: Condition) -> Tracked:
        key = id(condition)
        found = self.asked.get(key) or self.tracked.get(key)
        if found is None or (condition.step_values and found.recorded != self.recorded):
            truth = condition.evaluate(self.readings, self.history, recorded=self.recorded)
            found = Tracked(condition, truth, self.now_s, self.recorded)
        self.asked[key] = found
        return found


def recorded_of(run: Run, plan: BoundPlaybook) -> Recorded:
    """Returns what a run knows about its steps, for `before` and `done`."""
    done = {
        each.key: run.step(each.step) is StepState.DONE for each in plan.step_values if each.is_done
    }
    return {**run.recorded, **done}


@dataclass(slots=True)
class Clocks:
    """Wall and boot clock of people. It notes the earliest time that was asked for."""

    now: Instant
    wakes_at: datetime | None = None

    def is_past(self, since: str, after_s: float) -> bool:
        """Whether some seconds have passed since a stamp."""
        at = parse_stamp(since) + timedelta(seconds=after_s)
        if self.now.wall >= at:
            return True
        self.wakes_at = at if self.wakes_at is None else min(self.wakes_at, at)
        return False


@dataclass(frozen=True)
class Inputs:
    """Inputs of one call of the step function."""

    run_id: str
    run: Run
    plan: BoundPlaybook
    requests: Sequence[FiledRequest]  # the run's requests, in order
    plant: PlantSnapshot
    clocks: Clocks
    tags: Mapping[str, Tag]  # the site's, for the conditions of approved actions
    # The run that has started this one and the one that its step awaits, by id.
    related: Mapping[str, Run] = field(default_factory=dict[str, Run])

    @cached_property
    def actions(self) -> list[FiledAction]:
        """Every action of the run's requests, in order."""
        return [each for request in self.requests for each in request.actions]

    @property
    def latest(self) -> FiledRequest | None:
        """The run's newest request."""
        return self.requests[-1] if self.requests else None

    def step(self, step_id: str) -> Step | None:
        """Returns a step of the playbook, `None` if there is none of this name."""
        return next((each for each in self.plan.steps if each.id == step_id), None)
