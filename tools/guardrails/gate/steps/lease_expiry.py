"""Lease expiry. When the time of a write is over, the gate undoes it."""

from collections.abc import Iterable, Mapping

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.values import DataValue, Quality

from ....errors import PermitRefused
from ...interlocks.action_order import states_of
from ...ledger.actions import is_gate_busy
from ...ledger.journal_rows import has_row
from ...ledger.lifecycle import cancel_commands, move_action, move_request
from ...ledger.records import RequestDamaged, RequestRecord, load_exactly
from ...ledger.store.database import LedgerReader, Transaction
from ...ledger.store.states import ActionState, RequestState
from ...ledger.write_leases import (
    OpenWrite,
    agent_is_gone,
    has_failed,
    in_lease,
    is_unsettled,
    is_whole,
    left_to_undo,
    open_writes,
    time_has_come,
)
from ..state.execution import Execution, GateContext
from .ledger_consistency import check_own, has_broken, written_at


def set_undos_due(context: GateContext) -> None:
    """Sets the next undo due of every lease whose time has come.

    One at a time, the last written first, and only when the gate has nothing else in hand: what
    is due must be claimed soon. The gate still takes each through every step; one that comes to
    nothing ends the lease, and what stays open is recorded. So does one of unknown time.
    """
    for request_id in in_lease(context.database):
        try:
            record = load_exactly(context.database, request_id)
        except RequestDamaged:
            continue  # nothing of it is sent; the gate tells of it
        if _why_impossible(context, record):
            with context.database.transaction(context.clock()) as transaction:
                _give_up(context, transaction, load_exactly(context.database, request_id))
        # Most of the time nothing is to be changed, and nothing is locked.
        elif _why_now(context, context.database, record) and not is_gate_busy(context.database):
            with context.database.transaction(context.clock()) as transaction:
                _go_on(context, transaction, load_exactly(context.database, request_id))


def check_time_has_come(execution: Execution) -> None:
    """Raises `PermitRefused` if a time-limited write is undone before its time.

    A run decides that itself.
    """
    request, context = execution.record.request, execution.context
    if execution.action.kind != "recovery" or request.run is not None or request.lease is None:
        return
    if not _why_now(
        context, context.database, execution.record, besides=execution.action.action_id
    ):
        raise PermitRefused(f"the lease of {request.request_id} is not over")


def note_seen_back(
    context: GateContext, left_open: Iterable[OpenWrite], readings: Mapping[str, DataValue]
) -> None:
    """Notes of every write that stayed open that its tag reads again as it did before."""
    for each in left_open:
        reading = context.memory.seen_since(each.action_id, readings).get(each.tag)
        if reading is not None and _is_back(each, reading):
            with context.database.transaction(context.clock()) as transaction:
                if each.action_id in {found.action_id for found in open_writes(transaction)}:
                    reason = f"{each.tag} reads {each.undo.shown} again"
                    transaction.record("lease.seen_back", each.action_id, {"reason": reason})


def _is_back(each: OpenWrite, reading: DataValue) -> bool:
    value = each.undo.value
    is_same = type(reading.scalar) is type(value) and reading.scalar == value
    return reading.quality is Quality.GOOD and is_same


def _why_impossible(context: GateContext, record: RequestRecord) -> Denial | None:
    request, states = record.request, states_of(record)
    try:
        check_own(context, record)
    except PermitRefused as refusal:
        return Denial("own_record", str(refusal))
    if is_unsettled(states.values()):
        return None
    at = written_at(context, record)
    if at is not None and context.clock().since_s(at) is None:
        return Denial(
            "clock",
            "the clocks disagree since it was written: whether its time is over is not known",
        )
    if request.run is None and not is_whole(request, states) and not has_broken(context, record):
        return Denial("ended", "a command of it was ended, and not by this gate")
    return None


def _why_now(
    context: GateContext, reader: LedgerReader, record: RequestRecord, besides: str = ""
) -> str | None:
    """Returns why what a request wrote is to be undone now, or `None` if it is not.

    By this gate's own memory, since rows can be written by other processes. An action that may be
    under way is left out, for it is judged for itself.
    """
    request, at = record.request, written_at(context, record)
    states = states_of(record)
    own = [state for name, state in states.items() if name != besides]
    if at is None or context.clock().since_s(at) is None or is_unsettled(own):
        return None
    if request.run is None and not is_whole(request, states):
        whole = "what was approved has not come about as a whole"
        return whole if has_broken(context, record) else None
    return time_has_come(reader, request, at, context.clock())


def _give_up(context: GateContext, transaction: Transaction, record: RequestRecord) -> None:
    denial = _why_impossible(context, record)
    if record.state is RequestState.APPROVED and denial:
        name = record.request.request_id
        move_request(transaction, name, RequestState.INVALIDATED, str(denial))


def _go_on(context: GateContext, transaction: Transaction, record: RequestRecord) -> None:
    request, states, now = record.request, states_of(record), transaction.now
    reason = _why_now(context, transaction, record)
    if record.state is not RequestState.APPROVED or not reason:
        return
    name, left = request.request_id, left_to_undo(request, states)
    if not left:
        move_request(transaction, name, RequestState.CLOSED, f"undone: {reason}")
        return
    undo_id = left[0][1].action_id
    if has_failed(request, states):
        words = f"{undo_id} could not take {left[0][1].undoes} back"
        move_request(transaction, name, RequestState.INVALIDATED, words)
        return
    if reason == agent_is_gone(transaction, request, now) and not has_row(
        transaction, name, "lease.lost"
    ):
        transaction.record("lease.lost", name, {"reason": reason})
    cancel_commands(transaction, name, reason)
    move_action(transaction, undo_id, ActionState.PLANNED, ActionState.DUE, reason)
