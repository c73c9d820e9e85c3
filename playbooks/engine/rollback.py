"""Rollback of a run by the undo of its commands, else by the safe state."""

from collections.abc import Iterable, Sequence

from handwheel.tools.conditions import Truth, parse_condition
from handwheel.tools.guardrails.approval.messages.run_requests import SetDue, SkipAction
from handwheel.tools.guardrails.ledger.store.states import (
    WAITING_REQUESTS,
    ActionState,
)

from ..binding.step_model import Verify
from .effects import Effect, FileRequest, Record
from .inputs import IN_PROGRESS, SETTLED, FiledAction, Inputs
from .nested_run import blocks_rollback, complete_after
from .requests.segments import newest_approved
from .states import EventKind, RunState
from .step_work import await_pace, comes_true
from .supervision import violations
from .transitions import end_requests, event, hold, unresolved
from .undo import (
    UNDO_DONE,
    PendingUndo,
    is_usable,
    make_rollback_segment,
    pending_undos,
    undone_step,
)

_SETTLES_WITHIN_S = 60.0  # wall-clock time; a due action ends after 10 s


def roll_back(inputs: Inputs) -> list[Effect]:
    """Rolls an aborting run back to ABORTED, or HELD where an operator must act.

    Lockouts interrupt it, orders and invariants do not, except while its own request waits.
    """
    run = inputs.run
    waiting = [each for each in inputs.requests if each.state in WAITING_REQUESTS]
    if any(each.request_id not in run.asked_back for each in waiting):
        return end_requests(inputs, "the run is being rolled back", WAITING_REQUESTS)
    if any(each.state in IN_PROGRESS for each in inputs.actions):
        return _await_gate(inputs)
    if run.goal == "safe_state" or run.undo_blocked:
        return _make_safe(inputs)
    return _undo_all(inputs)


def takes_orders(inputs: Inputs) -> bool:
    """Whether a run takes orders, one that is aborting only while its own request waits."""
    waiting = {each.request_id for each in inputs.requests if each.state in WAITING_REQUESTS}
    is_aborting = inputs.run.state is RunState.ABORTING
    return not is_aborting or not waiting.isdisjoint(inputs.run.asked_back)


def block_undo(inputs: Inputs, reason: str) -> list[Effect]:
    """Goes on to the safe state, since the undo cannot be completed. Without one it holds."""
    run = inputs.run
    if run.goal == "safe_state" or run.undo_blocked or not inputs.plan.safe_state:
        reasons = [each for each in (run.undo_blocked, reason) if each]
        return hold(inputs, f"rollback: {'; '.join(reasons)}")
    return [event(inputs, EventKind.UNDO_BLOCKED, reason=reason)]


def _hold(inputs: Inputs, reason: str) -> list[Effect]:
    return hold(inputs, f"rollback: {reason}")


def _await_gate(inputs: Inputs) -> list[Effect]:
    """Waits for the actions in progress, since an undo depends on their outcome."""
    run = inputs.run
    if not inputs.clocks.is_past(max(run.since, run.due_at), _SETTLES_WITHIN_S):
        return []
    found = next(each for each in inputs.actions if each.state in IN_PROGRESS)
    return _hold(inputs, f"{found.action.action_id} is {found.state}: no gate has completed it")


def _undo_all(inputs: Inputs) -> list[Effect]:
    """Undoes every command whose frame may have been sent, newest first, after a nested run.

    An undo without a valid approval is requested again, one at a time, since a limit may allow
    the next one only after the previous write.
    """
    if failed := _failed(inputs, inputs.actions):
        return failed
    if blocked := blocks_rollback(inputs):
        return block_undo(inputs, blocked)
    if blocked is None:
        return []
    if found := unresolved(inputs):
        name = found[0].action.action_id
        return block_undo(inputs, f"{name} is {found[0].state}: resolve it first")
    for undo in pending_undos(inputs.plan, inputs.actions):
        effects = _keep(inputs, undo) or _undo_one(inputs, undo)
        if effects is not None:
            return effects
    return _end(inputs, inputs.run.reason)


def _undo_one(inputs: Inputs, undo: PendingUndo) -> list[Effect] | None:
    """Returns what the undo of a command needs now. `None` once it is done."""
    if not undo.approved:
        return _request(inputs, undo.actions, undo)
    finishing = (_finish(inputs, each) for each in undo.approved)
    return next((effects for effects in finishing if effects is not None), None)


def _keep(inputs: Inputs, undo: PendingUndo) -> list[Effect]:
    """Blocks the undo of a step on which a complete nested run may count."""
    nested = complete_after(inputs, undo.step)
    if not nested or any(each.state in UNDO_DONE for each in undo.actions):
        return []
    reason = f"{nested} is complete and not undone, and step {undo.step.id} is older"
    return block_undo(inputs, reason)


def _failed(inputs: Inputs, actions: Iterable[FiledAction]) -> list[Effect]:
    """Returns what follows the first of some actions of this abort that did not take effect."""
    for each in actions:
        is_own = each.action.action_id in inputs.run.undo_due
        if not is_own or each.state in UNDO_DONE or each.state not in SETTLED:
            continue
        message = f"{each.action.tag} = {each.action.shown}: {each.state}: {each.reason}"
        is_asked = each.request_id in inputs.run.asked_back
        ended = (_hold if is_asked else block_undo)(inputs, message)
        return [_undone(inputs, each, each.state, each.reason), *ended]
    return []


