"""Segments of a run, each of one request, up to the next hold point or approval of a step."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.process_clock import Readings
from handwheel.tools.conditions import Condition
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.build_request import ProposedWrite
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.requests.request import Evidence, Requirement, RunOrigin

from ...binding.model import BoundPlaybook
from ...binding.step_model import Manual, RequiredApproval, RunPlaybook, Step, Write
from ..diagnosis import CheckResult
from ..inputs import IN_PROGRESS, FiledAction, recorded_of
from ..run import Run
from ..states import STEPS_IN_PROGRESS, RunState, StepState
from ..transitions import current_step, is_passed
from .write_values import FixedValue, FixedValues, Place, fix_values, sent_way

_COMMAND = "command"


def segment_steps(plan: BoundPlaybook, run: Run) -> list[Step]:
    """Returns the steps from the current one to the end of its segment."""
    for part in plan.segments:
        if open_ := [each for each in part if not is_passed(each, run)]:
            return open_
    return []


def approval_of(plan: BoundPlaybook, steps: Sequence[Step]) -> RequiredApproval | None:
    """Returns the approval that a segment requires."""
    part = next((each for each in plan.segments if steps and steps[0] in each), None)
    return (part[0].own_approval if part else None) or plan.approval


def applied_writes(run: Run, step: Step, actions: Sequence[FiledAction]) -> set[str]:
    """Returns the tags whose write took effect in the step's present attempt."""
    recent = run.requests[run.attempts.get(step.id, 0) :]
    ends = {  # of a ramp only the last write counts
        (each.request_id, each.action.tag): each
        for each in actions
        if each.action.kind == _COMMAND
        and each.action.step == step.id
        and each.request_id in recent
    }
    return {each.action.tag for each in ends.values() if each.is_applied}


def open_writes(run: Run, step: Step, actions: Sequence[FiledAction]) -> list[Write]:
    """Returns the writes of a step that have not taken effect yet and are not so already."""
    done = applied_writes(run, step, actions).union(run.already.get(step.id, ()))
    return [each for each in step.writes if each.tag.name not in done]


def needs_request(run: Run, step: Step, actions: Sequence[FiledAction]) -> bool:
    """Whether the step has an open write that the latest request does not cover.

    In a run that holds or stops, an ended request still covers its writes.
    """
    wanted = {each.tag.name for each in open_writes(run, step, actions)}
    latest = run.requests[-1:]
    covered = {
        each.action.tag
        for each in actions
        if each.request_id in latest
        and each.action.kind == _COMMAND
        and each.action.step == step.id
        and (each.request_state is RequestState.APPROVED or run.state is not RunState.RUNNING)
    }
    return bool(wanted - covered)


def is_mid_step(plan: BoundPlaybook, run: Run, actions: Sequence[FiledAction]) -> bool:
    """Whether a run that holds or stops completes its step first. Nothing more of it is sent."""
    step = current_step(plan, run)
    if run.is_cut_off or step is None or run.step(step.id) not in STEPS_IN_PROGRESS:
        return False
    if isinstance(step.work, Manual | RunPlaybook) and run.step(step.id) is StepState.PERFORM:
        return False  # it may take hours
    if run.step(step.id) is not StepState.COMMAND:
        return True
    own = [each for each in actions if each.action.step == step.id]
    is_in_hand = any(each.state in IN_PROGRESS for each in own)
    return is_in_hand or not open_writes(run, step, actions)


def make_segment_of(
    plan: BoundPlaybook,
    run: Run,
    run_id: str,
    actions: Sequence[FiledAction],
    findings: Sequence[CheckResult],
    readings: Readings,
    hold_point_text: str,
) -> Segment | None:
    """Returns the next segment to request. `None` if it writes nothing.

    Args:
        actions: Every action of the run's requests so far.
        findings: Evidence and permissives as evaluated now.
        readings: From which values are computed.
        hold_point_text: Prompt of a hold point, with its values.

    Raises:
        InvalidArguments: A value cannot be computed now, or an `if` is not known yet.
    """
    steps = segment_steps(plan, run)
    values = fix_values(plan, steps, readings, recorded_of(run, plan), actions)
    commands = list(_commands(plan, run, steps, actions, values))
    approval = approval_of(plan, steps)
    if not commands or approval is None:
        return None
    proposed = [command for command, _ in commands]
    return Segment(
        run=origin_of(plan, run, run_id),
        commands=tuple(proposed),
        recovery=tuple(_undo_and_safe_writes(plan, commands, actions, run, values)),
        evidence=tuple(map(_evidence, findings)),
        roles=(approval.role,),
        within_s=approval.within_s,
        proposal_key=_key(plan, run, run_id),
        reason=_reason(plan, [step for _, step in commands], hold_point_text, values),
        supersedes=_superseded(run, actions),
    )


def origin_of(plan: BoundPlaybook, run: Run, run_id: str) -> RunOrigin:
    """Returns the origin that the next request of a run names."""
    return RunOrigin(
        run_id=run_id,
        playbook=plan.id,
        version=plan.version,
        digest=plan.digest,
        parameters=dict(plan.parameters),
        segment=len(run.requests) + 1,
        max_duration_s=plan.max_duration_s,
    )


def _key(plan: BoundPlaybook, run: Run, run_id: str) -> str:
    """Returns the proposal key, the same for a repeated node, another for a new attempt."""
    count = f"{len(run.requests)}\0{run.restarts}"
    return sha256(f"{run_id}\0{plan.digest}\0{count}".encode()).hexdigest()


