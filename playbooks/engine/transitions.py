"""Effects that move a run to another state."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

from handwheel.tools.conditions import Condition, Truth
from handwheel.tools.guardrails.approval.messages.run_requests import EndRequest
from handwheel.tools.guardrails.ledger.store.states import (
    OPEN_REQUESTS,
    UNRESOLVED_ACTIONS,
    WAITING_REQUESTS,
    RequestState,
)

from ..binding.model import BoundPlaybook
from ..binding.step_model import Step
from .effects import Effect, Notify, Record
from .inputs import FiledAction, Inputs
from .run import Run
from .states import STEPS_IN_PROGRESS, EventKind, RunState, StepState

Goal = Literal["hold", "rollback", "safe_state"]
_ACHIEVES = "achieves"  # instead of a step


def event(inputs: Inputs, kind: EventKind, **body: Any) -> Record:
    """Returns an event with the process time of the snapshot, from which timers count."""
    return Record(kind, {**body, "at_s": inputs.plant.now_s})


def move_step(inputs: Inputs, step: Step, to: StepState, reason: str = "") -> Record:
    """Returns the event that moves a step, with what it records as it begins."""
    body: dict[str, Any] = {"step": step.id, "to": to.value, "reason": reason}
    if inputs.run.step(step.id) is StepState.PENDING:
        asked = [each for each in inputs.plan.step_values if each.step == step.id]
        values = {each.key: each.at_begin(inputs.plant.readings) for each in asked}
        if found := {key: value for key, value in values.items() if value is not None}:
            body["recorded"] = found
    return event(inputs, EventKind.STEP, **body)


def end_requests(
    inputs: Inputs, reason: str, states: Collection[RequestState] = OPEN_REQUESTS
) -> list[Effect]:
    """Ends the requests of the run that are in some states."""
    found = [each for each in inputs.requests if each.state in states]
    return [EndRequest(request_id=each.request_id, reason=reason) for each in found]


def hold(inputs: Inputs, reason: str) -> list[Effect]:
    """Holds the run at once, in the middle of its step."""
    return [event(inputs, EventKind.HOLDING, reason=reason, at_once=True)]


def refuse(
    inputs: Inputs, reason: str, blocked_by: Sequence[str] = (), **more: Any
) -> list[Effect]:
    """Ends a run that has requested nothing yet. Any other run is held."""
    if inputs.run.state is not RunState.CHECKING:
        return hold(inputs, reason)
    body = {"reason": reason, "blocked_by": list(blocked_by), "suggested": "", **more}
    return [event(inputs, EventKind.NOT_STARTED, **body)]


def redirect(inputs: Inputs, goal: Goal, reason: str) -> list[Effect]:
    """Holds the run, rolls it back or makes it safe, since its step cannot continue."""
    if goal != "hold":
        return [event(inputs, EventKind.ABORTING, reason=reason, goal=goal)]
    if inputs.run.state is RunState.STOPPING and not unresolved(inputs):
        return _end_step(inputs, reason)  # it stops within this step
    return hold(inputs, reason)


def _end_step(inputs: Inputs, reason: str) -> list[Effect]:
    step = current_step(inputs.plan, inputs.run)
    if step is None or inputs.run.step(step.id) not in STEPS_IN_PROGRESS:
        return []
    return [move_step(inputs, step, StepState.FAILED, reason)]


def fail(inputs: Inputs, step: Step, reason: str) -> list[Effect]:
    """Ends a step as failed, and goes on as its `on_fail` says."""
    message, on_fail = f"step {step.id} failed: {reason}", step.on_fail
    effects: list[Effect] = [move_step(inputs, step, StepState.FAILED, reason)]
    failures = inputs.run.failures.get(step.id, 0) + 1
    if failures <= on_fail.retry and inputs.run.state is RunState.RUNNING:
        again = f"attempt {failures + 1} of {on_fail.retry + 1}"
        return [*effects, move_step(inputs, step, StepState.PENDING, again)]
    to = tuple(dict.fromkeys(filter(None, (on_fail.notify, *_escalated_to(inputs, step)))))
    told: list[Effect] = [Notify(to, message)] if to else []
    if on_fail.then != "continue" and inputs.run.state is not RunState.STOPPING:
        goal: Goal = "hold" if on_fail.then == "escalate" else on_fail.then
        return [*effects, *redirect(inputs, goal, message), *told]
    return effects + told


def _escalated_to(inputs: Inputs, step: Step) -> list[str]:
    """Returns everybody who is told of a held run, if a failure of the step escalates."""
    if step.on_fail.then != "escalate":
        return []
    return [to for each in inputs.plan.escalations if each.when == "held" for to in each.to]


def settle(inputs: Inputs) -> list[Effect]:
    """Completes the hold or the stop of a run."""
    reason = inputs.run.reason
    if inputs.run.state is RunState.STOPPING:
        ended = end_requests(inputs, f"the run was stopped: {reason}")
        return [*ended, event(inputs, EventKind.STOPPED, reason=reason)]
    ended = end_requests(inputs, f"the run is held: {reason}", WAITING_REQUESTS)
    return [*ended, event(inputs, EventKind.HELD, reason=reason)]


def complete(inputs: Inputs) -> list[Effect]:
    """Ends a run whose last step is done, and records whether it has achieved what it is for."""
    ended = end_requests(inputs, "the run is complete")
    goal = inputs.plan.achieves
    if goal is None:
        return [*ended, event(inputs, EventKind.COMPLETED)]
    expected = expected_event(inputs, _ACHIEVES, goal)
    reason = "" if expected.body["kept"] else f"not achieved: {expected.body['shown']}"
    return [*ended, expected, event(inputs, EventKind.COMPLETED, reason=reason)]


def expected_event(inputs: Inputs, step: str, that: Condition) -> Record:
    """Returns the event of an expected result, which is met if it is true now."""
    is_met, shown = inputs.plant.truth(that) is Truth.TRUE, inputs.plant.shown(that)
    body = {"step": step, "text": that.bound, "kept": is_met, "shown": shown}
    return event(inputs, EventKind.EXPECTED, **body)


def current_step(plan: BoundPlaybook, run: Run) -> Step | None:
    """Returns the current or next step. `None` after the last."""
    return next((each for each in plan.steps if not is_passed(each, run)), None)


def is_passed(step: Step, run: Run) -> bool:
    """Whether the run continues after a done, skipped or failed step."""
    state = run.step(step.id)
    is_ignored = state is StepState.FAILED and step.on_fail.then == "continue"
    return is_ignored or state in {StepState.DONE, StepState.SKIPPED}


def unresolved(inputs: Inputs) -> list[FiledAction]:
    """Returns the actions of which nobody knows whether they took effect."""
    return [each for each in inputs.actions if each.state in UNRESOLVED_ACTIONS]
