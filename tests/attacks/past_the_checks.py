"""The gate's own ledger, filled past everything that judges a message before it is recorded."""

from handwheel.tools.guardrails.ledger.actions import due_actions, requests_in, states_in
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.lifecycle import move_action, move_request
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import (
    WAITING_REQUESTS,
    ActionState,
    RequestState,
)
from handwheel.tools.requests.timestamps import Instant

WHY = "nobody has looked at it"


def record_decision(
    database: Ledger,
    now: Instant,
    about: str,
    signed: Signed,
    card: str | None = None,
    chain: str | None = None,
) -> None:
    """Records a decision about a request, a lockout or a key, whatever it says."""
    body: dict[str, object] = {"text": signed.text, "signature": signed.signature}
    if card is not None:
        body["card"] = card
    if chain is not None:
        body["chain"] = chain
    with database.transaction(now) as transaction:
        transaction.record("decision", about, body)


def force_approved(database: Ledger, now: Instant, request_id: str) -> None:
    """Says that a request is approved, and that its first command is due."""
    with database.transaction(now) as transaction:
        move_request(transaction, request_id, RequestState.APPROVED, WHY)
        first = f"{request_id}/c1"
        move_action(transaction, first, ActionState.PLANNED, ActionState.DUE, WHY)


def force_approvals(database: Ledger, now: Instant) -> bool:
    """Approves what waits, sets due whatever could be; returns whether there was anything."""
    before = len(due_actions(database))
    with database.transaction(now) as transaction:
        waiting = requests_in(transaction, WAITING_REQUESTS)
        for name in waiting:
            move_request(transaction, name, RequestState.APPROVED, WHY)
        for name in requests_in(transaction, {RequestState.APPROVED}):
            for action_id, state in states_in(transaction, name).items():
                if state is ActionState.PLANNED:
                    move_action(transaction, action_id, state, ActionState.DUE, WHY)
    return bool(waiting) or len(due_actions(database)) > before


def append_row(
    database: Ledger, now: Instant, kind: str, subject: str, body: dict[str, object]
) -> None:
    """Records a row that no function of the product records so."""
    with database.transaction(now) as transaction:
        transaction.record(kind, subject, body)
