"""Recovery: is there anything of the run to take back, and is it this."""

from collections.abc import Collection, Sequence

from ...errors import LedgerError, PermitRefused
from ...requests.request import Action
from ..ledger.records import RequestRecord, load_run
from ..ledger.transitions import ActionState
from .passage import Passage

_SENT = (
    "SELECT action_id FROM intent JOIN action USING (action_id) JOIN request USING (request_id) "
    "WHERE run_id = ?"
)
_SENT_OF_REQUEST = "SELECT action_id FROM intent JOIN action USING (action_id) WHERE request_id = ?"
_WITHOUT_EFFECT = frozenset({ActionState.REFUSED, ActionState.RESOLVED_NOT_APPLIED})


def check_recovery(passage: Passage) -> None:
    """Refuses a recovery of a run that has sent nothing, and an undo of what was not sent.

    Raises:
        PermitRefused: There is nothing to take back, or the action does not take it back.
    """
    action, run = passage.action, passage.record.request.run
    if action.kind != "recovery":
        return
    database = passage.post.database
    if run is None:
        _check_lease(passage)
        return
    sent = {row[0] for row in database.all(_SENT, run.run_id)}
    if not sent:
        raise PermitRefused(f"there is nothing to take back: run {run.run_id} has sent nothing")
    if action.undoes is None:
        return
    try:
        records = load_run(database, run.run_id)
    except LedgerError as damage:
        raise PermitRefused(f"nobody can tell what it takes back: {damage}") from None
    _check_undo(action, records, sent)


def _check_lease(passage: Passage) -> None:
    """Refuses a person's recovery without a lease, and one that takes back what was not sent."""
    record = passage.record
    name = record.request.request_id
    if record.request.lease is None:
        raise PermitRefused("only a run's request, or one with a lease, has recovery")
    sent = {row[0] for row in passage.post.database.all(_SENT_OF_REQUEST, name)}
    _check_undo(passage.action, [record], sent)


def _check_undo(action: Action, records: Sequence[RequestRecord], sent: Collection[str]) -> None:
    command = next(
        (
            each
            for record in records
            if record.is_intact
            for each in record.request.commands
            if each.action_id == action.undoes
        ),
        None,
    )
    if command is None or command.action_id not in sent:
        raise PermitRefused(f"there is nothing to take back: {action.undoes} was not sent")
    if other := _other_undo(action, records, sent):
        raise PermitRefused(f"{other} has taken {action.undoes} back already")
    expected = [(each.tag, type(each.value), each.value) for each in action.expected]
    if action.tag != command.tag or expected != [(command.tag, type(command.value), command.value)]:
        raise PermitRefused(f"it does not take back what {action.undoes} wrote")


def _other_undo(action: Action, records: Sequence[RequestRecord], sent: Collection[str]) -> str:
    for record in records:
        for each in record.request.recovery:
            is_other = each.undoes == action.undoes and each.action_id != action.action_id
            state = record.record(each.action_id).state
            if is_other and each.action_id in sent and state not in _WITHOUT_EFFECT:
                return each.action_id
    return ""
