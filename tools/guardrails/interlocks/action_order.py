"""Order of the actions of a request, for the gate, runs and the audit."""

from itertools import takewhile

from ...errors import PermitRefused
from ..ledger.records import RequestRecord
from ..ledger.store.states import ActionState
from ..ledger.write_leases import to_take_back

_DONE = frozenset({ActionState.VERIFIED})
_DONE_OF_RUN = _DONE | {ActionState.SKIPPED}
_NOT_BEGUN = frozenset({ActionState.PLANNED, ActionState.SKIPPED})
_TO_COME = frozenset({ActionState.PLANNED, ActionState.DUE, ActionState.CLAIMED})


def check_order(record: RequestRecord, action_id: str) -> None:
    """Refuses a command before which another one is open, or whose request is taken back.

    Recovery has no order of its own: the run says in which it comes. A lease takes back what was
    written last first, and nothing while a command may still come.

    Raises:
        PermitRefused: It does, and names what stands before it.
    """
    request = record.request
    if record.action(action_id).kind != "command":
        if request.run is None:
            _check_revert(record, action_id)
        return
    done = _DONE_OF_RUN if request.run else _DONE
    for each in takewhile(lambda each: each.action_id != action_id, request.commands):
        if record.record(each.action_id).state not in done:
            raise PermitRefused(f"{each.action_id} comes before it and is not done")
    for each in request.recovery:
        if record.record(each.action_id).state not in _NOT_BEGUN:
            raise PermitRefused(f"{each.action_id} has begun to take things back")


def _check_revert(record: RequestRecord, action_id: str) -> None:
    states = {each.action_id: each.state for each in record.actions}
    for each in record.request.commands:
        if states[each.action_id] in _TO_COME:
            raise PermitRefused(f"{each.action_id} comes before it and is not done")
    for _, undo in to_take_back(record.request, states):
        if undo.action_id == action_id:
            return
        raise PermitRefused(f"{undo.action_id} comes before it and is not done")
    raise PermitRefused(f"there is nothing to take back: {record.action(action_id).undoes}")
