"""Formats requests and actions as lines and as fields for JSON."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

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
from ..shell.terminal.show import Column, line_of

NO_NOTES: Mapping[str, Sequence[str]] = MappingProxyType({})

_STUCK = {
    ActionState.DUE: "the action is not sent",
    ActionState.CLAIMED: "the action waits",
    ActionState.SENDING: "the action may have been sent",
}


def request_columns(
    now: Instant, *, has_gate: bool = True, notes: Mapping[str, Sequence[str]] = NO_NOTES
) -> list[Column[ListedRequest]]:
    """Returns the columns of a list of requests, with notes on some of them by their id.

    Without a gate an action that is due or under way does not advance, nothing can be resolved,
    and no time is left.
    """
    return [
        Column("request", "request_id"),
        Column("state", lambda each: _standing(each, has_gate=has_gate)[0], width=11, gap=1),
        Column("class", "risk_class"),
        Column("writes", _writes),
        Column("left", lambda each: _left(each, now) if has_gate else ""),
        Column("why", lambda each: _standing(each, has_gate=has_gate)[1]),
        Column("origin", _origin),
        Column("notes", lambda each: "  ".join(notes.get(each.request_id, ()))),
    ]


def request_line(request: ListedRequest, now: Instant, *, has_gate: bool = True) -> str:
    """Returns a request as one line."""
    return line_of(request, request_columns(now, has_gate=has_gate))


def _standing(request: ListedRequest, *, has_gate: bool) -> tuple[str, str]:
    """Returns the state and, unless the request waits for approval, the reason."""
    stuck = None if has_gate else stuck_action(request.actions)
    state, why = (stuck.state, stuck_text(stuck)) if stuck else request.status
    if not (has_gate or stuck):
        why = why.partition(f"; {NEXT}")[0]  # which needs a gate
    return state, "" if request.state in WAITING_REQUESTS else why


def _left(request: ListedRequest, now: Instant) -> str:
    waited = now.since_s(request.filed) if request.state in WAITING_REQUESTS else None
    return f"{format_duration(max(request.within_s - waited, 0.0))} left" if waited else ""


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
