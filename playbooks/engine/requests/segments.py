"""Segments of a run, each of one request, up to the next hold point or approval of a step."""

from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import Condition
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.build_request import ProposedWrite
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.requests.request import Evidence, Requirement, RunOrigin

from ...binding.model import BoundPlaybook
from ...binding.step_model import Manual, RequiredApproval, RunPlaybook, Step, Write
from ..diagnosis import CheckResult
from ..inputs import IN_PROGRESS, FiledAction, Inputs
from ..run import Run
from ..states import STEPS_IN_PROGRESS, RunState, StepState
from ..transitions import current_step, is_passed
from .write_values import FixedValue, FixedValues, fix_values, sent_way


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


def applied_writes(inputs: Inputs, step: Step) -> set[str]:
    """Returns the tags whose write took effect in the step's present attempt."""
    recent = inputs.run.requests[inputs.run.attempts.get(step.id, 0) :]
    ends = {  # of a ramp only the last write counts
        (each.request_id, each.action.tag): each
        for each in inputs.actions
        if each.is_command_of(step.id) and each.request_id in recent
    }
    return {each.action.tag for each in ends.values() if each.is_applied}


def count_writes(inputs: Inputs, due: Collection[str]) -> int:
    """Returns how many writes some actions make up.

    A later request goes on with the same write if it asks for the rest of a ramp, or for what no
    earlier one has sent.

    Args:
        due: Ids of the actions that were set due.
    """
    count, parts = 0, dict[tuple[str, str], tuple[FiledAction, ...]]()
    for request in inputs.requests:
        commands = [each for each in request.actions if each.action.kind == "command"]
        begun = {_place(each) for each in commands if each.action.action_id in due}
        for place in begun:
            if _is_over(inputs, parts.get(place, ())):
                count += 1
            parts[place] = tuple(each for each in commands if _place(each) == place)
    return count


def _place(filed: FiledAction) -> tuple[str, str]:
    return filed.action.step or "", filed.action.tag


def _is_over(inputs: Inputs, part: Sequence[FiledAction]) -> bool:
    """Whether what asks for the same as a part of a write would be another write."""
    if not part:
        return True
    step, last = inputs.step(part[-1].action.step or ""), part[-1]
    is_ramp = step is not None and step.ramp_per_s is not None
    return last.is_applied if is_ramp else last.may_have_been_sent or last.state in IN_PROGRESS


def open_writes(inputs: Inputs, step: Step) -> list[Write]:
    """Returns the writes of a step that have not taken effect yet and are not so already."""
    done = applied_writes(inputs, step).union(inputs.run.already.get(step.id, ()))
    return [each for each in step.writes if each.tag.name not in done]


def latest_commands(inputs: Inputs, step: Step) -> list[FiledAction]:
    """Returns the step's commands in the latest request."""
    actions = inputs.latest.actions if inputs.latest else ()
    return [each for each in actions if each.is_command_of(step.id)]


def needs_request(inputs: Inputs, step: Step) -> bool:
    """Whether the step has an open write that the latest request does not cover.

    In a run that holds or stops, an ended request still covers its writes.
    """
    counts_ended = inputs.run.state is not RunState.RUNNING
    covered = {
        each.action.tag
        for each in latest_commands(inputs, step)
        if counts_ended or each.request_state is RequestState.APPROVED
    }
    return any(each.tag.name not in covered for each in open_writes(inputs, step))


def is_mid_step(inputs: Inputs) -> bool:
    """Whether a run that holds or stops completes its step first. Nothing more of it is sent."""
    run, step = inputs.run, current_step(inputs.plan, inputs.run)
    if run.is_cut_off or step is None or run.step(step.id) not in STEPS_IN_PROGRESS:
        return False
    if isinstance(step.work, Manual | RunPlaybook) and run.step(step.id) is StepState.PERFORM:
        return False  # it may take hours
    if run.step(step.id) is not StepState.COMMAND:
        return True
    own = [each for each in inputs.actions if each.action.step == step.id]
    is_in_hand = any(each.state in IN_PROGRESS for each in own)
    return is_in_hand or not open_writes(inputs, step)


def make_segment_of(inputs: Inputs, findings: Sequence[CheckResult]) -> Segment | None:
    """Returns the next segment to request. `None` if it writes nothing.

    Args:
        findings: Evidence and permissives as evaluated now.

    Raises:
        InvalidArguments: A value cannot be computed now, or an `if` is not known yet.
    """
    plan, plant = inputs.plan, inputs.plant
    steps = segment_steps(plan, inputs.run)
    values = fix_values(plan, steps, plant.readings, plant.recorded, inputs.actions)
    commands = tuple(_commands(inputs, steps, values))
    approval = approval_of(plan, steps)
    if not commands or approval is None:
        return None
    return Segment(
        run=origin_of(inputs),
        commands=commands,
        recovery=tuple(_recovery(inputs, commands, values)),
        evidence=tuple(
            Evidence.model_validate({**each.fields, "text": each.text, "source": each.place})
            for each in findings
        ),
        roles=(approval.role,),
        within_s=approval.within_s,
        proposal_key=proposal_key(inputs, str(inputs.run.restarts)),
        reason=_reason(inputs, commands, values),
        supersedes=newest_approved(inputs),
        lease_s=plan.lease_s,
    )


def origin_of(inputs: Inputs) -> RunOrigin:
    """Returns the origin that the next request of a run names."""
    plan = inputs.plan
    return RunOrigin(
        run_id=inputs.run_id,
        playbook=plan.id,
        version=plan.version,
        digest=plan.digest,
        parameters=dict(plan.parameters),
        segment=len(inputs.run.requests) + 1,
        max_duration_s=plan.max_duration_s,
    )