def _request(
    inputs: Inputs, filed: Sequence[FiledAction], undo: PendingUndo | None
) -> list[Effect]:
    """Requests an undo once an abort, and awaits the decision.

    Args:
        filed: What was submitted for it so far.
        undo: The undo, `None` for the safe state.
    """
    names = {each.request_id for each in filed} & set(inputs.run.asked_back)
    request = next((each for each in inputs.requests if each.request_id in names), None)
    if request is None:
        segment = make_rollback_segment(inputs, undo)
        if segment is None:
            return _hold(inputs, "the playbook names no approver for it")
        return [FileRequest(segment, EventKind.ASKED_BACK)]
    if request.state not in WAITING_REQUESTS:
        return _hold(inputs, f"{request.request_id} is {request.status}")
    if undo and (found := violations(inputs)):
        return _hold(inputs, "; ".join(message for _, message in found))
    return []


def _make_safe(inputs: Inputs) -> list[Effect]:
    run, steps = inputs.run, {each.id for each in inputs.plan.safe_state}
    own = [each for each in inputs.actions if each.action.step in steps]
    safe_writes = [each for each in own if each.action.undoes is None]
    if failed := _failed(inputs, safe_writes):
        return failed
    newest = newest_approved(inputs)
    safe = [each for each in safe_writes if each.request_id == newest]
    if not safe:
        if "safe_state" in inputs.plan.covers or not inputs.plan.safe_state:
            return block_undo(inputs, "the safe state is not approved")
        return _request(inputs, safe_writes, None)
    for each in safe:
        if each.state in UNDO_DONE or is_usable(each):
            effects = _finish(inputs, each)
        else:
            name = f"the safe state's {each.action.step}"
            message = f"{name} is not approved: {each.state}: {each.reason}"
            effects = block_undo(inputs, message)
        if effects is not None:
            return effects
    if run.undo_blocked and unresolved(inputs):  # the undo can follow once it is resolved
        return _hold(inputs, f"{run.undo_blocked}; brought into the safe state meanwhile")
    made = f"; {run.undo_blocked}; brought into the safe state" if run.undo_blocked else ""
    return _end(inputs, f"{run.reason}{made}")


def _finish(inputs: Inputs, filed: FiledAction) -> list[Effect] | None:
    """Carries out an action and verifies it. `None` once that is done."""
    run, action_id = inputs.run, filed.action.action_id
    if filed.state not in UNDO_DONE:
        return _carry_out(inputs, filed)
    if action_id not in run.undone:
        return [_undone(inputs, filed, filed.state, filed.reason)]
    is_latest = run.undone_s is not None and run.undone[-1] == action_id
    is_checked = action_id in run.undo_verified or filed.state is not ActionState.VERIFIED
    return None if is_checked or not is_latest else _verify(inputs, filed)


def _carry_out(inputs: Inputs, filed: FiledAction) -> list[Effect]:
    """Sets an action due, unless its own `if` is false."""
    action_id = filed.action.action_id
    for requirement in filed.action.requires:
        if requirement.why != "if":
            continue
        condition = parse_condition(requirement.text, inputs.tags)
        truth, shown = inputs.plant.truth(condition), inputs.plant.shown(condition)
        if truth is Truth.UNKNOWN:
            return block_undo(inputs, f"unknown: {shown}")
        if truth is Truth.FALSE:
            skipped = SkipAction(action_id=action_id, reason=f"condition is false: {shown}")
            return [skipped, _undone(inputs, filed, ActionState.SKIPPED, shown)]
    if await_pace(inputs, filed):
        return []
    due = event(inputs, EventKind.DUE, action_id=action_id)
    return [SetDue(action_id=action_id), due]  # no order stops it


def _undone(inputs: Inputs, filed: FiledAction, state: ActionState, reason: str) -> Record:
    """Returns the event of an action of the rollback that has ended."""
    body = {"action_id": filed.action.action_id, "state": state.value, "reason": reason}
    return event(inputs, EventKind.UNDONE, **body)


def _verify(inputs: Inputs, filed: FiledAction) -> list[Effect] | None:
    verify = _verify_of(inputs, filed)
    if verify is None:
        return None
    is_met = comes_true(inputs, verify, inputs.run.undone_s or 0.0)
    if is_met is None:
        return []
    if is_met:
        return [event(inputs, EventKind.UNDO_VERIFIED, action_id=filed.action.action_id)]
    shown = inputs.plant.shown(verify.that)
    return block_undo(inputs, f"the undo of {filed.action.step} was not verified: {shown}")


def _verify_of(inputs: Inputs, filed: FiledAction) -> Verify | None:
    same = [each for each in inputs.actions if _way(each) == _way(filed)]
    if same[-1] != filed:
        return None  # on the way back of a ramp
    is_undo = filed.action.undoes is not None
    name = filed.action.step if is_undo else undone_step(filed.action.step)
    step = inputs.step(name or "")
    return step.undo.verify if step and step.undo else None


def _way(filed: FiledAction) -> tuple[str, str, str | None, str]:
    action = filed.action
    return filed.request_id, action.kind, action.step, action.tag


def _end(inputs: Inputs, reason: str) -> list[Effect]:
    ended = end_requests(inputs, "the run was rolled back")
    return [*ended, event(inputs, EventKind.ABORTED, reason=reason)]
