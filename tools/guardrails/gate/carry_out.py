"""Carries out one due action: claim, check, record the intent, send one frame, read back."""

import logging

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.errors import (
    ConfigError,
    ConnectorError,
    WriteOutcomeUnknown,
    WriteRefused,
)

from ...conditions.errors import ConditionError
from ...errors import GuardrailError, LedgerError, PermitRefused
from ...requests.request import ActionRequest
from ..ledger.database import Transaction
from ..ledger.lifecycle import end_after_failure, move_action, set_next_due
from ..ledger.transitions import ActionState, RequestState
from .papers import enough_signatures, in_time, one_gate, policy_allows, same_map, same_request
from .passage import INTENDED, Check, Passage
from .plant import door_opens, plant_is_ready, same_bytes
from .readback import Readback, read_back
from .standing import free_to_act, locked_files

BUDGET_S = 2.0
"""How long after the fresh look the frame must have left."""

CHECKS: tuple[Check, ...] = (
    one_gate, same_request, enough_signatures, in_time, policy_allows, same_map, free_to_act,
    door_opens, plant_is_ready, same_bytes,
)  # fmt: skip

_logger = logging.getLogger(__name__)


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
            for check in CHECKS:
                await check(passage)
            await in_time(passage)  # again: to reach the device has taken its time
            record_intent(passage)
        except (GuardrailError, ConnectorError, ConditionError, ConfigError) as refusal:
            invalidate(passage, str(refusal))
            return
        await send(passage)
    finally:
        if passage.door is not None:
            await passage.door.close()


def claim(passage: Passage) -> None:
    """Takes the action up; from here its approval is used, whatever comes."""
    with passage.post.database.transaction(passage.post.clock()) as transaction:
        action_id = passage.action.action_id
        move_action(
            transaction, action_id, ActionState.DUE, ActionState.CLAIMED, "taken up",
            {"epoch": passage.post.epoch},
        )  # fmt: skip


def invalidate(passage: Passage, reason: str) -> None:
    """Ends an action that a check stopped, and its request with it: it must be asked for anew.

    Of a run's request the recovery stays.
    """
    with passage.post.database.transaction(passage.post.clock()) as transaction:
        action_id, to = passage.action.action_id, ActionState.INVALIDATED
        move_action(transaction, action_id, ActionState.CLAIMED, to, reason)
        end_after_failure(transaction, passage.record.request, RequestState.INVALIDATED, reason)


def record_intent(passage: Passage) -> None:
    """11: the intent is on disk, and anchored, before anything leaves.

    Raises:
        PermitRefused: The request ended while the checks ran: taken back, or locked out.
        LedgerError: The action was sent before, or somebody else is sending it: nothing that is
            noted here may say that it was not.
    """
    post, action = passage.post, passage.action
    before = passage.readings.get(action.tag)
    details: dict[str, object] = {"wire": action.wire, "epoch": post.epoch}
    if before is not None:
        details["before"] = passage.tag.show_value(before.scalar)
    with post.database.transaction(post.clock()) as transaction:
        if not _is_open(transaction, passage.record.request.request_id):
            raise PermitRefused("the request ended while the action was on its way")
        if transaction.one(INTENDED, action.action_id):  # whatever has become of the table
            raise LedgerError(f"the journal has an intent for {action.action_id}: it is sent once")
        seq = transaction.record("action.intent", action.action_id, {"wire": action.wire}).seq
        transaction.change(
            "INSERT INTO intent(action_id, wire, epoch, seq) VALUES (?, ?, ?, ?)",
            (action.action_id, action.wire, post.epoch, seq),
        )
        move_action(
            transaction, action.action_id, ActionState.CLAIMED, ActionState.SENDING,
            "every check has passed", details,
        )  # fmt: skip


async def send(passage: Passage) -> None:
    """12 to 16: a last look at the time and the lockout, one frame, its echo, the read-back."""
    action = passage.action
    if reason := _outdated(passage):
        conclude(passage, ActionState.REFUSED, reason, sent=False)
        return
    if locked := locked_files(passage):  # last: nothing may come between it and the frame
        conclude(
            passage, ActionState.REFUSED, f"locked out: {', '.join(sorted(locked))}", sent=False
        )
        return
    permit = Permit(
        action.action_id, passage.tag, bytes.fromhex(action.wire), action.identity.identity,
        passage.read_s + BUDGET_S,
    )  # fmt: skip
    try:
        await passage.open_door.send(permit)
    except WriteRefused as refusal:
        conclude(passage, ActionState.REFUSED, str(refusal), sent=refusal.was_sent)
        return
    except WriteOutcomeUnknown as doubt:
        found = await read_back(passage)
        conclude(passage, ActionState.UNKNOWN, str(doubt), sent=True, readback=found)
        return
    found = await read_back(passage)
    if found.is_as_sent:
        conclude(passage, ActionState.VERIFIED, found.words, sent=True, readback=found)
    else:
        state = ActionState.MISMATCH if found.is_read else ActionState.UNKNOWN
        conclude(passage, state, found.words, sent=True, readback=found)


def _outdated(passage: Passage) -> str:
    """Returns why the fresh look is fresh no longer, on either clock; empty if it is."""
    since_s = passage.post.clock().since_s(passage.read_at) if passage.read_at else None
    if since_s is None:
        return "the clock was set after the look at the plant"
    return "" if 0.0 <= since_s < BUDGET_S else "the look at the plant is too old"


def conclude(
    passage: Passage,
    state: ActionState,
    reason: str,
    *,
    sent: bool,
    readback: Readback | None = None,
) -> None:
    """Records the outcome; after a verified command of a person the next one is due.

    A refused command ends its request, or what the request of a run has besides recovery. One
    whose outcome is unknown or wrong holds it, until a person has resolved it.
    """
    details: dict[str, object] = {"sent": sent}
    if readback is not None:
        details["readback"] = readback.words
    request = passage.record.request
    with passage.post.database.transaction(passage.post.clock()) as transaction:
        move_action(
            transaction, passage.action.action_id, ActionState.SENDING, state, reason, details
        )
        if state is ActionState.REFUSED:
            end_after_failure(transaction, request, RequestState.CLOSED, reason)
        elif state is ActionState.VERIFIED and _goes_on(transaction, request):
            set_next_due(transaction, request.request_id)


def _goes_on(transaction: Transaction, request: ActionRequest) -> bool:
    """Whether the gate sets the next command due: of a run's request the run does."""
    return request.run is None and _is_open(transaction, request.request_id)


def _is_open(transaction: Transaction, request_id: str) -> bool:
    state = transaction.one("SELECT state FROM request WHERE request_id = ?", request_id)
    return bool(state == RequestState.APPROVED)
