"""Claims one due action and runs the steps in their order."""

from handwheel.connectors.errors import ConfigError, ConnectorError, NotConnected

from ....conditions.errors import ConditionError
from ....errors import GuardrailError
from ....requests.timestamps import Instant
from ...ledger.decisions import newest_number
from ...ledger.lifecycle import end_after_failure, move_action
from ...ledger.store.states import ActionState, RequestState
from ..state.execution import AlreadySo, Execution
from . import all_steps as steps
from .outcome import conclude
from .reading_age import BUDGET_S, ReadingTooOld

_ATTEMPTS = 3
"""How often an action may begin where the machine is too slow to reach the intent in time."""
_BEGIN_WITHIN_S = 6.0
"""Time from the first attempt to the beginning of the last, seconds. Other actions wait."""


async def execute_action(execution: Execution) -> None:
    """Takes one due action through the gate, to an outcome in the ledger.

    Raises:
        LedgerError: The ledger or its anchors cannot be written. Nothing is sent then; where
            a frame had left, its outcome is found unknown when the gate comes by again.

    Effect: ACTUATE, one frame at most. Retry: none of a frame, ever. What was too slow before
    the intent begins again at the first step, twice at most. Timeout: the connection's `timeout`
    for each request, 2 s from the fresh look to the frame, and the action's `within`.
    """
    try:
        claim(execution)
        try:
            await _go_in_time(execution)
        except AlreadySo as found:
            skip(execution, str(found))
        except (GuardrailError, ConnectorError, ConditionError, ConfigError) as refusal:
            stop(execution, str(refusal))
    finally:
        await execution.close()


async def _go_in_time(execution: Execution) -> None:
    """Goes the way. Where the machine was too slow before the intent, it begins again."""
    first = begun = execution.context.clock()
    attempt = 1
    while True:
        try:
            return await _go(execution)
        except (ReadingTooOld, NotConnected) as error:
            since_s = execution.context.clock().since_s(first)
            is_late = since_s is None or since_s >= _BEGIN_WITHIN_S
            if attempt == _ATTEMPTS or is_late or not _was_only_slow(execution, begun, error):
                raise
            await execution.close()
            begun, attempt = execution.context.clock(), attempt + 1


def _was_only_slow(execution: Execution, begun: Instant, error: Exception) -> bool:
    """Whether nothing can have left, and the failure says nothing about plant or approval."""
    if execution.intent is not None or execution.may_have_left:
        return False
    took_s = execution.context.clock().since_s(begun)
    return isinstance(error, ReadingTooOld) or (took_s is not None and took_s >= BUDGET_S)


async def _go(execution: Execution) -> None:
    """Runs the steps, and holds the write slot from the intent to the answer."""
    write_slot = execution.context.write_slot
    try:
        for step in steps.STEPS:
            await step(execution)
            if execution.is_on_its_way:
                write_slot.take()
            else:
                write_slot.release()
    finally:
        write_slot.release()


def claim(execution: Execution) -> None:
    """Claims the action. From here its approval is used up, whatever comes."""
    database, now = execution.context.database, execution.context.clock()
    # Nothing leaves on a claim alone, and the intent's rows and anchor make up for this one's.
    with database.transaction(now, waits_for="nothing") as transaction:
        action_id = execution.action.action_id
        move_action(
            transaction, action_id, ActionState.DUE, ActionState.CLAIMED, "taken up",
            {"epoch": execution.context.epoch},
        )  # fmt: skip
        execution.decided = newest_number(transaction)


def stop(execution: Execution, reason: str) -> None:
    """Ends an action that a step stopped, in a state that says whether a frame may have left."""
    if execution.may_have_left:
        conclude(execution, ActionState.UNKNOWN, reason, sent=True)
    elif execution.intent is not None:
        conclude(execution, ActionState.REFUSED, reason, sent=False)
    else:
        invalidate(execution, reason)


def skip(execution: Execution, reason: str) -> None:
    """Ends a command that is so already, for which nothing is sent. Its undo undoes nothing.

    A run goes on by itself. Any other request is over, since its readings were others.
    """
    with execution.context.database.transaction(execution.context.clock()) as transaction:
        action_id, to = execution.action.action_id, ActionState.SKIPPED
        move_action(transaction, action_id, ActionState.CLAIMED, to, reason)
        if execution.record.request.run is None:
            end_after_failure(transaction, execution.record.request, RequestState.CLOSED, reason)


def invalidate(execution: Execution, reason: str) -> None:
    """Ends an action that a check stopped, and its request with it.

    Of a run's request the recovery stays.
    """
    with execution.context.database.transaction(execution.context.clock()) as transaction:
        action_id, to = execution.action.action_id, ActionState.INVALIDATED
        move_action(transaction, action_id, ActionState.CLAIMED, to, reason)
        end_after_failure(transaction, execution.record.request, RequestState.INVALIDATED, reason)
