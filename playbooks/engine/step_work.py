"""Work on a step after ISA-106, by command, perform and verify. The gate writes."""

from collections.abc import Iterable, Iterator

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import Truth
from handwheel.tools.guardrails.approval.messages.run_requests import SetDue, SkipAction
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.values import already_text, is_already

from ..binding.model import BoundPlaybook
from ..binding.step_model import (
    Manual,
    NotifyStep,
    RunPlaybook,
    Step,
    Verify,
    Wait,
    WorkOrderStep,
    Write,
)
from .effects import Effect, Notify, RaiseWorkOrder
from .inputs import IN_PROGRESS, FiledAction, Inputs
from .nested_run import await_nested
from .requests.segments import applied_writes, count_writes, latest_commands
from .requests.write_values import before_writes, fix_value
from .sign_off import await_sign_off
from .states import EventKind, RunState, StepState
from .supervision import await_expectations
from .transitions import event, fail, hold, move_step, redirect
from .undo import undone_step

_SLOW_SCANS = 400
"""Number of scans that a run waits for faster ones."""


def work_on_step(inputs: Inputs, step: Step) -> list[Effect]:
    """Returns what the current step needs now. Empty while it waits."""
    state = inputs.run.step(step.id)
    if state is StepState.FAILED:  # it was resumed in between
        return redirect(inputs, "hold", f"step {step.id} failed")
    if state is StepState.VERIFY:
        return _verify(inputs, step)
    is_new = state is StepState.PENDING
    if is_new is not isinstance(step.work, Manual):  # work of people is signed off at its end
        asked = await_sign_off(inputs, step)
        if asked is not None:
            return asked
    return _perform(inputs, step, is_new=is_new)


def _perform(inputs: Inputs, step: Step, *, is_new: bool) -> list[Effect]:
    match step.work:
        case WorkOrderStep() | NotifyStep() as work:
            return _inform(inputs, step, work)
        case tuple():
            return _command(inputs, step)
        case _ if is_new:
            return [move_step(inputs, step, StepState.PERFORM)]
        case Manual():
            people = " and ".join(inputs.run.signed_off.get(step.id, ()))
            to = StepState.VERIFY if step.verify else StepState.DONE
            return [move_step(inputs, step, to, f"signed off by {people}")]
        case Wait(until, hold_s, within_s):
            return _observe(inputs, step, Verify(until, hold_s, within_s))
        case RunPlaybook() as work:
            return await_nested(inputs, step, work)


def check_if(inputs: Inputs, step: Step) -> list[Effect]:
    """Skips a step whose `if` is false, and holds the run if nobody knows."""
    if step.if_ is None or (truth := inputs.plant.truth(step.if_)) is Truth.TRUE:
        return []
    shown = inputs.plant.shown(step.if_)
    if truth is Truth.UNKNOWN:
        return hold(inputs, f"step {step.id}: unknown: {shown}")
    reason = f"condition is false: {shown}"
    planned = [each for each in latest_commands(inputs, step) if each.state is ActionState.PLANNED]
    skipped = [SkipAction(action_id=each.action.action_id, reason=reason) for each in planned]
    return [*skipped, move_step(inputs, step, StepState.SKIPPED, reason)]


def _inform(inputs: Inputs, step: Step, work: WorkOrderStep | NotifyStep) -> list[Effect]:
    done = move_step(inputs, step, StepState.DONE)
    if isinstance(work, NotifyStep):
        return [Notify(work.to, inputs.plant.render(work.text), step.id), done]
    return [RaiseWorkOrder(step, work), done]


def _command(inputs: Inputs, step: Step) -> list[Effect]:
    awaited = await_expectations(inputs)
    if awaited is not None:
        return awaited
    if found := _not_so_any_more(inputs, step):
        return found
    if inputs.run.step(step.id) is StepState.PENDING:
        return [move_step(inputs, step, StepState.COMMAND)]
    for each in latest_commands(inputs, step):
        if not (each.is_applied or each.state is ActionState.SKIPPED):
            return _command_action(inputs, step, each)
    if step.verify:
        return [move_step(inputs, step, StepState.VERIFY)]
    return [_done(inputs, step, "")]


def _not_so_any_more(inputs: Inputs, step: Step) -> list[Effect]:
    """Holds the run if what was not asked for, since it was so already, is not so."""
    for write, value in _left_out(inputs, step):
        reading = inputs.plant.readings.get(write.tag.name)
        if value is None or not is_already(write.tag, value, reading):
            reason = f"{write.tag.name} is not {write.shown} any more; resume the run to ask for it"
            return hold(inputs, reason)
    return []


def _left_out(inputs: Inputs, step: Step) -> Iterator[tuple[Write, Value | None]]:
    """Yields the writes that were not asked for, since they were so already, with their values."""
    already = inputs.run.already.get(step.id, ())
    readings = before_writes(step, inputs.plant.readings, inputs.actions)
    for each in step.writes:
        if each.tag.name in already:
            yield each, fix_value(each, readings, inputs.plant.recorded).value


def _command_action(inputs: Inputs, step: Step, command: FiledAction) -> list[Effect]:
    """Sets a command due, or follows what became of it."""
    if command.state in IN_PROGRESS:
        return []
    if command.state is ActionState.PLANNED:
        return _set_due(inputs, command)
    action = command.action
    message = f"{action.tag} = {action.shown}: {command.state}: {command.reason}"
    if command.state is ActionState.REFUSED:
        return fail(inputs, step, message)
    return redirect(inputs, "hold", message)


