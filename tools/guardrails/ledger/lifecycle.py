"""Transitions of requests and actions. Each compares, sets and records in one transaction."""

from collections.abc import Collection
from sqlite3 import Row

from ...requests.request import ActionRequest
from ...requests.timestamps import Instant, parse_stamp
from .actions import (
    action_state,
    is_approved,
    request_of_proposal,
    request_state,
    requests_in,
    states_in,
)
from .records import load_exactly
from .store.database import Ledger, LostRace, Transaction
from .store.states import OPEN_REQUESTS, UNSENT_ACTIONS, WAITING_REQUESTS, ActionState, RequestState
from .write_leases import ended_open, has_failed, is_leased, left_to_undo

DUE_S = 10.0
"""How long the gate has to claim a due action."""
FIRST_CLAIM_S = 60.0
"""How long after the last signature the first command may be claimed."""
FOLLOW_UP_S = 600.0
"""How long after the last signature later commands may be claimed."""

_OPEN = (
    "SELECT request_id, state, filed_at, filed_boot_id, filed_boot_ms, within_s FROM request "
    "WHERE state IN ('PENDING', 'PARTIAL', 'APPROVED') ORDER BY rowid"
)
# At most one action of a request is due.
_UNCLAIMED = (
    "SELECT action_id, request_id FROM action WHERE state = 'DUE' AND due_boot_ms < ? "
    "ORDER BY rowid"
)
_ENDS = {
    RequestState.CLOSED: ActionState.CANCELLED,
    RequestState.REJECTED: ActionState.CANCELLED,
    RequestState.EXPIRED: ActionState.CANCELLED,
    RequestState.REVOKED: ActionState.CANCELLED,
    RequestState.SUPERSEDED: ActionState.CANCELLED,
    RequestState.INVALIDATED: ActionState.INVALIDATED,
    RequestState.DENIED: ActionState.CANCELLED,
}


def file_request(database: Ledger, request: ActionRequest, denial: str, now: Instant) -> bool:
    """Files a request as PENDING, or as DENIED with the reason.

    Args:
        denial: Why the policy denies it; empty if it does not.
        now: The moment that its `filed_at` names.

    Returns:
        False if the same proposal was submitted before; nothing is filed then.

    Raises:
        LedgerError: It cannot be written.
    """
    with database.transaction(now) as transaction:
        return file_in(transaction, request, denial)


def file_in(transaction: Transaction, request: ActionRequest, denial: str) -> bool:
    """Does the work of `file_request` inside a transaction."""
    if request_of_proposal(transaction, request.proposal_key):
        return False
    name = request.request_id
    transaction.record("request.filed", name, {"digest": request.digest, "text": request.text})
    state = RequestState.DENIED if denial else RequestState.PENDING
    move_request(transaction, name, state, denial or "the policy allows asking")
    return True


def move_request(transaction: Transaction, request_id: str, to: RequestState, reason: str) -> None:
    """Moves a request. If that ends it, its unsent actions end with it.

    The journal records each time-limited write that is not undone any more. A state that cannot be
    left this way raises `LedgerError`.
    """
    state = request_state(transaction, request_id)
    transaction.record(
        f"request.{to}", request_id, {"from": state or "", "to": to.value, "reason": reason}
    )
    if to in _ENDS:
        for action_id, action_state in _actions(transaction, request_id):
            if action_state in UNSENT_ACTIONS:
                move_action(transaction, action_id, action_state, _ENDS[to], reason)
        for each in ended_open(transaction, request_id, reason):
            transaction.record("lease.open", each.action_id, each.body)


def move_action(
    transaction: Transaction,
    action_id: str,
    state: ActionState,
    to: ActionState,
    reason: str,
    details: dict[str, object] | None = None,
) -> None:
    """Moves an action from a state that it must be in.

    Args:
        details: What the journal keeps besides: bytes, readings.

    Raises:
        LostRace: It is in another state.
        LedgerError: There is no such way, or its request is not approved.
    """
    found = transaction.all("SELECT state, request_id FROM action WHERE action_id = ?", action_id)
    if not found or found[0][0] != state:
        raise LostRace(f"{action_id} is {found[0][0] if found else 'not there'}, not {state}")
    request_id = found[0][1]
    body = {"request_id": request_id, "from": state.value, "to": to.value, "reason": reason}
    transaction.record(f"action.{to}", action_id, body | (details or {}))


