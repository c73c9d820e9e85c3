"""Requests as lines for people and as fields for programs."""

from handwheel.connectors.durations import format_duration
from handwheel.tools.guardrails.ledger.records import ActionRecord, RequestRecord
from handwheel.tools.guardrails.ledger.transitions import WAITING_REQUESTS
from handwheel.tools.guardrails.printable import plain, printable
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.stamps import Instant

_RUN_FIELDS = ("run_id", "playbook", "version", "segment")


def request_line(record: RequestRecord, now: Instant) -> str:
    """Returns one line: id, state, class, what is to be written, how long it waits still."""
    request = record.request
    writes = ", ".join(
        f"{plain(each.tag)} = {printable(each.shown)} {printable(each.unit)}".rstrip()
        for each in request.commands
    )
    left = ""
    if record.state in WAITING_REQUESTS:
        waited = now.since_s(record.filed)
        left = f"  {format_duration(max(request.within_s - waited, 0.0))} left" if waited else ""
    state, why = record.standing
    reason = "" if record.state in WAITING_REQUESTS else f"  {why}"
    origin = f"  {_origin(request)}" if request.run else ""
    return f"{request.request_id}  {state:<11} {request.risk_class}  {writes}{left}{reason}{origin}"


def _origin(request: ActionRequest) -> str:
    """Returns which run asks, of which playbook, and for which of its steps."""
    if request.run is None:
        return ""
    steps = dict.fromkeys(plain(each.step) for each in request.commands if each.step)
    return f"({request.run.run_id}, {plain(request.run.playbook)}: {', '.join(steps)})"


def action_line(action: ActionRecord) -> str:
    """Returns where an action stands, and why."""
    return f"{plain(action.action_id)}  {action.state}  {printable(action.reason)}".rstrip()


def request_fields(record: RequestRecord) -> dict[str, object]:
    """Returns the request for programs."""
    request = record.request
    return {
        "request_id": request.request_id,
        "digest": record.digest,
        "state": record.state.value,
        "reason": record.reason,
        "risk_class": request.risk_class,
        "roles": request.roles,
        "quorum": request.quorum,
        "proposer": request.proposer.name,
        "why": request.reason,
        "filed_at": request.filed_at,
        "within_s": request.within_s,
        "run": request.run and request.run.model_dump(include={*_RUN_FIELDS}),
        "actions": [
            {
                "action_id": each.action_id,
                "tag": record.action(each.action_id).tag,
                "value": record.action(each.action_id).value,
                "wire": record.action(each.action_id).wire,
                "step": record.action(each.action_id).step,
                "state": each.state.value,
                "reason": each.reason,
            }
            for each in record.actions
        ],
    }
