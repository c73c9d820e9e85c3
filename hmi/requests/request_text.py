"""Formats requests and actions as lines and as fields for JSON."""

from collections.abc import Sequence
from datetime import timedelta

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import NEXT, next_step
from handwheel.tools.guardrails.client.request_fields import request_fields
from handwheel.tools.guardrails.ledger.listing import ListedRequest, listed
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_exactly
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import (
    WAITING_REQUESTS,
    ActionRecord,
    ActionState,
)
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import plain, printable

from ..shell.cli.json_result import tell_result

_STUCK = {
    ActionState.DUE: "the action is not sent",
    ActionState.CLAIMED: "the action waits",
    ActionState.SENDING: "the action may have been sent",
}


def request_line(request: ListedRequest, now: Instant, *, has_gate: bool = True) -> str:
    """Returns a line with id, state, risk class, writes and remaining time.

    Without a gate an action that is due or under way does not advance, nothing can be resolved,
    and no time is left.
    """
    left = ""
    if has_gate and request.state in WAITING_REQUESTS:
        waited = now.since_s(request.filed)
        left = f"  {format_duration(max(request.within_s - waited, 0.0))} left" if waited else ""
    stuck = None if has_gate else stuck_action(request.actions)
    state, why = (stuck.state, stuck_text(stuck)) if stuck else request.status
    if not (has_gate or stuck):
        why = why.partition(f"; {NEXT}")[0]  # which needs a gate
    reason = "" if request.state in WAITING_REQUESTS else f"  {why}"
    origin = f"  {found}" if (found := _origin(request)) else ""
    wanted = f"{request.risk_class}  {_writes(request)}"
    return f"{request.request_id}  {state:<11} {wanted}{left}{reason}{origin}"


def waiting_text(request: ListedRequest) -> str:
    """Returns that a request waits and until when, for a message that is read later."""
    until = request.filed.wall + timedelta(seconds=request.within_s)
    waits = f"{request.request_id} waits for approval until {until:%Y-%m-%d %H:%M:%S} UTC"
    origin = f" {found}" if (found := _origin(request)) else ""
    return f"{waits}: {_writes(request)}, {request.risk_class}{origin}"


def _writes(request: ListedRequest) -> str:
    return ", ".join(
        f"{plain(each.tag)} = {printable(each.shown)} {printable(each.unit)}".rstrip()
        for each in request.commands
    )


def _origin(request: ListedRequest) -> str:
    if request.run is None:
        return f"({request.proposer})" if request.is_guest else ""
    steps = dict.fromkeys(plain(each.step) for each in request.commands if each.step)
    run = {name: plain(str(value)) for name, value in request.run.items()}
    return f"({run['run_id']}, {run['playbook']}: {', '.join(steps)})"


def stuck_action(actions: Sequence[ActionRecord]) -> ActionRecord | None:
    """Returns the action that is due or under way and needs a gate to advance."""
    return next((each for each in actions if each.state in _STUCK), None)


def stuck_text(action: ActionRecord) -> str:
    """Returns the state of an action without a gate, and how to start one."""
    return f"no gate is running, {_STUCK[action.state]}; {next_step('gate')}"


def action_line(action: ActionRecord) -> str:
    """Returns the state of an action and its reason."""
    return f"{plain(action.action_id)}  {action.state}  {printable(action.reason)}".rstrip()


def tell_request(database: Ledger, record: RequestRecord) -> RequestRecord:
    """Tells how a request stands now as the result of the command, and returns it."""
    now = load_exactly(database, record.request.request_id)
    tell_result(**request_fields(listed(now)))
    return now
