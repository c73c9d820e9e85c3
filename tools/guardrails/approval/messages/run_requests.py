"""Changes that the holder of the runner lock makes to the requests of a run."""

from typing import Any, Literal

from ....errors import PermitRefused
from ....requests.canonical import parse_canonical
from ....requests.request import ActionRequest
from ....requests.timestamps import Instant
from ...interlocks.action_order import check_order
from ...ledger.effects import Effect, EffectVerdict, record_effect
from ...ledger.journal_rows import newest_seq
from ...ledger.lifecycle import cancel_commands, move_action, move_request
from ...ledger.records import RequestRecord, load_exactly, load_run
from ...ledger.runs import ORDERED
from ...ledger.store.database import TableReader, Transaction
from ...ledger.store.states import UNSENT_ACTIONS, WAITING_REQUESTS, ActionState, RequestState
from ...ledger.write_leases import APPLIED, has_failed, left_to_undo
from ...signatures.context import DecisionContext
from ...signatures.request_class import class_of
from .filing import FileRequest
from .run_events import AgentOperation


class OrderPending(PermitRefused):
    """The run has an order that it has not yet taken up. Nothing was changed."""


class FileSegment(FileRequest):
    """Files the request of a segment, PENDING or DENIED, once.

    Of an unreleased plan it is filed with class R3, see `request_class`.
    """

    do: Literal["file segment"] = "file segment"

    def apply(self, context: DecisionContext, transaction: Transaction) -> None:
        """Files it.

        Raises:
            GuardrailError: It was filed before, a tag is locked out or not granted to agents, the
                superseded request is another run's, or a limit of requests is reached.
        """
        if self.request.run is None:
            raise PermitRefused(f"{self.request.request_id} is no request of a run")
        self._check_is_new(transaction)
        load_superseded(transaction, self.request)
        self._file(context, transaction, _classed(context, self.request, transaction.now))


class SetDue(AgentOperation):
    """Marks an action as due, so that the gate checks and sends it.

    Commands are due one after the other. The first recovery action cancels the other commands.
    """

    do: Literal["set due"] = "set due"
    action_id: str
    orders: int | None = None
    """Journal row of the newest order that the run has taken up; `None` if orders do not stop the
    action."""

    def apply(self, context: DecisionContext, transaction: Transaction) -> None:
        """Sets it due.

        Raises:
            OrderPending: There is a newer order.
            GuardrailError: Its request is not approved, or an earlier command is not done.
            LostRace: It is not planned any more.
        """
        record = _its_request(transaction, self.action_id)
        if self.orders is not None and record.request.run is not None:
            run_id = record.request.run.run_id
            if newest_seq(transaction, run_id, ORDERED) > self.orders:
                raise OrderPending(f"{run_id} was given an order that it has not looked at")
        if record.action(self.action_id).kind == "recovery":
            cancel_commands(transaction, record.request.request_id, "the run takes things back")
        reason = "the run has made it due"
        move_action(transaction, self.action_id, ActionState.PLANNED, ActionState.DUE, reason)


class SkipAction(AgentOperation):
    """Skips an action whose `if` is not true."""

    do: Literal["skip action"] = "skip action"
    action_id: str
    reason: str

    def apply(self, context: DecisionContext, transaction: Transaction) -> None:
        """Skips it. Raises as `SetDue.apply`."""
        _its_request(transaction, self.action_id)
        planned, skipped = ActionState.PLANNED, ActionState.SKIPPED
        move_action(transaction, self.action_id, planned, skipped, self.reason)


class EndRequest(AgentOperation):
    """Ends an open request of a run and cancels its actions that were not sent.

    Undo actions of a lease stay with the gate until the lease ends.
    """

    do: Literal["end request"] = "end request"
    request_id: str
    reason: str

    def apply(self, context: DecisionContext, transaction: Transaction) -> None:
        """Ends it. A request of no run raises `GuardrailError`."""
        record = load_exactly(transaction, self.request_id)
        if record.request.run is None:
            raise PermitRefused(f"{self.request_id} is no request of a run")
        if record.state is RequestState.APPROVED:
            _close(transaction, record, self.reason)
        elif record.state in WAITING_REQUESTS:
            move_request(transaction, self.request_id, RequestState.INVALIDATED, self.reason)


class NotePromise(AgentOperation):
    """Records the result of a step's promise with its last write that took effect.

    Nothing if it was recorded before, or the step has written nothing.
    """

    do: Literal["note promise"] = "note promise"
    run_id: str
    step: str
    number: int  # its place among those of its step, from 1
    expected: str
    within_s: float
    observed: str  # the condition with the values that were seen, in words
    verdict: EffectVerdict
    after_s: float | None = None  # from the end of the step's writes; `None` if it was not kept

    def apply(self, context: DecisionContext, transaction: Transaction) -> None:
        """Records it, once."""
        applied = [
            each.action_id
            for record in load_run(transaction, self.run_id)
            for each in record.request.commands
            if each.step == self.step and record.record(each.action_id).state in APPLIED
        ]
        if applied:
            effect = Effect(
                applied[-1], self.number, self.expected, self.within_s, self.observed, self.verdict
            )
            record_effect(transaction, effect, self.after_s)


def load_superseded(reader: TableReader, request: ActionRequest) -> RequestRecord | None:
    """Returns the earlier request whose open recovery a request takes over, or `None`.

    Raises:
        GuardrailError: It is another run's.
        LedgerError: It is missing.
    """
    if request.supersedes is None or request.run is None:
        return None
    earlier = load_exactly(reader, request.supersedes)
    run = earlier.request.run
    if run is None or run.run_id != request.run.run_id:
        raise PermitRefused(f"{request.supersedes} is not an earlier request of the same run")
    if earlier.state is RequestState.APPROVED and earlier.request.lease is not None:
        raise PermitRefused(f"{request.supersedes} is in its lease, and nothing takes its place")
    return earlier


def _classed(context: DecisionContext, request: ActionRequest, now: Instant) -> ActionRequest:
    found = class_of(context.site, context.database, request, now.wall)
    if (found.risk_class, found.quorum) == (request.risk_class, request.quorum):
        return request
    document: dict[str, Any] = parse_canonical(request.text)
    return ActionRequest.model_validate(
        {**document, "risk_class": found.risk_class, "quorum": found.quorum}
    )


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


def _its_request(transaction: Transaction, action_id: str) -> RequestRecord:
    name = action_id.partition("/")[0]
    record = load_exactly(transaction, name)
    if record.request.run is None or all(each.action_id != action_id for each in record.actions):
        raise PermitRefused(f"{action_id} is no action of a run")
    if record.state is not RequestState.APPROVED:
        raise PermitRefused(f"{name} is {': '.join(record.status)}")
    check_order(record, action_id)
    return record
