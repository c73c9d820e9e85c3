"""Files, releases and ends the requests of a run.

Every step checks the runner lock in the same transaction, so that a process that was stopped and
continues later changes nothing. It raises `LostRace` if another process holds the lock.
"""

from typing import Any

from handwheel.connectors.denial import Denial

from ...errors import PermitRefused
from ...requests.canonical import parse_canonical
from ...requests.request import ActionRequest
from ...requests.timestamps import Instant
from ..interlocks.action_order import check_order
from ..interlocks.blocking import WriteCheck, check_filing
from ..ledger.actions import request_of_proposal
from ..ledger.effects import Effect, StepEffect, record_effect
from ..ledger.journal_rows import has_field, newest_seq
from ..ledger.lifecycle import cancel_commands, file_in, move_action, move_request
from ..ledger.records import RequestRecord, load_exactly, load_run
from ..ledger.runner_lock import check_runner_lock
from ..ledger.runs import ORDERED
from ..ledger.store.database import Ledger, LedgerReader, Transaction
from ..ledger.store.states import UNSENT_ACTIONS, WAITING_REQUESTS, ActionState, RequestState
from ..ledger.write_leases import APPLIED, has_failed, left_to_undo
from ..signatures.context import DecisionContext
from ..signatures.request_class import class_of
from .request_limits import TooManyRequests, check_request_limits


def file_segment(
    context: DecisionContext,
    request: ActionRequest,
    denial: Denial | None,
    holder: str,
    now: Instant,
) -> RequestRecord:
    """Files the request of a segment once, also if the run proposes it again.

    Of an unreleased plan it is filed with class R3, see `request_class`.

    Args:
        denial: The policy's.
        now: The moment of its `filed_at`.

    Returns:
        The request, PENDING or DENIED, or in its present state if it was filed before.

    Raises:
        GuardrailError: A tag is locked out or not granted to agents, the superseded request is
            another run's, or a limit of requests is reached.
    """
    if request.run is None:
        raise PermitRefused(f"{request.request_id} is no request of a run")
    database, refused = context.database, None
    with database.transaction(now) as transaction:
        check_runner_lock(transaction, holder)
        earlier = request_of_proposal(transaction, request.proposal_key)
        if earlier is None:
            request = _classed(context, request, now)
            for action in request.actions:
                check_filing(
                    WriteCheck(context.site, database, context.policy, request, action, now)
                )
            load_superseded(database, request)
            if not denial:
                refused = check_request_limits(context, transaction, request)
            if refused is None:
                file_in(transaction, request, str(denial or ""))
        if refused is None:
            return load_exactly(database, earlier or request.request_id)
    raise TooManyRequests(refused.reason)


def _classed(context: DecisionContext, request: ActionRequest, now: Instant) -> ActionRequest:
    found = class_of(context.site, context.database, request, now.wall)
    if (found.risk_class, found.quorum) == (request.risk_class, request.quorum):
        return request
    document: dict[str, Any] = parse_canonical(request.text)
    return ActionRequest.model_validate(
        {**document, "risk_class": found.risk_class, "quorum": found.quorum}
    )


def was_not_sent(reader: LedgerReader, action_id: str) -> bool:
    """Whether the gate recorded an intent of an action whose frame was not sent."""
    return has_field(reader, action_id, "action.REFUSED", "sent", False)


def load_superseded(database: Ledger, request: ActionRequest) -> RequestRecord | None:
    """Returns the earlier request whose open recovery a request takes over, or `None`.

    Raises:
        GuardrailError: It is another run's.
        LedgerError: It is missing.
    """
    if request.supersedes is None or request.run is None:
        return None
    earlier = load_exactly(database, request.supersedes)
    run = earlier.request.run
    if run is None or run.run_id != request.run.run_id:
        raise PermitRefused(f"{request.supersedes} is not an earlier request of the same run")
    if earlier.state is RequestState.APPROVED and earlier.request.lease is not None:
        raise PermitRefused(f"{request.supersedes} is in its lease, and nothing takes its place")
    return earlier


