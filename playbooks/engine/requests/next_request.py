"""Request of the next segment of a run, and the decision on it."""

from collections.abc import Iterator

from handwheel.connectors.model.process_clock import Readings
from handwheel.tools.conditions import ConditionError, Truth
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS, RequestState
from handwheel.tools.requests.values import already_text, is_already

from ...binding.step_model import Step
from ..diagnosis import CheckResult, active_triggers, diagnose
from ..effects import Effect, FileRequest
from ..inputs import Inputs
from ..states import EventKind, RunState, StepState
from ..transitions import current_step, end_requests, event, hold, move_step, refuse
from .deadline import within_deadline
from .segments import applied_writes, approval_of, make_segment_of, open_writes, segment_steps
from .write_values import FixedValues, fix_values


def has_written(inputs: Inputs) -> bool:
    """Whether the run, or one within it, may have written, which may have removed its cause."""
    return bool(inputs.run.nested) or any(each.may_have_been_sent for each in inputs.actions)


def next_request(inputs: Inputs) -> list[Effect]:
    """Requests the next segment. A segment without writes starts at once.

    A write whose tag reads the wanted value already is left out. If the step at hand needs no
    other write, the run goes on and asks when it comes to one that does.
    """
    run = inputs.run
    if found := _restart_step(inputs) or _begin_at_guard(inputs) or list(_note_already(inputs)):
        return found
    latest = inputs.latest
    is_lapsed = latest is not None and latest.request_id == run.lapsed
    is_open = latest is None or is_lapsed or latest.state is RequestState.APPROVED
    if run.state is RunState.RUNNING and latest and not is_open:
        return hold(inputs, f"{latest.request_id} is {latest.status}")  # revoked, a new gate
    findings = diagnose(inputs.plan, inputs.plant, in_progress=has_written(inputs)).findings
    if unmet := _unmet_permissives(inputs, findings):
        message = "; ".join(f"{each.id}: {each.shown}" for each in unmet)
        return refuse(inputs, message, [each.id for each in unmet])
    segment = None
    if not _is_step_already_so(inputs):
        evidence = (*active_triggers(inputs.plan, inputs.plant), *findings)
        try:
            segment = make_segment_of(inputs, evidence)
        except (InvalidArguments, ConditionError) as error:
            return refuse(inputs, f"the request cannot be made: {error}")
    if segment is None:
        return [] if run.state is RunState.RUNNING else [event(inputs, EventKind.STARTED)]
    return [FileRequest(within_deadline(inputs, segment), EventKind.FILED)]


def _restart_step(inputs: Inputs) -> list[Effect]:
    """Resets the interrupted step of a resumed run. No write is repeated.

    A step whose writes all took effect is verified next; any other is pending again.
    """
    run = inputs.run
    step = current_step(inputs.plan, run) if run.state is RunState.RESTARTING else None
    if step is None:
        return []
    state, to = run.step(step.id), StepState.PENDING
    nested = inputs.related.get(run.nested.get(step.id, ""))
    if state is StepState.PERFORM and nested and nested.state is not RunState.NOT_STARTED:
        return []  # it goes on, or what has become of it is followed
    if state is StepState.COMMAND and not open_writes(inputs, step):
        to = StepState.VERIFY if step.verify else StepState.DONE
    elif state not in {StepState.COMMAND, StepState.PERFORM, StepState.FAILED}:
        return []
    return [move_step(inputs, step, to, "the run resumes")]


def _begin_at_guard(inputs: Inputs) -> list[Effect]:
    """Starts a run whose first step is left out by its `if`, so that nothing is asked for it."""
    step = current_step(inputs.plan, inputs.run)
    if inputs.run.state is RunState.RUNNING or step is None or step.if_ is None:
        return []
    truth = inputs.plant.truth(step.if_)
    if truth is Truth.UNKNOWN:
        return refuse(inputs, f"step {step.id}: unknown: {inputs.plant.shown(step.if_)}")
    return [event(inputs, EventKind.STARTED)] if truth is Truth.FALSE else []


def _note_already(inputs: Inputs) -> Iterator[Effect]:
    """Records which writes of the steps to come are so already, where that has changed."""
    run, readings = inputs.run, inputs.plant.readings
    steps = segment_steps(inputs.plan, run)
    values = fix_values(inputs.plan, steps, readings, inputs.plant.recorded, inputs.actions)
    for step in steps:
        if run.step(step.id) is not StepState.PENDING:
            continue
        done = applied_writes(inputs, step)
        already = already_so(step, values, readings)
        found = {name: text for name, text in already.items() if name not in done}
        names = list(found)
        if names != list(run.already.get(step.id, ())):
            reason = "; ".join(found.values())
            yield event(inputs, EventKind.ALREADY, step=step.id, tags=names, reason=reason)


def already_so(step: Step, values: FixedValues, readings: Readings) -> dict[str, str]:
    """Returns the tags that read what a step is to write already, each with words for it."""
    return {
        each.tag.name: already_text(each.tag, value)
        for each in step.writes
        if (value := values.writes[step.id, each.tag.name].value) is not None
        and is_already(each.tag, value, readings.get(each.tag.name))
    }


def _is_step_already_so(inputs: Inputs) -> bool:
    """Whether the step at hand writes something, and all of it is so already.

    A hold point asks in any case, with the next writes of its segment.
    """
    step = current_step(inputs.plan, inputs.run)
    if step is None or step.hold_point or not inputs.run.already.get(step.id):
        return False
    return not open_writes(inputs, step)


def _unmet_permissives(inputs: Inputs, findings: tuple[CheckResult, ...]) -> list[CheckResult]:
    if not any(open_writes(inputs, each) for each in segment_steps(inputs.plan, inputs.run)):
        return []
    return [each for each in findings if each.side == "permissive" and not each.is_met]


def read_decision(inputs: Inputs) -> list[Effect]:
    """Follows the decision on the latest request. Nothing follows before there is one."""
    request = inputs.latest
    if request is None or request.state in WAITING_REQUESTS:
        return []
    steps = segment_steps(inputs.plan, inputs.run)
    approval = approval_of(inputs.plan, steps)
    if request.state is RequestState.APPROVED:
        return [event(inputs, EventKind.APPROVED, request_id=request.request_id)]
    if request.state is RequestState.REJECTED:
        ended = end_requests(inputs, f"the run was stopped: {request.reason}")
        return [*ended, event(inputs, EventKind.REJECTED, reason=request.reason)]
    if request.state is RequestState.EXPIRED and approval and approval.on_timeout == "stop":
        return [event(inputs, EventKind.STOPPING, reason=request.reason)]
    if request.state is RequestState.EXPIRED and approval and approval.on_timeout == "skip":
        lapsed = event(
            inputs, EventKind.LAPSED, request_id=request.request_id, reason=request.reason
        )
        open_ = [each for each in steps if inputs.run.step(each.id) is StepState.PENDING]
        skipped = (move_step(inputs, each, StepState.SKIPPED, request.reason) for each in open_)
        return [lapsed, *skipped]
    reason = f"{request.state}: {request.reason}"
    return [event(inputs, EventKind.HOLDING, reason=reason)]
