"""Step 11 records the intent before the frame can leave."""

from ....errors import LedgerError, PermitRefused
from ...ledger.actions import is_approved
from ...ledger.decisions import is_key_revoked_since
from ...ledger.intents import insert_intent, is_proven
from ...ledger.journal_rows import has_row
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
        LedgerError: The action was sent before, or another process is sending it.
    """
    await check_validity(execution)  # again: to reach the device has taken its time
    execution.intent = proof(execution, record_intent(execution))


def record_intent(execution: Execution) -> int:
    """Commits the intent and the state SENDING, and returns its journal row."""
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
        # Whatever has become of the table.
        if has_row(transaction, action.action_id, "action.intent"):
            raise LedgerError(f"the journal has an intent for {action.action_id}: it is sent once")
        if context.memory.may_have_left(action.action_id):
            raise LedgerError(f"this gate has sent {action.action_id}: it is sent once")
        seq = insert_intent(
            transaction, action.action_id, action.wire, action.digest, context.epoch
        )
        move_action(
            transaction, action.action_id, ActionState.CLAIMED, ActionState.SENDING,
            "every check has passed", details,
        )  # fmt: skip
        context.memory.note(action.action_id, ActionState.SENDING, transaction.now)
        context.writes.note(action, before.scalar if before is not None else None, transaction.now)
    return seq


def proof(execution: Execution, seq: int) -> Intent:
    """Returns the intent as the ledger holds it, or raises `LedgerError` so that nothing leaves.

    A permit is made from nothing else.
    """
    action = execution.action
    if not is_proven(execution.context.database, action.action_id, action.wire, seq):
        raise LedgerError(f"the ledger does not hold the intent of {action.action_id}")
    return Intent(action.action_id, action.wire, seq)