def _set_due(inputs: Inputs, command: FiledAction) -> list[Effect]:
    run, latest = inputs.run, inputs.latest
    if run.state is not RunState.RUNNING:
        return []
    if (slow := _await_scans(inputs)) is not None:
        return slow
    if await_pace(inputs, command):
        return []
    if latest is None or latest.state is not RequestState.APPROVED:
        return hold(inputs, f"{command.request_id} is {latest.status if latest else 'unknown'}")
    action_id = command.action.action_id
    most = inputs.plan.max_writes
    if count_writes(inputs, {*run.due, action_id}) > most:
        spent = f"the run has made its {most} {'write' if most == 1 else 'writes'}"
        return hold(inputs, f"{spent} of limits.max_writes; stop or abort it, and order it anew")
    return [
        SetDue(action_id=action_id, orders=run.orders),
        event(inputs, EventKind.DUE, action_id=action_id),
    ]


def await_pace(inputs: Inputs, filed: FiledAction) -> bool:
    """Whether the next write of a ramp, or of its way back, is too early."""
    action, run = filed.action, inputs.run
    undone = undone_step(action.step)
    step = inputs.step(undone or action.step or "")
    if step is None or step.ramp_per_s is None:
        return False
    is_back = action.kind == "recovery" or bool(undone)
    same = [
        each.action.value
        for each in inputs.actions
        if each.action.action_id in (run.undo_due if is_back else run.due)
        and (each.action.step, each.action.kind) == (action.step, action.kind)
        and (is_back or each.request_id == filed.request_id)
    ]
    if not same or isinstance(same[-1], str) or isinstance(action.value, str):
        return False
    apart_s = abs(action.value - same[-1]) / step.ramp_per_s
    # The gate's cool-down is of people's time, and the rate of the plant's.
    is_over = inputs.clocks.is_past(run.due_at, max(apart_s, filed.spacing_s))
    return not (inputs.plant.is_past(run.due_s + apart_s) and is_over)


def _await_scans(inputs: Inputs) -> list[Effect] | None:
    """Waits while scans are further apart than a third of the shortest time to observe.

    Returns `None` if they are not.
    """
    run, plant = inputs.run, inputs.plant
    most_s = min(_short_times(inputs.plan), default=float("inf")) / 3.0
    if plant.scan_s <= most_s:
        return None
    reason = (
        f"scans are {format_duration(plant.scan_s)} of process time apart; at most "
        f"{format_duration(most_s)} can be followed"
    )
    if run.slow_scan is None:
        return [event(inputs, EventKind.SLOW, reason=reason, scan=plant.scan)]
    if plant.scan - run.slow_scan > _SLOW_SCANS:
        return hold(inputs, reason)
    plant.await_scan()
    return []


def _short_times(plan: BoundPlaybook) -> Iterable[float]:
    """Yields the times that scans must resolve, process time."""
    yield from (each.grace_s for each in plan.invariants if each.grace_s > 0.0)
    for step in plan.steps:
        if step.verify and step.verify.hold_s > 0.0:
            yield step.verify.hold_s
        if isinstance(step.work, Wait) and step.work.hold_s > 0.0:
            yield step.work.hold_s


def _verify(inputs: Inputs, step: Step) -> list[Effect]:
    # Readings from before the command do not count.
    if step.verify is None or not inputs.plant.is_past(_since(inputs, step)):
        return []
    return _observe(inputs, step, step.verify)


def _observe(inputs: Inputs, step: Step, verify: Verify) -> list[Effect]:
    """Ends a step once its condition has held, or as failed if that took too long."""
    is_met = comes_true(inputs, verify, _since(inputs, step))
    if is_met is None:
        return []
    shown = inputs.plant.shown(verify.that)
    if is_met:
        return [_done(inputs, step, shown)]
    return fail(inputs, step, f"not within {format_duration(verify.within_s)}: {shown}")


def _since(inputs: Inputs, step: Step) -> float:
    """Returns the process time from which the work on a step counts."""
    return max(inputs.run.step_s.get(step.id, 0.0), inputs.run.began_s)


def comes_true(inputs: Inputs, verify: Verify, since_s: float) -> bool | None:
    """Returns whether a condition has held without a break, `None` while that is not decided.

    Unknown counts as a break. The time that it must hold is complete when `within_s` ends.
    """
    plant = inputs.plant
    lasts_s = plant.lasts_s(verify.that, is_true=True, since_s=since_s)
    if lasts_s is not None and lasts_s >= verify.hold_s:
        return True
    if lasts_s is not None:
        plant.is_past(plant.now_s - lasts_s + verify.hold_s)
    return False if plant.is_past(since_s + verify.within_s) else None


def _done(inputs: Inputs, step: Step, shown: str) -> Effect:
    """Ends a step as done, or as skipped if none of its writes was sent."""
    reason = _why_not_sent(inputs, step)
    to = StepState.SKIPPED if reason else StepState.DONE
    return move_step(inputs, step, to, reason or shown)


def _why_not_sent(inputs: Inputs, step: Step) -> str:
    """Returns why nothing of a step was sent, or an empty string if something was."""
    if applied_writes(inputs, step):
        return ""
    left_out = _left_out(inputs, step)
    reasons = [already_text(write.tag, value) for write, value in left_out if value is not None]
    skipped = (each for each in latest_commands(inputs, step) if each.state is ActionState.SKIPPED)
    return "; ".join([*reasons, *(each.reason for each in skipped)])
