"""Lease expiry. When the time of a write is over, the gate undoes it."""

from collections.abc import Iterable, Mapping

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.values import DataValue, Quality

from ....errors import PermitRefused
from ...interlocks.action_order import states_of
from ...ledger.actions import is_gate_busy
from ...ledger.journal_rows import has_row
from ...ledger.lifecycle import cancel_commands, move_action, move_request
from ...ledger.records import RequestRecord, load_exactly
from ...ledger.store.database import Transaction
from ...ledger.store.states import ActionState, RequestState
from ...ledger.write_leases import (
    OpenWrite,
    agent_is_gone,
    has_failed,
    in_lease,
    is_unsettled,
    is_whole,
    left_to_undo,
    time_has_come,
    written,
)
from ..state.execution import Execution, GateContext

_FAILED = frozenset(
    {
        ActionState.REFUSED, ActionState.INVALIDATED, ActionState.ABORTED_NOT_SENT,
        ActionState.SKIPPED,
    }
)  # fmt: skip


def set_undos_due(context: GateContext) -> None:
    """Sets the next undo due of every lease whose time has come.

    One at a time, the last written first, and only when the gate has nothing else in hand: what
    is due must be claimed soon. The gate still takes each through every step; one that comes to
    nothing ends the lease, and what stays open is recorded. So does one of unknown time.
    """
    for request_id in in_lease(context.database):
        record = load_exactly(context.database, request_id)
        if denial := _why_impossible(context, record):
            with context.database.transaction(context.clock()) as transaction:
                move_request(transaction, request_id, RequestState.INVALIDATED, str(denial))
        elif (reason := _why_now(context, record)) and not is_gate_busy(context.database):
            with context.database.transaction(context.clock()) as transaction:
                _go_on(transaction, record, reason)


def check_time_has_come(execution: Execution) -> None:
    """Raises `PermitRefused` if a time-limited write is undone before its time.

    A run decides that itself.
    """
    request, context = execution.record.request, execution.context
    if execution.action.kind != "recovery" or request.run is not None or request.lease is None:
        return
    if not _why_now(context, execution.record, besides=execution.action.action_id):
        raise PermitRefused(f"the lease of {request.request_id} is not over")


def note_seen_back(
    context: GateContext, left_open: Iterable[OpenWrite], readings: Mapping[str, DataValue]
) -> None:
    """Notes of every write that stayed open that its tag reads again as it did before."""
    for each in left_open:
        reading = context.memory.seen_since(each.action_id, readings).get(each.tag)
        if reading is not None and _is_back(each, reading):
            with context.database.transaction(context.clock()) as transaction:
                reason = f"{each.tag} reads {each.undo.shown} again"
                transaction.record("lease.seen_back", each.action_id, {"reason": reason})


def _is_back(each: OpenWrite, reading: DataValue) -> bool:
    value = each.undo.value
    is_same = type(reading.scalar) is type(value) and reading.scalar == value
    return reading.quality is Quality.GOOD and is_same


def _why_impossible(context: GateContext, record: RequestRecord) -> Denial | None:
    request, states = record.request, states_of(record)
    if is_unsettled(states.values()):
        return None
    at = written(context.database, request, states)
    if at is not None and context.clock().since_s(at) is None:
        return Denial(
            "clock",
            "the clocks disagree since it was written: whether its time is over is not known",
        )
    if request.run is None and not is_whole(request, states) and not _has_broken(record):
        return Denial("ended", "a command of it was ended, and not by this gate")
    return None


def _has_broken(record: RequestRecord) -> bool:
    """Whether a command of a request failed, was so already, or was not claimed in time."""
    states = states_of(record)
    return any(states[each.action_id] in _FAILED for each in record.request.commands)


def _why_now(context: GateContext, record: RequestRecord, besides: str = "") -> str | None:
    """Returns why what a request wrote is to be undone now, or `None` if it is not.

    An action that may be under way is left out, for it is judged for itself.
    """
    request, states, now = record.request, states_of(record), context.clock()
    at = written(context.database, request, states)
    own = [state for name, state in states.items() if name != besides]
    if at is None or now.since_s(at) is None or is_unsettled(own):
        return None
    if request.run is None and not is_whole(request, states):
        whole = "what was approved has not come about as a whole"
        return whole if _has_broken(record) else None
    return time_has_come(context.database, request, at, now)


def _go_on(transaction: Transaction, record: RequestRecord, reason: str) -> None:
    request, states, now = record.request, states_of(record), transaction.now
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
