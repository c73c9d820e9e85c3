"""New request for an undo or a safe state without a valid approval."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from handwheel.tools.conditions import Recorded
from handwheel.tools.guardrails.approval.build_request import ProposedWrite
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.requests.request import Requirement

from ..binding.model import BoundPlaybook
from ..binding.step_model import Step, Write
from .inputs import FiledAction, recorded_of
from .requests.segments import origin_of, safe_writes
from .requests.write_values import fix_value, sent_way
from .run import Run

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


def make_rollback_segment(
    plan: BoundPlaybook, run: Run, run_id: str, undo: PendingUndo
) -> Segment | None:
    """Returns the request that undoes one step. `None` if the playbook names no approver."""
    approval = plan.recovery_approval
    if approval is None:
        return None
    key = f"{run_id}\0{plan.digest}\0back\0{len(run.requests)}"
    return Segment(
        run=origin_of(plan, run, run_id),
        commands=(_command(undo, recorded_of(run, plan)),),
        recovery=()
        if "safe_state" not in plan.covers
        else tuple(
            Recovery(ProposedWrite(write.tag, write.known), step, requires)
            for step, write, requires in safe_writes(plan)
        ),
        evidence=(),
        roles=(approval.role,),
        within_s=approval.within_s,
        proposal_key=sha256(key.encode()).hexdigest(),
        reason=f"{plan.title}: undo of step {undo.step.id}: {run.reason}",
    )


def make_safe_state_segment(plan: BoundPlaybook, run: Run, run_id: str) -> Segment | None:
    """Returns the request of the safe state. `None` if the playbook names no approver."""
    approval = plan.recovery_approval
    if approval is None:
        return None
    key = f"{run_id}\0{plan.digest}\0safe\0{len(run.requests)}"
    return Segment(
        run=origin_of(plan, run, run_id),
        commands=tuple(
            Command(ProposedWrite(write.tag, write.known), step, requires)
            for step, write, requires in safe_writes(plan)
        ),
        recovery=(),
        evidence=(),
        roles=(approval.role,),
        within_s=approval.within_s,
        proposal_key=sha256(key.encode()).hexdigest(),
        reason=f"{plan.title}: safe state: {run.reason}",
    )


def _command(undo: PendingUndo, recorded: Recorded) -> Command:
    condition = undo.step.undo.if_ if undo.step.undo else None
    requires = (Requirement(text=condition.bound, why="if"),) if condition else ()
    last = undo.write
    if undo.step.ramp_per_s and undo.step.undo:  # all of the way back
        last = next(each for each in undo.step.undo.writes if each.tag == last.tag)
    write = ProposedWrite(last.tag, fix_value(last, {}, recorded).known)
    return Command(write, f"{_UNDO}{undo.step.id}", requires, ramp_per_s=undo.step.ramp_per_s)
