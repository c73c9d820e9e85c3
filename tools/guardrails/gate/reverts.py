"""Leases at the gate: when the time of one is over, what it wrote is taken back, and only that."""

from collections.abc import Mapping

from handwheel.connectors.values import DataValue, Quality

from ...errors import PermitRefused
from ..ledger.database import Transaction
from ..ledger.lifecycle import cancel_commands, move_action, move_request
from ..ledger.records import RequestDamaged, RequestRecord, load_exactly
from ..ledger.reverts import (
    OpenWrite,
    agent_is_gone,
    has_failed,
    in_lease,
    open_writes,
    time_has_come,
    to_take_back,
)
from ..ledger.transitions import ActionState, RequestState
from .passage import Passage, Post

_BUSY = "SELECT 1 FROM action WHERE state IN ('DUE', 'CLAIMED', 'SENDING') LIMIT 1"
_LOST = "SELECT 1 FROM journal WHERE subject = ? AND kind = 'lease.lost'"


def set_reverts_due(post: Post) -> None:
    """Says of every lease whose time has come that its next write is to be taken back.

    One at a time, the last written first, and only when the gate has nothing else in hand: what
    is due must be claimed soon. The gate still takes each through every step; one that comes to
    nothing ends the lease, and what stays open is told.

    Raises:
        LedgerError: The ledger cannot be used.
    """
    for request_id in in_lease(post.database):
        try:
            record = load_exactly(post.database, request_id)
        except RequestDamaged:
            continue  # nothing of it is sent; the gate tells of it
        if _is_to_move(post, record) and not post.database.all(_BUSY):
            with post.database.transaction(post.clock()) as transaction:
                _go_on(transaction, load_exactly(post.database, request_id))


def check_time_has_come(passage: Passage) -> None:
    """Refuses to take back what a lease wrote before its time; a run says itself when.

    Raises:
        PermitRefused: It is not over, and nothing else has ended it.
    """
    request, post = passage.record.request, passage.post
    if passage.action.kind != "recovery" or request.run is not None or request.lease is None:
        return
    states, name = _states(passage.record), passage.action.action_id
    if not time_has_come(post.database, request, states, post.clock(), besides=name):
        raise PermitRefused(f"the lease of {request.request_id} is not over")


def note_seen_back(post: Post, readings: Mapping[str, DataValue]) -> None:
    """Notes of every write that stayed open that its tag reads again as it did before.

    Raises:
        LedgerError: It cannot be written.
    """
    for each in open_writes(post.database):
        reading = readings.get(each.tag)
        if reading is not None and _is_back(each, reading):
            with post.database.transaction(post.clock()) as transaction:
                if each.action_id in {found.action_id for found in open_writes(transaction)}:
                    reason = f"{each.tag} reads {each.undo.shown} again"
                    transaction.record("lease.seen_back", each.action_id, {"reason": reason})


def _is_back(each: OpenWrite, reading: DataValue) -> bool:
    value = each.undo.value
    is_same = type(reading.scalar) is type(value) and reading.scalar == value
    return reading.quality is Quality.GOOD and is_same


def _is_to_move(post: Post, record: RequestRecord) -> bool:
    """Whether anything is to be changed: most of the time nothing is, and nothing is locked."""
    return bool(time_has_come(post.database, record.request, _states(record), post.clock()))


def _go_on(transaction: Transaction, record: RequestRecord) -> None:
    request, states, now = record.request, _states(record), transaction.now
    reason = time_has_come(transaction, request, states, now)
    if record.state is not RequestState.APPROVED or not reason:
        return
    name, left = request.request_id, to_take_back(request, states)
    if not left:
        move_request(transaction, name, RequestState.CLOSED, f"taken back: {reason}")
        return
    undo_id = left[0][1].action_id
    if has_failed(request, states):
        words = f"{undo_id} could not take {left[0][1].undoes} back"
        move_request(transaction, name, RequestState.INVALIDATED, words)
        return
    if reason == agent_is_gone(transaction, request, now) and not transaction.one(_LOST, name):
        transaction.record("lease.lost", name, {"reason": reason})
    cancel_commands(transaction, name, reason)
    move_action(transaction, undo_id, ActionState.PLANNED, ActionState.DUE, reason)


def _states(record: RequestRecord) -> dict[str, ActionState]:
    return {each.action_id: each.state for each in record.actions}
