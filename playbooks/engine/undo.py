"""New request for an undo or a safe state without a valid approval."""

from collections.abc import Sequence
from dataclasses import dataclass

from handwheel.tools.guardrails.approval.build_request import ProposedWrite
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.request import Requirement

from ..binding.model import BoundPlaybook
from ..binding.step_model import Step, Write
from .inputs import FiledAction, Inputs
from .requests.segments import origin_of, proposal_key, safe_writes
from .requests.write_values import fix_value, sent_way

_UNDO = "undo:"
UNDO_DONE = frozenset({ActionState.VERIFIED, ActionState.RESOLVED_APPLIED, ActionState.SKIPPED})
"""States of an action of an undo that need no other one."""


@dataclass(frozen=True, slots=True)
class PendingUndo:
    """One command that must be undone."""

    step: Step
    write: Write  # the write that undoes it, the last one of a ramp back
    actions: tuple[FiledAction, ...]  # every action that was submitted for this undo, oldest first
    is_ramp: bool = False  # whether the actions are the whole way back of a ramp, asked for anew

    @property
    def approved(self) -> tuple[FiledAction, ...]:
        """Actions that an abort carries out or has carried out. Empty if it must ask anew."""
        done = [each for each in self.actions if each.state in UNDO_DONE]
        usable = [each for each in self.actions if is_usable(each)]
        if self.is_ramp:
            is_whole = len(done) + len(usable) == len(self.actions)
            return self.actions if is_whole else ()
        return tuple((done or usable)[-1:])


def is_usable(filed: FiledAction) -> bool:
    """Whether an action is approved still and has not been carried out."""
    is_open = filed.request_state is RequestState.APPROVED
    return is_open and filed.state is ActionState.PLANNED


def pending_undos(plan: BoundPlaybook, actions: Sequence[FiledAction]) -> list[PendingUndo]:
    """Returns the undo of every command whose frame may have been sent, newest first.

    Args:
        actions: Every action of the run's requests, in order.
    """
    found: list[PendingUndo] = []
    steps = {each.id: each for each in plan.steps}
    for number, command in reversed(list(enumerate(actions))):
        tag, step = command.action.tag, steps.get(command.action.step or "")
        is_sent = command.action.kind == "command" and command.may_have_been_sent
        if not is_sent or step is None or step.undo is None:
            continue
        way = sent_way(step, tag, actions)
        if command not in way:
            continue
        write = next(each for each in step.undo.writes if each.tag.name == tag)
        later, name = actions[number + 1 :], f"{_UNDO}{step.id}"
        asked = [each for each in later if (each.action.step, each.action.tag) == (name, tag)]
        if step.ramp_per_s and asked:
            back = tuple(each for each in asked if each.request_id == asked[-1].request_id)
            is_newest = command == way[-1]
            found += [PendingUndo(step, write, back, is_ramp=True)] if is_newest else []
            continue
        own = [each for each in actions if each.action.undoes == command.action.action_id]
        found.append(PendingUndo(step, write, (*own, *asked)))
    return found


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
    # Each abort asks anew, also for what the policy has denied before.
    attempt = f"{'back' if undo else 'safe'}\0{inputs.run.since}"
    return Segment(
        run=origin_of(inputs),
        commands=(_command(inputs, undo),) if undo else tuple(Command(*each) for each in safe),
        recovery=tuple(Recovery(*each) for each in safe) if covers_safe else (),
        evidence=(),
        roles=(approval.role,),
        within_s=approval.within_s,
        proposal_key=proposal_key(inputs, attempt),
        reason=f"{plan.title}: {what}: {inputs.run.reason}",
    )


def _command(inputs: Inputs, undo: PendingUndo) -> Command:
    condition = undo.step.undo.if_ if undo.step.undo else None
    requires = (Requirement(text=condition.bound, why="if"),) if condition else ()
    value = fix_value(undo.write, {}, inputs.plant.recorded).known
    write = ProposedWrite(undo.write.tag, value)
    return Command(write, f"{_UNDO}{undo.step.id}", requires, ramp_per_s=undo.step.ramp_per_s)
