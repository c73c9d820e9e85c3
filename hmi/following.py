"""Follows an approved request to its end, line by line."""

import time

import typer

from handwheel.tools.guardrails.ledger.database import Database
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.transitions import OPEN_REQUESTS, ActionState
from handwheel.tools.requests.stamps import instant_now

from .request_lines import action_line

_POLL_S = 0.1


def follow(database: Database, request_id: str) -> bool:
    """Tells what becomes of a request until it is over, or held for a person.

    Ctrl-C ends the telling, not what was approved.

    Returns:
        Whether every command is verified.
    """
    told: dict[str, ActionState] = {}
    while True:
        record = load_request(database, request_id)
        for each in record.actions:
            if each.state is not ActionState.PLANNED and told.get(each.action_id) != each.state:
                told[each.action_id] = each.state
                typer.echo(action_line(each))
        if is_over(record):
            typer.echo("  ".join((record.request.request_id, *record.standing)))
            return is_verified(record)
        sweep(database, instant_now())
        time.sleep(_POLL_S)


def is_over(record: RequestRecord) -> bool:
    """Whether nothing more will happen to it unless a person acts."""
    is_moving = any(
        each.state in {ActionState.CLAIMED, ActionState.SENDING} for each in record.actions
    )
    return not is_moving and (bool(record.unresolved) or record.state not in OPEN_REQUESTS)


def is_verified(record: RequestRecord) -> bool:
    """Whether every command is verified."""
    names = {each.action_id for each in record.request.commands}
    return all(
        each.state is ActionState.VERIFIED for each in record.actions if each.action_id in names
    )
