"""New request for an undo or a safe state without a valid approval."""

from collections.abc import Sequence
from dataclasses import dataclass

from handwheel.tools.guardrails.approval.build_request import ProposedWrite
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.requests.request import Requirement

from ..binding.model import BoundPlaybook
from ..binding.step_model import Step, Write
from .inputs import FiledAction, Inputs
from .requests.segments import origin_of, proposal_key, safe_writes
from .requests.write_values import fix_value, sent_way

_UNDO = "undo:"


@dataclass(frozen=True, slots=True)
class PendingUndo:
    """One command that must be undone."""

    step: Step
    command: FiledAction
    write: Write  # the write that undoes it
    actions: tuple[FiledAction, ...]  # every action that was submitted for this undo, oldest first
    is_ramp: bool = False  # whether the actions are the whole way back of a ramp, asked for anew


def pending_undos(plan: BoundPlaybook, actions: Sequence[FiledAction]) -> list[PendingUndo]:
    """Returns the undo of every command whose frame may have been sent, newest first."""
    found: list[PendingUndo] = []
    for number, command in reversed(list(enumerate(actions))):
        step = next((each for each in plan.steps if each.id == command.action.step), None)
        is_sent = command.action.kind == "command" and command.may_have_been_sent
        if not is_sent or step is None or step.undo is None:
            continue
        way = sent_way(step, command.action.tag, actions)
        if command not in way:
            continue
        write = next(each for each in step.undo.writes if each.tag.name == command.action.tag)
        if step.ramp_per_s and (back := _way_back(way[-1], actions)):
            is_newest = command == way[-1]
            found += [PendingUndo(step, command, write, back, is_ramp=True)] if is_newest else []
            continue
        if place := way.index(command):
            write = Write(write.tag, way[place - 1].action.value)
        found.append(PendingUndo(step, command, write, _undo_actions(number, step, actions)))
    return found


def _way_back(command: FiledAction, actions: Sequence[FiledAction]) -> tuple[FiledAction, ...]:
    """Returns the writes of the newest request for the way back of a ramp. Empty without one."""
    place, name = actions.index(command), f"{_UNDO}{command.action.step}"
    back = [each for each in actions[place:] if each.action.step == name]
    back = [each for each in back if each.action.tag == command.action.tag]
    return tuple(each for each in back if each.request_id == back[-1].request_id)


def _undo_actions(
    number: int, step: Step, actions: Sequence[FiledAction]
) -> tuple[FiledAction, ...]:
    own, name = actions[number].action, f"{_UNDO}{step.id}"
    return tuple(
        each
        for place, each in enumerate(actions)
        if each.action.undoes == own.action_id
        or (place > number and each.action.step == name and each.action.tag == own.tag)
    )


def undone_step(action_step: str | None) -> str:
    """Returns the step that an action of a rollback request undoes. Empty for any other."""
    text = action_step or ""
    return text.removeprefix(_UNDO) if text.startswith(_UNDO) else ""


def make_rollback_segment(inputs: Inputs, undo: PendingUndo | None) -> Segment | None:
    """Returns the request that undoes one step, or that of the safe state if none is given.

    `None` if the playbook names no approver.
    """
    plan, approval = inputs.plan, inputs.plan.recovery_approval
    if approval is None:
        return None
    safe = safe_writes(plan)
    covers_safe = undo is not None and "safe_state" in plan.covers
    what = f"undo of step {undo.step.id}" if undo else "safe state"
    return Segment(
        run=origin_of(inputs),
        commands=(_command(inputs, undo),) if undo else tuple(Command(*each) for each in safe),
        recovery=tuple(Recovery(*each) for each in safe) if covers_safe else (),
        evidence=(),
        roles=(approval.role,),
        within_s=approval.within_s,
        proposal_key=proposal_key(inputs, "back" if undo else "safe"),
        reason=f"{plan.title}: {what}: {inputs.run.reason}",
    )


def _command(inputs: Inputs, undo: PendingUndo) -> Command:
    condition = undo.step.undo.if_ if undo.step.undo else None
    requires = (Requirement(text=condition.bound, why="if"),) if condition else ()
    last = undo.write
    if undo.step.ramp_per_s and undo.step.undo:  # all of the way back
        last = next(each for each in undo.step.undo.writes if each.tag == last.tag)
    write = ProposedWrite(last.tag, fix_value(last, {}, inputs.plant.recorded).known)
    return Command(write, f"{_UNDO}{undo.step.id}", requires, ramp_per_s=undo.step.ramp_per_s)
