"""Asks people to take a run back, where what was approved for that does not hold any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from handwheel.tools.guardrails.approval.build_request import ProposedWrite
from handwheel.tools.guardrails.approval.build_segment import Command, Recovery, Segment
from handwheel.tools.requests.request import Requirement, RunOrigin

from ..binding.model import BoundPlaybook, Step, Write
from ..run.ledger_port import RunAction
from ..run.segments import safe_writes
from ..run.states import Run

_UNDO = "undo:"


@dataclass(frozen=True, slots=True)
class PendingUndo:
    """One command that is to be taken back.

    Attributes:
        write: What takes it back.
        actions: Every action that was ever filed for that, the oldest first.
    """

    step: Step
    command: RunAction
    write: Write
    actions: tuple[RunAction, ...]


def pending_undos(plan: BoundPlaybook, actions: Sequence[RunAction]) -> list[PendingUndo]:
    """Returns the undo of every command whose frame may have left, newest first.

    Of a step that was attempted more than once the last attempt is taken back: that leads to
    where the first one began.
    """
    found: list[PendingUndo] = []
    taken = set[tuple[str, str]]()
    for number, command in reversed(list(enumerate(actions))):
        step = next((each for each in plan.steps if each.id == command.action.step), None)
        key = (command.action.step or "", command.action.tag)
        is_sent = command.action.kind == "command" and command.may_have_left
        if not is_sent or key in taken or step is None or step.undo is None:
            continue
        taken.add(key)
        write = next(each for each in step.undo.writes if each.tag.name == command.action.tag)
        found.append(PendingUndo(step, command, write, _undo_actions(number, step, actions)))
    return found


def _undo_actions(number: int, step: Step, actions: Sequence[RunAction]) -> tuple[RunAction, ...]:
    """Returns what was filed to take the command of this number back."""
    own, name = actions[number].action, f"{_UNDO}{step.id}"
    return tuple(
        each
        for place, each in enumerate(actions)
        if each.action.undoes == own.action_id
        or (place > number and each.action.step == name and each.action.tag == own.tag)
    )


def undone_step(action_step: str | None) -> str:
    """Returns the step that an action of such a request takes back; empty for any other."""
    text = action_step or ""
    return text.removeprefix(_UNDO) if text.startswith(_UNDO) else ""


def make_rollback_segment(
    plan: BoundPlaybook, run: Run, run_id: str, undo: PendingUndo
) -> Segment | None:
    """Returns the request that takes one step back; `None` if nobody could approve it."""
    if plan.approval is None:
        return None
    key = f"{run_id}\0{plan.digest}\0back\0{len(run.requests)}"
    return Segment(
        run=RunOrigin(
            run_id=run_id,
            playbook=plan.id,
            version=plan.version,
            digest=plan.digest,
            parameters=dict(plan.parameters),
            segment=len(run.requests) + 1,
            max_duration_s=plan.max_duration_s,
        ),
        commands=(_command(undo),),
        recovery=tuple(
            Recovery(ProposedWrite(write.tag, write.value), step, requires)
            for step, write, requires in safe_writes(plan)
        ),
        evidence=(),
        roles=(plan.approval.role,),
        within_s=plan.approval.within_s,
        proposal_key=sha256(key.encode()).hexdigest(),
        reason=f"{plan.title}: step {undo.step.id} is to be taken back: {run.reason}",
    )


def _command(undo: PendingUndo) -> Command:
    condition = undo.step.undo.if_ if undo.step.undo else None
    requires = (Requirement(text=condition.bound, why="if"),) if condition else ()
    write = ProposedWrite(undo.write.tag, undo.write.value)
    return Command(write, f"{_UNDO}{undo.step.id}", requires)