def _commands(
    plan: BoundPlaybook,
    run: Run,
    steps: Sequence[Step],
    actions: Sequence[FiledAction],
    values: FixedValues,
) -> Iterator[tuple[Command, Step]]:
    invariants = [_requirement(each.condition, "invariant") for each in plan.invariants]
    is_first = True
    for step in steps:
        for write in open_writes(run, step, actions):
            own = [_requirement(_filed_if(step.if_, plan, run), "if")] if step.if_ else []
            first = [
                _requirement(each.condition, f"permissive {each.id}") for each in plan.permissives
            ]
            requires = (*(first if is_first else ()), *invariants, *own)
            found = values.writes[step.id, write.tag.name]
            proposed = ProposedWrite(write.tag, found.known)
            command = Command(
                proposed, step.id, requires, found.reads, _pending(step), step.ramp_per_s
            )
            yield command, step
            is_first = is_first and step.if_ is not None  # a skipped command checks nothing


def _filed_if(condition: Condition, plan: BoundPlaybook, run: Run) -> Condition:
    """Returns an `if` as the gate can judge it, with what the run has recorded written out."""
    for each in condition.step_values:
        asked = next((step for step in plan.steps if step.id == each.step), None)
        if asked is not None and not is_passed(asked, run):
            reason = f"{each.key} is not known before {each.step} has ended; write a hold point"
            raise InvalidArguments(reason)
    return condition.with_recorded(recorded_of(run, plan)) if condition.step_values else condition


def _pending(step: Step) -> tuple[str, ...]:
    return tuple(
        f"{each.that.bound} within {format_duration(each.within_s)}" for each in step.expects
    )


def _undo_and_safe_writes(
    plan: BoundPlaybook,
    commands: Sequence[tuple[Command, Step]],
    actions: Sequence[FiledAction],
    run: Run,
    values: FixedValues,
) -> Iterator[Recovery]:
    """Yields the undo of these and earlier commands, then the writes of the safe state."""
    if "rollback" in plan.covers:
        yield from _undos(plan, commands, actions, run, values)
    if "safe_state" in plan.covers:
        for step_id, write, requires in safe_writes(plan):
            yield Recovery(ProposedWrite(write.tag, write.known), step_id, requires)


def _undos(
    plan: BoundPlaybook,
    commands: Sequence[tuple[Command, Step]],
    actions: Sequence[FiledAction],
    run: Run,
    values: FixedValues,
) -> Iterator[Recovery]:
    new = {(step.id, command.write.tag.name) for command, step in commands}
    for index, (command, step) in reversed(list(enumerate(commands))):
        tag = command.write.tag.name
        way = sent_way(step, tag, actions, goes_on=True)
        last = {(step.id, tag): FixedValue(way[-1].action.value)} if way else values.undos
        yield from _undo(step, tag, index, last)
    for each in reversed(actions):
        if each.action.kind != _COMMAND or not each.may_have_been_sent:
            continue
        step = next(step for step in plan.steps if step.id == each.action.step)
        key = (step.id, each.action.tag)
        way = sent_way(step, each.action.tag, actions, goes_on=key in new)
        if each not in way:
            continue
        earlier = fix_values(plan, [step], {}, recorded_of(run, plan)).undos
        if place := way.index(each):
            earlier = {key: FixedValue(way[place - 1].action.value)}
        for undo in _undo(step, each.action.tag, each.action.action_id, earlier):
            yield Recovery(
                undo.write, undo.step, undo.requires, undo.undoes, expects=each.action.value
            )


def safe_writes(plan: BoundPlaybook) -> Iterator[tuple[str, Write, tuple[Requirement, ...]]]:
    """Yields the safe-state writes, each with its step and requirements."""
    for step in plan.safe_state:
        requires = (_requirement(step.if_, "if"),) if step.if_ else ()
        for write in step.writes:
            yield step.id, write, requires


def _undo(
    step: Step, tag: str, undoes: int | str, values: Mapping[Place, FixedValue]
) -> Iterator[Recovery]:
    if step.undo is None:
        return
    requires = (_requirement(step.undo.if_, "if"),) if step.undo.if_ else ()
    for write in step.undo.writes:
        if write.tag.name == tag:
            value = values[step.id, tag].known
            yield Recovery(ProposedWrite(write.tag, value), step.id, requires, undoes)


def _requirement(condition: Condition, why: str) -> Requirement:
    return Requirement(text=condition.bound, why=why)


def _evidence(result: CheckResult) -> Evidence:
    return Evidence.model_validate(
        {
            "id": result.id,
            "side": result.side,
            "text": result.text,
            "truth": result.truth.value,
            "shown": result.shown,
            "source": result.place,
        }
    )


def _reason(
    plan: BoundPlaybook, steps: Sequence[Step], hold_point_text: str, values: FixedValues
) -> str:
    titles = "; ".join(dict.fromkeys(each.title for each in steps))
    asked = {each.id for each in steps}
    paces = (
        f"{write.tag.name} ramps at {step.ramp_per_s * 60.0:g} {write.tag.unit}/min"
        for step in steps
        for write in step.writes
        if step.ramp_per_s
    )
    computed = [each.shown for (step, _), each in values.writes.items() if step in asked]
    return ". ".join(filter(None, [f"{plan.title}: {titles}", *paces, hold_point_text, *computed]))


def _superseded(run: Run, actions: Sequence[FiledAction]) -> str | None:
    """Returns the request that the new one takes over. One that lapsed in between has nothing."""
    states = {each.request_id: each.request_state for each in actions}
    approved = (
        each for each in reversed(run.requests) if states.get(each) is RequestState.APPROVED
    )
    return next(approved, None)
