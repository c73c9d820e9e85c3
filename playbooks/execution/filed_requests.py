"""Requests of a run as the step function takes them, from the ledger's records."""

from collections.abc import Callable

from handwheel.tools.guardrails.ledger.intents import was_not_sent
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import ActionRecord, ActionState
from handwheel.tools.requests.request import Action

from ..engine.inputs import FiledAction, FiledRequest


def filed_request(
    database: Ledger, record: RequestRecord, spacing_s: Callable[[Action], float]
) -> FiledRequest:
    """Returns a request in its present state.

    Args:
        spacing_s: Returns the shortest time before a write of a ramp, wall-clock.
    """
    request = record.request
    actions = tuple(
        FiledAction(
            request.request_id, record.state, record.action(each.action_id), each.state,
            each.reason, _was_sent(database, each), spacing_s(record.action(each.action_id)),
        )
        for each in record.actions
    )  # fmt: skip
    return FiledRequest(
        request.request_id, record.state, record.reason, ": ".join(record.status),
        request.roles, actions,
    )  # fmt: skip


def _was_sent(database: Ledger, record: ActionRecord) -> bool:
    """Whether a gate may have sent it. A gate records if it did not."""
    is_refused = record.state is ActionState.REFUSED
    return record.sent_at is not None and not (
        is_refused and was_not_sent(database, record.action_id)
    )
