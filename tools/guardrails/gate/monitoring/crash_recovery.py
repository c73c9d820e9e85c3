"""Crash recovery. A gate that starts judges what another left behind, and sends none of it."""

from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.errors import NotConnected

from ....requests.request import Action
from ...ledger.actions import actions_in_flight
from ...ledger.lifecycle import invalidate_in, move_action, move_request
from ...ledger.records import RequestRecord, load_exactly
from ...ledger.store.states import ActionState, RequestState
from ..state.execution import GateContext
from ..steps.effects import give_up_effects

NOT_SENT = "it was taken up, and no intent was recorded: no frame was sent"
MAYBE_SENT = "no outcome was recorded after the intent: whether it was sent is not known"
RESTARTED = "the gate was started after the approval"


async def recover(context: GateContext) -> None:
    """Judges every action in flight, and invalidates what was approved before this gate.

    After a `LedgerError` the gate must not go on.
    """
    await recover_in_flight(context)
    with context.database.transaction(context.clock()) as transaction:
        invalidate_in(transaction, RESTARTED, {RequestState.APPROVED, RequestState.PARTIAL})
    give_up_effects(context)


async def recover_in_flight(context: GateContext) -> None:
    """Gives an outcome to every action that was claimed and that no gate executes.

    Without an intent it was not sent. With one that is unknown, so the tag is read, the reading
    is attached, and a person must resolve it. It is never sent again.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: see `read_once`.
    """
    for action_id, request_id, state in actions_in_flight(context.database):
        record = load_exactly(context.database, request_id)
        await _recover_action(context, record, action_id, ActionState(state))


async def _recover_action(
    context: GateContext, record: RequestRecord, action_id: str, state: ActionState
) -> None:
    is_sent = state is ActionState.SENDING
    found = await _look(context, record.action(action_id)) if is_sent else ""
    with context.database.transaction(context.clock()) as transaction:
        if is_sent:
            details: dict[str, object] = {"readback": found}
            move_action(transaction, action_id, state, ActionState.UNKNOWN, MAYBE_SENT, details)
            return
        to, reason = ActionState.ABORTED_NOT_SENT, NOT_SENT
        move_action(transaction, action_id, state, to, reason)
        if record.state is RequestState.APPROVED:
            name = record.request.request_id
            move_request(transaction, name, RequestState.INVALIDATED, reason)


async def _look(context: GateContext, action: Action) -> str:
    tag = context.site.tags.get(action.readback or action.tag)
    if tag is None:
        return f"{action.tag} is no tag of this site any more"
    try:
        reading = (await read_once(context.site, [tag], context.connector))[tag.name]
    except NotConnected as error:
        return f"{tag.name} could not be read: {error}"
    shown = f"{tag.name} reads {tag.show_value(reading.scalar)} {tag.unit}".rstrip()
    return f"{shown} ({reading.status.name})"
