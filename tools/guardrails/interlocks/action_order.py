"""Order of the actions of a request, for the gate, runs and the audit."""

from collections.abc import Container, Iterable, Iterator
from itertools import takewhile
from math import inf

from ...errors import PermitRefused
from ...requests.request import Action, ActionRequest
from ..ledger.lifecycle import FIRST_CLAIM_S, FOLLOW_UP_S
from ..ledger.records import RequestRecord
from ..ledger.store.states import ActionState
from ..ledger.write_leases import States, left_to_undo

TO_COME = frozenset({ActionState.PLANNED, ActionState.DUE, ActionState.CLAIMED})
"""States of an action that may still be sent."""
_DONE = frozenset({ActionState.VERIFIED})
_DONE_OF_RUN = _DONE | {ActionState.SKIPPED}
_NOT_BEGUN = frozenset({ActionState.PLANNED, ActionState.SKIPPED})
_WITHOUT_EFFECT = frozenset({ActionState.REFUSED, ActionState.RESOLVED_NOT_APPLIED})


def check_order(record: RequestRecord, action_id: str) -> None:
    """Raises `PermitRefused` if another command comes first, or the request is being undone.

    Recovery of a run has no order of its own. A lease undoes the last write first, and nothing
    while a command may still come.
    """
    request, states = record.request, states_of(record)
    if record.action(action_id).kind != "command":
        if request.run is None:
            _check_undo(record, action_id)
        return
    for each in unfinished_before(request, states, action_id):
        raise PermitRefused(f"{each} comes before it and is not done")
    for each in begun_recovery(request, states):
        raise PermitRefused(f"{each} has begun to undo")


def states_of(record: RequestRecord) -> dict[str, ActionState]:
    """Returns the states of a request's actions."""
    return {each.action_id: each.state for each in record.actions}


def unfinished_before(request: ActionRequest, states: States, action_id: str) -> Iterator[str]:
    """Yields the commands before one that are not done. A run's may have been skipped."""
    done = _DONE_OF_RUN if request.run else _DONE
    for each in takewhile(lambda each: each.action_id != action_id, request.commands):
        if states[each.action_id] not in done:
            yield each.action_id


def begun_recovery(request: ActionRequest, states: States) -> Iterator[str]:
    """Yields the recovery actions that have begun, after which no command may come."""
    for each in request.recovery:
        if states[each.action_id] not in _NOT_BEGUN:
            yield each.action_id


def other_undos(
    action: Action, requests: Iterable[tuple[ActionRequest, States]], sent: Container[str]
) -> Iterator[str]:
    """Yields the sent actions that have undone what an action is to undo."""
    for request, states in requests:
        for each in request.recovery:
            is_other = each.undoes == action.undoes and each.action_id != action.action_id
            is_sent = each.action_id in sent and states[each.action_id] not in _WITHOUT_EFFECT
            if is_other and is_sent:
                yield each.action_id


def is_first_command(request: ActionRequest, states: States, action_id: str) -> bool:
    """Whether it is a command before which none was sent, so that the approval must be fresh."""
    names = [each.action_id for each in request.commands]
    if action_id not in names:
        return False
    return all(states[name] is ActionState.SKIPPED for name in names[: names.index(action_id)])


def approval_holds_s(request: ActionRequest, states: States, action: Action) -> float:
    """Returns how long an approval of an action holds, seconds.

    For a recovery it holds until the request ends.
    """
    if action.kind == "recovery":
        return inf
    if is_first_command(request, states, action.action_id):
        return FIRST_CLAIM_S
    return request.run.max_duration_s if request.run else FOLLOW_UP_S


def _check_undo(record: RequestRecord, action_id: str) -> None:
    states = states_of(record)
    for each in record.request.commands:
        if states[each.action_id] in TO_COME:
            raise PermitRefused(f"{each.action_id} comes before it and is not done")
    for _, undo in left_to_undo(record.request, states):
        if undo.action_id == action_id:
            return
        raise PermitRefused(f"{undo.action_id} comes before it and is not done")
    raise PermitRefused(f"there is nothing to undo: {record.action(action_id).undoes}")
