"""State of a site as one page of text, and as JSON fields."""

from collections.abc import Iterable, Iterator, Mapping

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import next_step
from handwheel.tools.append_only_store import IF_DAMAGED
from handwheel.tools.guardrails.interlocks.authority import AuthorityStatus
from handwheel.tools.requests.timestamps import stamp
from handwheel.tools.safe_text import plain, printable

from ..notices.delivery_text import delivery_lines, recent_counts
from ..shell.terminal.plural import counted
from .site_status import LOOKED_AT, ConnectionStatus, SiteStatus
from .waiting import NOTHING

INDENT = 13
"""Column in which the text of each part begins."""

_MOST = 8  # alarms, or work orders


def status_lines(status: SiteStatus) -> Iterator[str]:
    """Yields the page, where each part begins with its name in the first column."""
    count = len(status.waiting)
    waits = f"{count} {'waits' if count == 1 else 'wait'} for a person" if count else NOTHING
    yield f"{plain(status.site.id)}, {stamp(status.at.wall)[:19]}Z: {waits}"
    parts: dict[str, Iterable[str]] = {
        "processes": _processes(status),
        "connections": map(_connection, status.connections),
        "authority": _authority(status.authority),
        "alarms": _alarms(status),
        "waiting": _waiting(status),
        "last hour": _last_hour(status),
    }
    if status.site.notices:
        has_agents = status.gate is None or status.agents_pid is not None
        found = delivery_lines(status.deliveries, status.at.wall, has_agents=has_agents)
        unread = status.unread_notices
        parts["notices"] = [f"not known: {printable(unread)}; {IF_DAMAGED}"] if unread else found
    for name, lines in parts.items():
        for number, line in enumerate([*lines] or ["none"]):
            yield f"{'' if number else name:<{INDENT}}{line}"


def _processes(status: SiteStatus) -> Iterator[str]:
    is_written = any(map(status.site.is_writable, status.site.tags.values()))
    start_gate = f"; {next_step('gate')}" if is_written else ""
    start_agents = f"; {next_step('run')}" if is_written else ""
    if status.gate is None:
        yield f"gate    not running{start_gate}"
        yield "agents  not known without a gate"
    else:
        words = [each.words for each in status.gate.suspended]
        yield f"gate    {'; '.join(words) or 'at work'}"
        if status.agents_pid is None:
            yield f"agents  not running{start_agents}"
        else:
            yield f"agents  at work, process {status.agents_pid}"
    yield f"plant   {_plant(status)}"
    if not is_written:
        yield "site    only reads: no tag is writable"


def _plant(status: SiteStatus) -> str:
    simulated = sum(each.is_simulated for each in status.connections)
    if not simulated:
        return "your own devices"
    if simulated < len(status.connections):
        return f"your own devices, and {counted(simulated, 'simulated connection')}"
    if all(each.reason for each in status.connections):
        return "simulated, does not answer"
    if status.plant_time_s is None:
        return "simulated, answers"
    return f"simulated, answers, plant time {format_duration(round(status.plant_time_s))}"


def _connection(connection: ConnectionStatus) -> str:
    name = plain(connection.name)
    if connection.reason:
        return f"{name}  DOWN: {printable(connection.reason)}"
    read, every = connection.looked_at, connection.tags
    if not every:
        return f"{name}  not asked, because tags.yaml has no tag of it"
    quality = "all good" if connection.good == read else f"{connection.good} good"
    some = "" if read == every else f" (alarms, clock and the first {LOOKED_AT} others)"
    return f"{name}  answers, {read} of {counted(every, 'tag')} read{some}, {quality}"


def _authority(authority: Mapping[str, AuthorityStatus]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for name, each in authority.items():
        groups.setdefault(_holder(each), []).append(plain(name))
    for holder, names in groups.items():
        yield f"{holder}: {', '.join(names)}"


def _holder(status: AuthorityStatus) -> str:
    if not status.person:
        return "OPERATOR, never granted to agents"
    until = f", until {status.until[:19]}Z" if status.until else ""
    fault = "" if status.is_valid else f", NOT VALID ({printable(status.reason)})"
    return f"{status.mode} by {plain(status.person)}{until}{fault}"


def _alarms(status: SiteStatus) -> Iterator[str]:
    if not status.has_alarms:
        yield "not known: tags.yaml has no tag NAME.active, which would be an alarm"
    for tag in status.alarms[:_MOST]:
        yield f"{plain(tag.name)}  {printable(tag.label)}".rstrip()
    if (more := len(status.alarms) - _MOST) > 0:
        yield f"and {more} more"
    if status.unknown_alarms:
        yield f"{counted(status.unknown_alarms, 'alarm')} not known, since unread or not good"


def _waiting(status: SiteStatus) -> Iterator[str]:
    """Yields all that the first line counts, of the work orders only some."""
    orders = [each for each in status.waiting if each.kind == "work_order"]
    others = [each for each in status.waiting if each.kind != "work_order"]
    for each in [*others, *orders[:_MOST]]:
        yield from each.lines
    if (more := len(orders) - _MOST) > 0:
        yield f"and {counted(more, 'work order')} more; {next_step('workorders', 'list')}"


def _last_hour(status: SiteStatus) -> Iterator[str]:
    for what, counts in (("request", status.requests), ("run", status.runs)):
        states = ", ".join(f"{number} {state}" for state, number in counts.items())
        sent = status.sent if what == "request" else 0
        after = f"; {sent} of them ended early, after writes had been sent" if sent else ""
        yield f"{counted(sum(counts.values()), what)}{f': {states}' if states else ''}{after}"


def status_fields(status: SiteStatus) -> dict[str, object]:
    """Returns the state as JSON fields."""
    return {
        "site": status.site.id,
        "at": stamp(status.at.wall),
        "gate": {
            "running": status.gate is not None,
            "epoch": status.gate.epoch if status.gate else None,
            "suspended": [each.words for each in status.gate.suspended] if status.gate else [],
        },
        "agents": {
            "running": None if status.gate is None else status.agents_pid is not None,
            "pid": status.agents_pid,
        },
        "connections": [
            {"name": each.name, "simulated": each.is_simulated, "reason": each.reason,
             "tags": each.looked_at, "of": each.tags, "good": each.good}
            for each in status.connections
        ],
        "plant_time_s": status.plant_time_s,
        "authority": {
            name: {"mode": each.mode, "person": each.person, "until": each.until,
                   "agents": not each.reason}
            for name, each in status.authority.items()
        },
        "alarms": [{"tag": each.name, "label": each.label} for each in status.alarms],
        "unknown_alarms": status.unknown_alarms,
        "waiting": [
            {"kind": each.kind, "subject": each.subject, "text": each.text,
             "details": list(each.details), "commands": list(each.commands)}
            for each in status.waiting
        ],
        "last_hour": {"requests": dict(status.requests), "ended_after_sending": status.sent,
                      "runs": dict(status.runs)},
        "notices": _notice_fields(status),
    }  # fmt: skip


def _notice_fields(status: SiteStatus) -> Mapping[str, object] | None:
    if status.site.notices is None:
        return None
    if status.unread_notices:
        return {"not_known": status.unread_notices}
    return recent_counts(status.deliveries, status.at.wall)
