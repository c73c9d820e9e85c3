"""Checks that there is something to undo, and that a recovery action undoes it."""

from collections.abc import Collection, Sequence

from ....errors import PermitRefused
from ....requests.request import Action
from ...interlocks.action_order import other_undos, states_of
from ...ledger.intents import has_intent, was_not_sent
from ...ledger.records import RequestRecord, load_run
from ..state.execution import Execution


def check_recovery(execution: Execution) -> None:
    """Raises `PermitRefused` for a recovery that has nothing to undo, or does not undo it."""
    action, run = execution.action, execution.record.request.run
    if action.kind != "recovery":
        return
    database = execution.context.database
    records = load_run(database, run.run_id) if run else [execution.record]
    names = [each.action_id for record in records for each in record.actions]
    intents = {name for name in names if has_intent(database, name)}
    if run and not intents:
        raise PermitRefused(f"there is nothing to undo: run {run.run_id} has sent nothing")
    if run and action.undoes is None:  # a safe state may be wanted whatever was sent
        return
    sent = {name for name in intents if not was_not_sent(database, name)}
    _check_undo(action, records, sent, intents)


def _check_undo(
    action: Action,
    records: Sequence[RequestRecord],
    sent: Collection[str],
    intents: Collection[str],
) -> None:
    command = next(
        (
            each
            for record in records
            for each in record.request.commands
            if each.action_id == action.undoes
        ),
        None,
    )
    if command is None or command.action_id not in sent:
        raise PermitRefused(f"there is nothing to undo: {action.undoes} was not sent")
    states = [(record.request, states_of(record)) for record in records]
    for other in other_undos(action, states, intents):
        raise PermitRefused(f"{other} has taken {action.undoes} back already")
    expected = [(each.tag, type(each.value), each.value) for each in action.expected]
    if action.tag != command.tag or expected != [(command.tag, type(command.value), command.value)]:
        raise PermitRefused(f"it does not undo what {action.undoes} wrote")
