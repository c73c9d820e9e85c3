"""Step 11 records the intent before the frame can leave."""

from ....errors import LedgerError, PermitRefused
from ...ledger.actions import is_approved
from ...ledger.decisions import is_key_revoked_since
from ...ledger.intents import has_intent, record_intent
from ...ledger.lifecycle import move_action
from ...ledger.store.states import ActionState
from ..state.execution import Execution, Intent
from .authorization import check_validity
from .reading_age import check_reading_age


async def commit_intent(execution: Execution) -> None:
    """Step 11 checks the approval again, and commits and anchors the intent.

    Raises:
        PermitRefused: The request was revoked, locked out or expired while the checks ran.
        ReadingTooOld: The checks took too long. Nothing is recorded.
        LedgerError: The action was sent before.
    """
    await check_validity(execution)  # again: to reach the device has taken its time
    execution.intent = commit(execution)


def commit(execution: Execution) -> Intent:
    """Commits the intent and the state SENDING. A permit is made from nothing else."""
    context, action = execution.context, execution.action
    before = execution.readings.get(action.tag)
    details: dict[str, object] = {"wire": action.wire, "epoch": context.epoch}
    if before is not None:
        details["before"] = execution.tag.show_value(before.scalar)
    with context.database.transaction(context.clock()) as transaction:
        check_reading_age(execution)  # it may have waited for another transaction
        if not is_approved(transaction, execution.record.request.request_id):
            raise PermitRefused("the request ended while the action was executed")
        if is_key_revoked_since(transaction, execution.decided):
            raise PermitRefused("a key was revoked while the action was executed")
        if has_intent(transaction, action.action_id):
            raise LedgerError(f"{action.action_id} has an intent already: it is sent once")
        seq = record_intent(transaction, action.action_id, action.wire, action.digest)
        move_action(
            transaction, action.action_id, ActionState.CLAIMED, ActionState.SENDING,
            "every check has passed", details,
        )  # fmt: skip
    return Intent(action.action_id, action.wire, seq)