def set_next_due(transaction: Transaction, request_id: str) -> str | None:
    """Sets a request's next command due and returns its id. After its last it closes the request.

    With a lease it stays approved until its writes are undone.
    """
    for action_id, state in _actions(transaction, request_id, kind="command"):
        if state is ActionState.PLANNED:
            move_action(transaction, action_id, state, ActionState.DUE, "it is the next write")
            return action_id
        if state is not ActionState.VERIFIED:
            return None
    if not is_leased(transaction, request_id):
        move_request(transaction, request_id, RequestState.CLOSED, "every command is verified")
    return None


def end_after_failure(
    transaction: Transaction, request: ActionRequest, end: RequestState, reason: str
) -> None:
    """Ends what depends on an action that failed, unless the request is over.

    A request of no run ends. Of a run's the other commands do: it stays approved for as long as
    a recovery is left that was not sent, and the run decides about that. One with a lease stays
    approved as long as something is to be undone, and can be.
    """
    name = request.request_id
    if not is_approved(transaction, name):
        return
    if request.run is not None or request.lease is not None:
        cancel_commands(transaction, name, reason)
        states = states_in(transaction, name)
        if request.run is None:
            is_left = bool(left_to_undo(request, states)) and not has_failed(request, states)
        else:
            is_left = any(states[each.action_id] in UNSENT_ACTIONS for each in request.recovery)
        if is_left:
            return
    move_request(transaction, name, end, reason)


def cancel_commands(transaction: Transaction, request_id: str, reason: str) -> None:
    """Ends the unsent commands of a request. Its recovery stays."""
    for action_id, state in _actions(transaction, request_id, kind="command"):
        if state in UNSENT_ACTIONS:
            move_action(transaction, action_id, state, ActionState.CANCELLED, reason)


def invalidate(
    database: Ledger, reason: str, now: Instant, scope: Collection[str] | None = None
) -> list[str]:
    """Invalidates open requests, all or those that touch some equipment, and returns their ids."""
    with database.transaction(now) as transaction:
        return invalidate_in(transaction, reason, OPEN_REQUESTS, scope)


def invalidate_in(
    transaction: Transaction,
    reason: str,
    states: Collection[RequestState],
    scope: Collection[str] | None = None,
) -> list[str]:
    """Does the work of `invalidate` inside a transaction, for requests in some states.

    A request with an action in flight keeps that one; its other actions end.
    """
    touched = requests_in(transaction, states, scope)
    for request_id in touched:
        move_request(transaction, request_id, RequestState.INVALIDATED, reason)
    return touched


def sweep(database: Ledger, now: Instant) -> None:
    """Ends what has waited too long."""
    for row in database.all(_OPEN):
        if end := _overdue(row, now):
            with database.transaction(now) as transaction:
                move_request(transaction, row["request_id"], *end)
    reason = f"no gate took it up within {DUE_S:g} s"
    for action_id, request_id in database.all(_UNCLAIMED, now.boot_ms - DUE_S * 1000.0):
        if action_state(database, action_id) != ActionState.DUE:
            continue  # it has ended with the one before it
        request = load_exactly(database, request_id).request
        with database.transaction(now) as transaction:
            move_action(transaction, action_id, ActionState.DUE, ActionState.INVALIDATED, reason)
            end_after_failure(transaction, request, RequestState.INVALIDATED, reason)


def _overdue(row: Row, now: Instant) -> tuple[RequestState, str] | None:
    filed = Instant(parse_stamp(row["filed_at"]), row["filed_boot_id"], row["filed_boot_ms"])
    if row["state"] not in WAITING_REQUESTS:
        is_restarted = now.boot_id != filed.boot_id
        reason = "the machine was restarted after the approval"
        return (RequestState.INVALIDATED, reason) if is_restarted else None
    waited_s, within_s = now.since_s(filed), row["within_s"]
    if waited_s is None:
        return RequestState.INVALIDATED, "a restart or a clock step came in between"
    if waited_s > within_s:
        return RequestState.EXPIRED, f"no decision within {within_s:g} s"
    return None


def _actions(
    transaction: Transaction, request_id: str, kind: str = "%"
) -> list[tuple[str, ActionState]]:
    rows = transaction.all(
        "SELECT action_id, state FROM action WHERE request_id = ? AND kind LIKE ? "
        "ORDER BY position",
        request_id,
        kind,
    )
    return [(row[0], ActionState(row[1])) for row in rows]
