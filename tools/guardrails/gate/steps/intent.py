"""The eleventh step: the ledger holds that the frame is about to leave, before it can."""

from ....errors import LedgerError, PermitRefused
from ...ledger.lifecycle import move_action
from ...ledger.store.database import Transaction
from ...ledger.store.states import ActionState, RequestState
from ..state.execution import Execution, Intent
from .authorization import check_validity

INTENDED = "SELECT 1 FROM journal WHERE subject = ? AND kind = 'action.intent'"
"""Whether an action's frame was ever about to leave, whatever the tables say by now."""
PROVEN = (
    "SELECT intent.seq FROM intent JOIN journal USING (seq) JOIN action USING (action_id) "
    "WHERE action_id = ? AND wire = ? AND intent.seq = ? AND journal.subject = action_id "
    "AND journal.kind = 'action.intent' AND state = 'SENDING'"
)
"""The row by which the ledger holds an intent, once its transaction has come to the disk."""
_REVOKED_SINCE = "SELECT 1 FROM decision WHERE verdict = 'revoke-key' AND number > ?"


async def commit_intent(execution: Execution) -> None:
    """11: the approval still holds, and the intent is on disk and anchored.

    Raises:
        PermitRefused: The request ended while the checks ran: taken back, or locked out; or
            its time is over.
        LedgerError: The action was sent before, or somebody else is sending it: nothing that is
            noted here may say that it was not.
    """
    await check_validity(execution)  # again: to reach the device has taken its time
    execution.intent = proof(execution, record_intent(execution))


def record_intent(execution: Execution) -> int:
    """Commits the intent, and that the action is being sent; returns its row in the journal."""
    context, action = execution.context, execution.action
    before = execution.readings.get(action.tag)
    details: dict[str, object] = {"wire": action.wire, "epoch": context.epoch}
    if before is not None:
        details["before"] = execution.tag.show_value(before.scalar)
    with context.database.transaction(context.clock()) as transaction:
        if not is_open(transaction, execution.record.request.request_id):
            raise PermitRefused("the request ended while the action was on its way")
        if transaction.one(_REVOKED_SINCE, execution.decided):
            raise PermitRefused("a key was revoked while the action was on its way")
        if transaction.one(INTENDED, action.action_id):  # whatever has become of the table
            raise LedgerError(f"the journal has an intent for {action.action_id}: it is sent once")
        if context.memory.may_have_left(action.action_id):  # and of the journal
            raise LedgerError(f"this gate has sent {action.action_id}: it is sent once")
        said: dict[str, object] = {"wire": action.wire, "digest": action.digest}
        seq = transaction.record("action.intent", action.action_id, said).seq
        transaction.change(
            "INSERT INTO intent(action_id, wire, epoch, seq) VALUES (?, ?, ?, ?)",
            (action.action_id, action.wire, context.epoch, seq),
        )
        move_action(
            transaction, action.action_id, ActionState.CLAIMED, ActionState.SENDING,
            "every check has passed", details,
        )  # fmt: skip
        context.memory.note(action.action_id, ActionState.SENDING, transaction.now)
        context.writes.note(action, before.scalar if before is not None else None, transaction.now)
    return seq


def proof(execution: Execution, seq: int) -> Intent:
    """Returns the intent as the ledger holds it: the only thing that a permit is made from.

    Raises:
        LedgerError: It does not hold it; nothing may leave.
    """
    action = execution.action
    found = execution.context.database.all(PROVEN, action.action_id, action.wire, seq)
    if not found:
        raise LedgerError(f"the ledger does not hold the intent of {action.action_id}")
    return Intent(action.action_id, action.wire, int(found[0][0]))


def is_open(transaction: Transaction, request_id: str) -> bool:
    """Whether a request may still be acted on."""
    state = transaction.one("SELECT state FROM request WHERE request_id = ?", request_id)
    return bool(state == RequestState.APPROVED)
