"""Follows an approved request and prints each change."""

import typer

from handwheel.connectors.hints import next_step
from handwheel.playbooks.engine.states import INACTIVE, RunState
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.client.stopped_agents import have_agents_stopped
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import OPEN_REQUESTS, ActionState, RequestState
from handwheel.tools.requests.timestamps import instant_now

from ..shell.cli.ledger_wait import wait_for_change
from ..shell.terminal.wrap import fold
from .request_text import action_line, stuck_action, stuck_text
from .write_followup import lease_text

_POLL_S = 0.2
_DONE = frozenset({ActionState.VERIFIED, ActionState.SKIPPED})


def follow(database: Ledger, request_id: str) -> bool:
    """Prints each change of a request until it has ended or is held for a person.

    Ctrl-C ends the printing, not the approval. A missing gate is reported once, and the printing
    continues. Returns whether every command is verified.
    """
    printed: dict[str, ActionState] = {}
    is_warned = False
    while True:
        record = load_request(database, request_id)
        for each in record.actions:
            if each.state is not ActionState.PLANNED and printed.get(each.action_id) != each.state:
                printed[each.action_id] = each.state
                _print(action_line(each))
        if is_complete(database, record):
            now = instant_now()
            lease = lease_text(database, record, read_snapshot(database), now)
            status: tuple[str, ...] = record.status
            if record.request.run and is_done(record) and record.state in OPEN_REQUESTS:
                status = ("every command is verified",)  # it stays open with the run
            words = (record.request.request_id, *status, lease)
            _print("  ".join(filter(None, words)))
            _print_run(database, record)
            return is_done(record)
        is_warned = is_warned or _warn_of_no_gate(database, record)
        wait_for_change(database, _POLL_S)


def _print(line: str) -> None:
    typer.echo(fold(line))


def _warn_of_no_gate(database: Ledger, record: RequestRecord) -> bool:
    """Prints the action that waits for a gate, and returns whether there is one."""
    action = stuck_action(record.actions)
    if action is None:
        return False
    try:
        if read_snapshot(database) is not None:
            return False
        words = stuck_text(action)
    except LedgerError as error:
        words = str(error)
    _print(f"{action.action_id}  {action.state}  {words}")
    return True


def is_complete(database: Ledger, record: RequestRecord) -> bool:
    """Returns whether the request has ended, is done, or is in its lease."""
    if record.request.run:
        return is_over(record) or is_done_for_a_run(database, record)
    in_lease = record.request.lease is not None and is_done(record)
    return is_over(record) or (in_lease and record.state is RequestState.APPROVED)


def is_over(record: RequestRecord) -> bool:
    """Returns whether nothing more happens to it unless a person acts."""
    is_open = record.state in OPEN_REQUESTS
    return not _is_moving(record) and (bool(record.unresolved) or not is_open)


def is_done_for_a_run(database: Ledger, record: RequestRecord) -> bool:
    """Returns whether a run's request is done, although it stays open with the run.

    It is done if every command is verified, if the run has stopped, or if no process works on it.
    """
    run = record.request.run
    if run is None or _is_moving(record):
        return False
    if is_done(record) or have_agents_stopped(database, instant_now()):
        return True
    return load_run(database, run.run_id).state in INACTIVE


def _is_moving(record: RequestRecord) -> bool:
    return any(each.state in {ActionState.CLAIMED, ActionState.SENDING} for each in record.actions)


def _print_run(database: Ledger, record: RequestRecord) -> None:
    if record.request.run is None:
        return
    run_id, latest = record.request.run.run_id, (record.request.request_id,)
    run = load_run(database, run_id)
    more = ""
    if have_agents_stopped(database, instant_now()):
        more = f"; no process works on it; {next_step('run')}"
    elif run.state is RunState.WAITING_APPROVAL and run.requests[-1:] == latest:
        more = "; it hears of the decision with its next scan"
    elif is_done(record) and run.state not in INACTIVE:
        more = "; it continues and may submit another request"
    _print(f"run {run_id} is {run.state}{more}")
    _print(next_step("runs", "show", run_id))


def is_done(record: RequestRecord) -> bool:
    """Returns whether every command is verified or was so already."""
    names = {each.action_id for each in record.request.commands}
    return all(each.state in _DONE for each in record.actions if each.action_id in names)