class OrderPending(PermitRefused):
    """The run has an order that it has not yet taken up. Nothing was changed."""


def set_due(
    database: Ledger, action_id: str, holder: str, now: Instant, orders: int | None = None
) -> None:
    """Marks an action as due, so that the gate checks and sends it.

    Commands are due one after the other. The first recovery action cancels the other commands.

    Args:
        orders: Journal row of the newest order that the run has taken up; `None` if orders do not
            stop the action.

    Raises:
        OrderPending: There is a newer order.
        GuardrailError: Its request is not approved, or an earlier command is not done.
        LostRace: It is not planned any more.
    """
    with database.transaction(now) as transaction:
        record = _its_request(database, transaction, action_id, holder)
        if orders is not None and record.request.run is not None:
            run_id = record.request.run.run_id
            if newest_seq(transaction, run_id, ORDERED) > orders:
                raise OrderPending(f"{run_id} was given an order that it has not looked at")
        if record.action(action_id).kind == "recovery":
            cancel_commands(transaction, record.request.request_id, "the run takes things back")
        reason = "the run has made it due"
        move_action(transaction, action_id, ActionState.PLANNED, ActionState.DUE, reason)


def skip_action(database: Ledger, action_id: str, reason: str, holder: str, now: Instant) -> None:
    """Skips an action whose `if` is not true, with the errors of `set_due`."""
    with database.transaction(now) as transaction:
        _its_request(database, transaction, action_id, holder)
        move_action(transaction, action_id, ActionState.PLANNED, ActionState.SKIPPED, reason)


def end_request(database: Ledger, request_id: str, reason: str, holder: str, now: Instant) -> None:
    """Ends an open request of a run and cancels its actions that were not sent.

    Undo actions of a lease stay with the gate until the lease ends. A request of no run raises
    `GuardrailError`.
    """
    with database.transaction(now) as transaction:
        check_runner_lock(transaction, holder)
        record = load_exactly(database, request_id)
        if record.request.run is None:
            raise PermitRefused(f"{request_id} is no request of a run")
        if record.state is RequestState.APPROVED:
            _close(transaction, record, reason)
        elif record.state in WAITING_REQUESTS:
            move_request(transaction, request_id, RequestState.INVALIDATED, reason)


def note_promise(
    database: Ledger, run_id: str, step: str, promise: StepEffect, holder: str, now: Instant
) -> bool:
    """Records the result of a step's promise with its last write that took effect.

    Returns false if it was recorded before, or the step has written nothing.
    """
    with database.transaction(now) as transaction:
        check_runner_lock(transaction, holder)
        applied = [
            each.action_id
            for record in load_run(database, run_id)
            for each in record.request.commands
            if each.step == step and record.record(each.action_id).state in APPLIED
        ]
        if not applied:
            return False
        effect = Effect(
            applied[-1], promise.number, promise.expected, promise.within_s, promise.observed,
            promise.verdict,
        )  # fmt: skip
        return record_effect(transaction, effect, promise.after_s)


def _close(transaction: Transaction, record: RequestRecord, reason: str) -> None:
    request = record.request
    states = {each.action_id: each.state for each in record.actions}
    backs = left_to_undo(request, states) if request.lease else []
    left = {undo.action_id for _, undo in backs}
    if not left or has_failed(request, states):
        move_request(transaction, request.request_id, RequestState.CLOSED, reason)
        return
    for action_id, state in states.items():
        if state in UNSENT_ACTIONS and action_id not in left:
            move_action(transaction, action_id, state, ActionState.CANCELLED, reason)


def _its_request(
    database: Ledger, transaction: Transaction, action_id: str, holder: str
) -> RequestRecord:
    check_runner_lock(transaction, holder)
    name = action_id.partition("/")[0]
    record = load_exactly(database, name)
    if record.request.run is None or all(each.action_id != action_id for each in record.actions):
        raise PermitRefused(f"{action_id} is no action of a run")
    if record.state is not RequestState.APPROVED:
        raise PermitRefused(f"{name} is {': '.join(record.status)}")
    check_order(record, action_id)
    return record
