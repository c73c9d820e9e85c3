"""Signatures of people that a step waits for, other than the approval of a request."""

from ..binding.step_model import Manual, RequiredApproval, Step
from .effects import Effect, Notify
from .inputs import Inputs
from .requests.segments import open_writes
from .states import EventKind, StepState
from .transitions import event, hold, move_step


def await_sign_off(inputs: Inputs, step: Step) -> list[Effect] | None:
    """Returns `None` once enough people have signed a step off. Empty while they are awaited.

    They are asked once. If they do not sign in time, the run goes on as `on_timeout` says.
    """
    asks = _asks(inputs, step)
    if asks is None:
        return None
    approval, people, text = asks
    run = inputs.run
    asked = run.asked.get(step.id)
    if len(run.signed_off.get(step.id, ())) >= people:
        return None
    if asked is None:
        told = event(inputs, EventKind.ASKED, step=step.id, role=approval.role, text=text)
        return [told, Notify((approval.role,), f"{inputs.plan.title}: {step.title}: {text}")]
    is_late = inputs.clocks.is_past(asked.at, approval.within_s)
    return _time_out(inputs, step, approval) if is_late else []


def _time_out(inputs: Inputs, step: Step, approval: RequiredApproval) -> list[Effect]:
    reason = f"step {step.id}: no {approval.role} has signed it off in time"
    match approval.on_timeout:
        case "skip":
            return [move_step(inputs, step, StepState.SKIPPED, reason)]
        case "stop":
            return [event(inputs, EventKind.STOPPING, reason=reason, at_once=True)]
        case "hold":
            return hold(inputs, reason)


def _asks(inputs: Inputs, step: Step) -> tuple[RequiredApproval, int, str] | None:
    """Returns who signs a step off, how many of them, and what they are told."""
    if isinstance(step.work, Manual):
        texts = map(inputs.plant.render, step.work.instructions)
        lines = (f"{number}. {text}" for number, text in enumerate(texts, 1))
        return step.work.sign_off, step.work.people, "\n".join(lines)
    part = next(each for each in inputs.plan.segments if step in each)
    if step.hold_point is None or any(open_writes(inputs, each) for each in part):
        return None  # the request of its segment asks
    return step.hold_point.approval, 1, inputs.plant.render(step.hold_point.prompt)
