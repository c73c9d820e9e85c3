"""Step 16 records the outcome."""

from ....requests.request import ActionRequest
from ...ledger.actions import is_approved
from ...ledger.lifecycle import end_after_failure, move_action, set_next_due
from ...ledger.store.database import Transaction
from ...ledger.store.states import ActionState, RequestState
from ..state.execution import Execution
from .effects import expect_effects

_UNJUDGED = "the answer of the device was not evaluated"
_UNREAD = "it was not read back"


async def record_outcome(execution: Execution) -> None:
    """Step 16 records the outcome, with the device's answer and the read-back.

    Verified is only what the device took and shows. Anything less is unknown.
    """
    refusal, found = execution.refusal, execution.readback
    if refusal is not None:
        conclude(execution, ActionState.REFUSED, str(refusal), sent=refusal.was_sent)
    elif execution.doubt is not None:
        conclude(execution, ActionState.UNKNOWN, str(execution.doubt), sent=True)
    elif not execution.is_echo_equal:
        conclude(execution, ActionState.UNKNOWN, _UNJUDGED, sent=execution.may_have_left)
    elif found is None:
        conclude(execution, ActionState.UNKNOWN, _UNREAD, sent=True)
    elif found.is_as_sent:
        conclude(execution, ActionState.VERIFIED, found.words, sent=True)
    else:
        state = ActionState.MISMATCH if found.is_read else ActionState.UNKNOWN
        conclude(execution, state, found.words, sent=True)


def conclude(execution: Execution, state: ActionState, reason: str, *, sent: bool) -> None:
    """Records the outcome. After a verified command of no run the next one is due.

    A refused command ends its request, or what the request of a run has besides recovery. One
    whose outcome is unknown or wrong holds it, until a person has resolved it.
    """
    details: dict[str, object] = {"sent": sent}
    if execution.readback is not None:
        details["readback"] = execution.readback.words
    request = execution.record.request
    database, now = execution.context.database, execution.context.clock()
    # The frame has left, and its intent is anchored: nothing can come of a lost anchor.
    with database.transaction(now, waits_for="rows") as transaction:
        move_action(
            transaction, execution.action.action_id, ActionState.SENDING, state, reason, details
        )
        execution.context.memory.note_concluded(execution.action.action_id)
        if state is ActionState.REFUSED:
            end_after_failure(transaction, request, RequestState.CLOSED, reason)
        elif state is ActionState.VERIFIED:
            expect_effects(execution, now)
            if _goes_on(transaction, request):
                set_next_due(transaction, request.request_id)


def _goes_on(transaction: Transaction, request: ActionRequest) -> bool:
    """Whether the gate sets the next command due. For a run's request the run does."""
    return request.run is None and is_approved(transaction, request.request_id)
