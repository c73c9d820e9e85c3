"""Leases at the gate: when the time of one is over, what it wrote is taken back, and only that."""

from collections.abc import Iterable, Mapping

from handwheel.connectors.model.values import DataValue, Quality

from ....errors import PermitRefused
from ...ledger.lifecycle import cancel_commands, move_action, move_request
from ...ledger.records import RequestDamaged, RequestRecord, load_exactly
from ...ledger.store.database import Transaction
from ...ledger.store.states import ActionState, RequestState
from ...ledger.write_leases import (
    OpenWrite,
    Reader,
    agent_is_gone,
    has_failed,
    in_lease,
    is_unsettled,
    is_whole,
    open_writes,
    time_has_come,
    to_take_back,
)
from ..state.execution import Passage, Post
from .own_record import check_own, has_broken, written_at

_BUSY = "SELECT 1 FROM action WHERE state IN ('DUE', 'CLAIMED', 'SENDING') LIMIT 1"
_LOST = "SELECT 1 FROM journal WHERE subject = ? AND kind = 'lease.lost'"


def set_reverts_due(post: Post) -> None:
    """Says of every lease whose time has come that its next write is to be taken back.

    One at a time, the last written first, and only when the gate has nothing else in hand: what
    is due must be claimed soon. The gate still takes each through every step; one that comes to
    nothing ends the lease, and what stays open is told. So does one whose time nobody can tell.

    Raises:
        LedgerError: The ledger cannot be used.
    """
    for request_id in in_lease(post.database):
        try:
            record = load_exactly(post.database, request_id)
        except RequestDamaged:
            continue  # nothing of it is sent; the gate tells of it
        if _why_never(post, record):
            with post.database.transaction(post.clock()) as transaction:
                _give_up(post, transaction, load_exactly(post.database, request_id))
        # Most of the time nothing is to be changed, and nothing is locked.
        elif _why_now(post, post.database, record) and not post.database.all(_BUSY):
            with post.database.transaction(post.clock()) as transaction:
                _go_on(post, transaction, load_exactly(post.database, request_id))


def check_time_has_come(passage: Passage) -> None:
    """Refuses to take back what a lease wrote before its time; a run says itself when.

    Raises:
        PermitRefused: It is not over, and nothing else has ended it.
    """
    request, post = passage.record.request, passage.post
    if passage.action.kind != "recovery" or request.run is not None or request.lease is None:
        return
    if not _why_now(post, post.database, passage.record, besides=passage.action.action_id):
        raise PermitRefused(f"the lease of {request.request_id} is not over")


def note_seen_back(
    post: Post, left_open: Iterable[OpenWrite], readings: Mapping[str, DataValue]
) -> None:
    """Notes of every write that stayed open that its tag reads again as it did before.

    Args:
        left_open: See `OpenWrites`.

    Raises:
        LedgerError: It cannot be written.
    """
    for each in left_open:
        reading = post.deeds.seen_since(each.action_id, readings).get(each.tag)
        if reading is not None and _is_back(each, reading):
            with post.database.transaction(post.clock()) as transaction:
                if each.action_id in {found.action_id for found in open_writes(transaction)}:
                    reason = f"{each.tag} reads {each.undo.shown} again"
                    transaction.record("lease.seen_back", each.action_id, {"reason": reason})


def _is_back(each: OpenWrite, reading: DataValue) -> bool:
    value = each.undo.value
    is_same = type(reading.scalar) is type(value) and reading.scalar == value
    return reading.quality is Quality.GOOD and is_same


def _why_never(post: Post, record: RequestRecord) -> str:
    """Returns why nobody can tell what is to be taken back, and when; empty if the gate can."""
    request, states = record.request, _states(record)
    try:
        check_own(post, record)
    except PermitRefused as refusal:
        return str(refusal)
    if is_unsettled(states.values()):
        return ""
    at = written_at(post, record)
    if at is not None and post.clock().since_s(at) is None:
        return "the clocks part since it was written: nobody can tell whether its time is over"
    if request.run is None and not is_whole(request, states) and not has_broken(post, record):
        return "a command of it was ended, and not by this gate"
    return ""


def _why_now(post: Post, reader: Reader, record: RequestRecord, besides: str = "") -> str:
    """Returns why what a request wrote is to be taken back now; empty if it is not.

    By what this gate has done itself: whoever can write rows could have any time be over.

    Args:
        besides: An action that may be under way, for it is judged for itself.
    """
    request, at = record.request, written_at(post, record)
    states = _states(record)
    own = [state for name, state in states.items() if name != besides]
    if at is None or post.clock().since_s(at) is None or is_unsettled(own):
        return ""
    if request.run is None and not is_whole(request, states):
        whole = "what was approved has not come about as a whole"
        return whole if has_broken(post, record) else ""
    return time_has_come(reader, request, at, post.clock())


def _give_up(post: Post, transaction: Transaction, record: RequestRecord) -> None:
    reason = _why_never(post, record)
    if record.state is RequestState.APPROVED and reason:
        name = record.request.request_id
        move_request(transaction, name, RequestState.INVALIDATED, reason)


def _go_on(post: Post, transaction: Transaction, record: RequestRecord) -> None:
    request, states, now = record.request, _states(record), transaction.now
    reason = _why_now(post, transaction, record)
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