def proposal_key(inputs: Inputs, attempt: str) -> str:
    """Returns the proposal key, the same for a repeated node, another for a new attempt."""
    count = f"{len(inputs.run.requests)}\0{attempt}"
    return sha256(f"{inputs.run_id}\0{inputs.plan.digest}\0{count}".encode()).hexdigest()


def _commands(inputs: Inputs, steps: Sequence[Step], values: FixedValues) -> Iterator[Command]:
    plan = inputs.plan
    invariants = [_requirement(each.condition, "invariant") for each in plan.invariants]
    first = [_requirement(each.condition, f"permissive {each.id}") for each in plan.permissives]
    for step in steps:
        for write in open_writes(inputs, step):
            own = [_requirement(_filed_if(step.if_, inputs), "if")] if step.if_ else []
            found = values.writes[step.id, write.tag.name]
            promises = tuple(
                f"{each.that.bound} within {format_duration(each.within_s)}"
                for each in step.expects
            )
            yield Command(
                ProposedWrite(write.tag, found.known), step.id, (*first, *invariants, *own),
                found.reads, promises, step.ramp_per_s,
            )  # fmt: skip
            first = first if step.if_ else []  # a skipped command checks nothing


def _filed_if(condition: Condition, inputs: Inputs) -> Condition:
    """Returns an `if` as the gate can judge it, with what the run has recorded written out."""
    for each in condition.step_values:
        asked = inputs.step(each.step)
        if asked is not None and not is_passed(asked, inputs.run):
            reason = f"{each.key} is not known before {each.step} has ended; write a hold point"
            raise InvalidArguments(reason)
    return condition.with_recorded(inputs.plant.recorded) if condition.step_values else condition


def _recovery(
    inputs: Inputs, commands: Sequence[Command], values: FixedValues
) -> Iterator[Recovery]:
    """Yields the undo of these and earlier commands, then the writes of the safe state."""
    if "rollback" in inputs.plan.covers:
        yield from _undos(inputs, commands, values)
    if "safe_state" in inputs.plan.covers:
        yield from (Recovery(*each) for each in safe_writes(inputs.plan))


def _undos(inputs: Inputs, commands: Sequence[Command], values: FixedValues) -> Iterator[Recovery]:
    actions, steps = inputs.actions, {each.id: each for each in inputs.plan.steps}
    new = {(each.step, each.write.tag.name) for each in commands}
    for index, command in reversed(list(enumerate(commands))):
        step, tag = steps[command.step], command.write.tag.name
        way = sent_way(step, tag, actions, goes_on=True)
        last = FixedValue(way[-1].action.value) if way else values.undos.get((step.id, tag))
        yield from _undo(step, tag, index, last)
    for each in reversed(actions):
        if each.action.kind != "command" or not each.may_have_been_sent:
            continue
        step, tag = steps[str(each.action.step)], each.action.tag
        way = sent_way(step, tag, actions, goes_on=(step.id, tag) in new)
        if each not in way:
            continue
        undos = fix_values(inputs.plan, [step], {}, inputs.plant.recorded).undos
        place = way.index(each)
        earlier = FixedValue(way[place - 1].action.value) if place else undos.get((step.id, tag))
        yield from _undo(step, tag, each.action.action_id, earlier, each.action.value)


def safe_writes(
    plan: BoundPlaybook,
) -> Iterator[tuple[ProposedWrite, str, tuple[Requirement, ...]]]:
    """Yields the safe-state writes, each with its step and requirements."""
    for step in plan.safe_state:
        requires = (_requirement(step.if_, "if"),) if step.if_ else ()
        for write in step.writes:
            yield ProposedWrite(write.tag, write.known), step.id, requires


def _undo(
    step: Step,
    tag: str,
    undoes: int | str,
    value: FixedValue | None,
    expects: Value | None = None,
) -> Iterator[Recovery]:
    if step.undo is None or value is None:
        return
    requires = (_requirement(step.undo.if_, "if"),) if step.undo.if_ else ()
    for write in step.undo.writes:
        if write.tag.name == tag:
            yield Recovery(
                ProposedWrite(write.tag, value.known), step.id, requires, undoes, expects
            )


def _requirement(condition: Condition, why: str) -> Requirement:
    return Requirement(text=condition.bound, why=why)


def _reason(inputs: Inputs, commands: Sequence[Command], values: FixedValues) -> str:
    asked = {each.step for each in commands}
    steps = [each for each in inputs.plan.steps if each.id in asked]
    titles = "; ".join(dict.fromkeys(each.title for each in steps))
    paces = (
        f"{write.tag.name} ramps at {step.ramp_per_s * 60.0:g} {write.tag.unit}/min"
        for step in steps
        for write in step.writes
        if step.ramp_per_s
    )
    computed = [each.shown for (step, _), each in values.writes.items() if step in asked]
    point = segment_steps(inputs.plan, inputs.run)[0].hold_point
    prompt = inputs.plant.render(point.prompt) if point else ""
    title = f"{inputs.plan.title}: {titles}"
    return ". ".join(filter(None, [title, *paces, prompt, *computed]))


def newest_approved(inputs: Inputs) -> str | None:
    """Returns the newest request that is approved still, which the next one takes over."""
    approved = [each for each in inputs.requests if each.state is RequestState.APPROVED]
    return approved[-1].request_id if approved else None
