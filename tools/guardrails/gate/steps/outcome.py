"""The last steps: what became of the action is recorded, and people are told."""

from ....requests.request import ActionRequest
from ...ledger.lifecycle import end_after_failure, move_action, set_next_due
from ...ledger.store.database import Transaction
from ...ledger.store.states import ActionState, RequestState
from ...ledger.wakeup import notify
from ..state.execution import Passage
from .effects import expect_effects
from .intent import is_open

_UNJUDGED = "nobody has judged what the device answered"
_UNREAD = "it was not read back"


async def outcome_recorded(passage: Passage) -> None:
    """16: the outcome is in the ledger, with what was answered and what was read back.

    Verified is only what the device took, and shows; whatever is missing, nobody knows.
    """
    refusal, found = passage.refusal, passage.readback
    if refusal is not None:
        conclude(passage, ActionState.REFUSED, str(refusal), sent=refusal.was_sent)
    elif passage.doubt is not None:
        conclude(passage, ActionState.UNKNOWN, str(passage.doubt), sent=True)
    elif not passage.is_echo_equal:
        conclude(passage, ActionState.UNKNOWN, _UNJUDGED, sent=passage.may_have_left)
    elif found is None:
        conclude(passage, ActionState.UNKNOWN, _UNREAD, sent=True)
    elif found.is_as_sent:
        conclude(passage, ActionState.VERIFIED, found.words, sent=True)
    else:
        state = ActionState.MISMATCH if found.is_read else ActionState.UNKNOWN
        conclude(passage, state, found.words, sent=True)


async def people_told(passage: Passage) -> None:
    """17: whoever waits for the outcome is woken; they look into the ledger by themselves."""
    notify(passage.post.state, passage.action.action_id)


def conclude(passage: Passage, state: ActionState, reason: str, *, sent: bool) -> None:
    """Records the outcome; after a verified command of a person the next one is due.

    A refused command ends its request, or what the request of a run has besides recovery. One
    whose outcome is unknown or wrong holds it, until a person has resolved it.
    """
    details: dict[str, object] = {"sent": sent}
    if passage.readback is not None:
        details["readback"] = passage.readback.words
    request = passage.record.request
    database, now = passage.post.database, passage.post.clock()
    # The frame has left, and its intent is anchored: nothing can come of a lost anchor.
    with database.transaction(now, waits_for_anchor=False) as transaction:
        move_action(
            transaction, passage.action.action_id, ActionState.SENDING, state, reason, details
        )
        passage.post.deeds.note(passage.action.action_id, state, now)
        if not sent:
            passage.post.deeds.note_not_sent(passage.action.action_id)
        if state is ActionState.REFUSED:
            end_after_failure(transaction, request, RequestState.CLOSED, reason)
        elif state is ActionState.VERIFIED:
            expect_effects(passage, now)
            if _goes_on(transaction, request):
                _set_next_due(passage, transaction)


def _set_next_due(passage: Passage, transaction: Transaction) -> None:
    """Sets the next command due, and notes it: nobody else can say that it was its turn."""
    if due := set_next_due(transaction, passage.record.request.request_id):
        passage.post.deeds.note(due, ActionState.DUE, transaction.now)


def _goes_on(transaction: Transaction, request: ActionRequest) -> bool:
    """Whether the gate sets the next command due: of a run's request the run does."""
    return request.run is None and is_open(transaction, request.request_id)
