"""Step function of a run, which returns what the run needs now.

It is pure: it reads no clock, file or ledger, remembers nothing, and returns the same effects for
the same inputs.
"""

from collections.abc import Callable, Mapping

from ..binding.model import Escalation
from ..binding.step_model import Step
from .diagnosis import diagnose
from .effects import Effect, Judge, Notify
from .inputs import Inputs
from .nested_run import follow_outer
from .requests.deadline import past_deadline
from .requests.next_request import has_written, next_request, read_decision
from .requests.segments import is_mid_step, needs_request, segment_steps
from .rollback import block_undo, roll_back
from .states import EventKind, RunState, StepState
from .step_work import check_if, work_on_step
from .supervision import await_expectations, supervise, violations
from .transitions import complete, current_step, event, hold, refuse, settle

CHECK_TIMEOUT_S = 60.0
"""How long evidence and permissives may take to be met, process time."""
MAX_RESTARTS = 20
"""Number of times that a run may be resumed; then it must be aborted or stopped."""


def step(inputs: Inputs) -> list[Effect]:
    """Returns what a run needs now. Empty while it waits."""
    work = _WORK.get(inputs.run.state)
    return follow_outer(inputs) or (work(inputs) if work else [])


def refuse_request(inputs: Inputs, reason: str, *, is_unread: bool = False) -> list[Effect]:
    """Returns what follows the refusal of a request of the run.

    Args:
        is_unread: Whether the plant could not be read, so that a new run may follow soon.
    """
    if inputs.run.state is RunState.ABORTING:
        return hold(inputs, f"rollback: the rollback cannot be requested: {reason}")
    return refuse(inputs, f"the request cannot be submitted: {reason}", is_unread=is_unread)


def refuse_due(inputs: Inputs, reason: str) -> list[Effect]:
    """Returns what follows the refusal to set an action due."""
    is_aborting = inputs.run.state is RunState.ABORTING
    return block_undo(inputs, reason) if is_aborting else hold(inputs, reason)


def _check(inputs: Inputs) -> list[Effect]:
    """Waits until evidence and permissives decide, lets them be judged, and follows that.

    Because of noise it waits for up to `CHECK_TIMEOUT_S`, unless evidence against the playbook is
    met. A judgement counts with its own scan only.
    """
    run, plant = inputs.run, inputs.plant
    if late := past_deadline(inputs):
        return refuse(inputs, late)
    if run.restarts > MAX_RESTARTS:
        return refuse(inputs, f"it was resumed {MAX_RESTARTS} times; abort it or stop it")
    if run.judged_s == plant.now_s:
        return _follow_judgement(inputs)
    needs_evidence = not has_written(inputs)
    found = diagnose(inputs.plan, plant, in_progress=not needs_evidence)
    if found.is_collecting(needs_evidence=needs_evidence):
        plant.await_scan()  # a window fills without a change of any condition
        return []
    is_decided = found.is_decided(needs_evidence=needs_evidence)
    is_late = plant.is_past(run.entered_s + CHECK_TIMEOUT_S)
    return [Judge(found)] if is_decided or is_late else []


def _follow_judgement(inputs: Inputs) -> list[Effect]:
    judged = inputs.run.diagnosis
    blocked_by = [str(each) for each in judged["blocked_by"]]
    if judged["choice"] == "act" and not blocked_by:
        return next_request(inputs)
    return refuse(inputs, str(judged["reason"]), blocked_by, suggested=str(judged["suggested"]))


def _work(inputs: Inputs) -> list[Effect]:
    current = current_step(inputs.plan, inputs.run)
    if current is None:
        awaited = await_expectations(inputs)
        return [event(inputs, EventKind.COMPLETING)] if awaited is None else awaited
    state = inputs.run.step(current.id)
    if state is StepState.PENDING and (found := check_if(inputs, current)):
        return found
    is_asked = state in {StepState.VERIFY, StepState.FAILED}
    if not is_asked and (needs_request(inputs, current) or _is_hold_point(inputs, current)):
        return next_request(inputs)
    return work_on_step(inputs, current)


def _is_hold_point(inputs: Inputs, step: Step) -> bool:
    """Whether a step that writes nothing begins a segment with writes that are not asked for."""
    is_new = inputs.run.step(step.id) is StepState.PENDING and step.hold_point is not None
    part = segment_steps(inputs.plan, inputs.run)
    return is_new and any(needs_request(inputs, each) for each in part)


def _escalate(inputs: Inputs) -> list[Effect]:
    due = _due_escalation(inputs)
    if due is None:
        return []
    run = inputs.run
    message = f"{inputs.plan.title}: run {inputs.run_id} is {run.state}: {run.reason}"
    escalated = event(inputs, EventKind.ESCALATED, to=list(due.to), when=due.when)
    return [Notify(due.to, message), escalated]


def _due_escalation(inputs: Inputs) -> Escalation | None:
    run = inputs.run
    steps = sorted(
        (each for each in inputs.plan.escalations if each.when == run.state.lower()),
        key=lambda each: each.after_s,
    )
    for each in steps[run.escalated : run.escalated + 1]:
        if inputs.clocks.is_past(run.since, each.after_s):
            return each
    return None


def _note_violated(inputs: Inputs) -> list[Effect]:
    """Records which invariants a held run violates, and tells those to whom it escalates."""
    violated = "; ".join(each.condition.bound for each, _ in violations(inputs))
    if violated == inputs.run.violated:
        return []
    noted = event(inputs, EventKind.VIOLATED, reason=violated)
    if not violated:
        return [noted]
    to = tuple(dict.fromkeys(name for each in inputs.plan.escalations for name in each.to))
    return [noted, Notify(to, f"run {inputs.run_id} is held and violates: {violated}")]


def _await_decision(inputs: Inputs) -> list[Effect]:
    return _end_late(inputs) or supervise(inputs) or read_decision(inputs)


def _run(inputs: Inputs) -> list[Effect]:
    return _end_late(inputs) or supervise(inputs) or _work(inputs)


def _end_late(inputs: Inputs) -> list[Effect]:
    """Holds a run that has not begun by its deadline, which ends its request."""
    late = past_deadline(inputs)
    return hold(inputs, late) if late else []


def _finish_step(inputs: Inputs) -> list[Effect]:
    is_begun = is_mid_step(inputs)
    return _run(inputs) if is_begun else settle(inputs)


def _rest(inputs: Inputs) -> list[Effect]:
    return _escalate(inputs) or _note_violated(inputs)


_WORK: Mapping[RunState, Callable[[Inputs], list[Effect]]] = {
    RunState.CHECKING: _check,
    RunState.RESTARTING: _check,
    RunState.WAITING_APPROVAL: _await_decision,
    RunState.RUNNING: _run,
    RunState.HOLDING: _finish_step,
    RunState.STOPPING: _finish_step,
    RunState.ABORTING: roll_back,
    RunState.HELD: _rest,
    RunState.ABORTED: _escalate,
    RunState.COMPLETING: complete,
}
