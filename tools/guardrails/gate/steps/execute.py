"""Carries out one due action: claims it and takes it through the steps, in their order."""

from handwheel.connectors.errors import ConfigError, ConnectorError

from ....conditions.errors import ConditionError
from ....errors import GuardrailError
from ...ledger.lifecycle import end_after_failure, move_action
from ...ledger.store.states import ActionState, RequestState
from ..state.execution import Passage
from . import pipeline as steps
from .outcome import conclude, people_told


async def carry_out(passage: Passage) -> None:
    """Takes one due action through the gate, to an outcome in the ledger.

    Raises:
        LedgerError: The ledger or its anchors cannot be written. Nothing is sent then; where
            a frame had left, its outcome is found unknown when the gate comes by again.

    Effect: ACTUATE, one frame at most. Retry: none, ever. Timeout: the connection's `timeout`
    for each request, 2 s from the fresh look to the frame, and the action's `within`.
    """
    try:
        claim(passage)
        try:
            await _go(passage)
        except (GuardrailError, ConnectorError, ConditionError, ConfigError) as refusal:
            stop(passage, str(refusal))
            await people_told(passage)
    finally:
        if passage.write_session is not None:
            await passage.write_session.close()


async def _go(passage: Passage) -> None:
    """Takes it through the steps; no count of a heartbeat leaves from its intent to the answer."""
    turn = passage.post.turn
    try:
        for step in steps.STEPS:
            await step(passage)
            if passage.is_on_its_way:
                turn.take()
            else:
                turn.give_back()
    finally:
        turn.give_back()


def claim(passage: Passage) -> None:
    """Takes the action up; from here its approval is used, whatever comes."""
    database, now = passage.post.database, passage.post.clock()
    # Nothing leaves on a claim alone, and the intent's anchor makes up for this one.
    with database.transaction(now, waits_for_anchor=False) as transaction:
        action_id = passage.action.action_id
        move_action(
            transaction, action_id, ActionState.DUE, ActionState.CLAIMED, "taken up",
            {"epoch": passage.post.epoch},
        )  # fmt: skip
        passage.post.deeds.note(action_id, ActionState.CLAIMED, now)
        passage.decided = transaction.one("SELECT coalesce(max(number), 0) FROM decision")


def stop(passage: Passage, reason: str) -> None:
    """Ends an action that a step stopped; what is said of it goes by how far it had come."""
    if passage.may_have_left:
        conclude(passage, ActionState.UNKNOWN, reason, sent=True)
    elif passage.intent is not None:
        conclude(passage, ActionState.REFUSED, reason, sent=False)
    else:
        invalidate(passage, reason)


def invalidate(passage: Passage, reason: str) -> None:
    """Ends an action that a check stopped, and its request with it: it must be asked for anew.

    Of a run's request the recovery stays.
    """
    with passage.post.database.transaction(passage.post.clock()) as transaction:
        action_id, to = passage.action.action_id, ActionState.INVALIDATED
        move_action(transaction, action_id, ActionState.CLAIMED, to, reason)
        passage.post.deeds.note(action_id, to, transaction.now)
        end_after_failure(transaction, passage.record.request, RequestState.INVALIDATED, reason)
