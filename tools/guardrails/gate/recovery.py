"""What a gate finds when it starts: what another left behind is judged, and never sent again."""

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.reader import read_once

from ...requests.request import Action
from ..ledger.lifecycle import invalidate_in, move_action, move_request
from ..ledger.records import RequestRecord, load_requests_with
from ..ledger.transitions import (
    IN_FLIGHT_ACTIONS,
    ActionState,
    RequestState,
)
from .passage import Post

NOT_SENT = "the gate ended before the intent was recorded: no frame was sent"
MAYBE_SENT = "the gate ended between the intent and the outcome: nobody knows whether it was sent"
RESTARTED = "the gate was started after the approval"


async def recover(post: Post) -> None:
    """Judges every action in flight, and invalidates what was approved before this gate started.

    Raises:
        LedgerError: It cannot be written; the gate must not go on.
    """
    await recover_in_flight(post)
    with post.database.transaction(post.clock()) as transaction:
        invalidate_in(transaction, RESTARTED, {RequestState.APPROVED})


async def recover_in_flight(post: Post) -> None:
    """Gives an outcome to every action that somebody took up and nobody is working on.

    Without an intent it was not sent. With one nobody knows: the tag is read, the reading is
    attached, and a person is asked. It is never sent again, whatever the reading says.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: see `read_once`.
    """
    for record in load_requests_with(post.database, IN_FLIGHT_ACTIONS):
        for each in record.actions:
            if each.state in IN_FLIGHT_ACTIONS:
                await _recover_action(post, record, each.action_id, each.state)


async def _recover_action(
    post: Post, record: RequestRecord, action_id: str, state: ActionState
) -> None:
    is_sent = state is ActionState.SENDING
    found = await _look(post, record.action(action_id)) if is_sent else ""
    with post.database.transaction(post.clock()) as transaction:
        if is_sent:
            details: dict[str, object] = {"readback": found}
            move_action(transaction, action_id, state, ActionState.UNKNOWN, MAYBE_SENT, details)
            return
        move_action(transaction, action_id, state, ActionState.ABORTED_NOT_SENT, NOT_SENT)
        if record.state is RequestState.APPROVED:
            name = record.request.request_id
            move_request(transaction, name, RequestState.INVALIDATED, NOT_SENT)


async def _look(post: Post, action: Action) -> str:
    tag = post.site.tags.get(action.readback or action.tag)
    if tag is None:
        return f"{action.tag} is no tag of this site any more"
    try:
        reading = (await read_once(post.site, [tag], post.connector))[tag.name]
    except NotConnected as error:
        return f"{tag.name} could not be read: {error}"
    return f"{tag.name} reads {tag.show(reading)} {tag.unit}".rstrip() + f" ({reading.status.name})"
