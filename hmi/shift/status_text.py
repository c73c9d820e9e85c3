"""State of a site as one page of text, and as JSON fields."""

from collections.abc import Iterable, Mapping

from handwheel.connectors.hints import next_step
from handwheel.tools.append_only_store import IF_DAMAGED
from handwheel.tools.guardrails.interlocks.authority import AuthorityStatus
from handwheel.tools.requests.timestamps import stamp
from handwheel.tools.safe_text import plain

from ..notices.deliveries import delivery_lines, recent_counts
from ..shell.terminal.templates import render
from .site_status import LOOKED_AT, SiteStatus
from .waiting import NOTHING

INDENT = 13
"""Column in which the text of each part begins."""


def status_lines(status: SiteStatus) -> list[str]:
    """Returns the page, where each part begins with its name in the first column."""
    holders: dict[str, list[str]] = {}
    for name, each in status.authority.items():
        holders.setdefault(_holder(each), []).append(name)
    page = render(
        "handwheel.hmi.shift",
        "status.txt.j2",
        status=status,
        at=stamp(status.at.wall)[:19],
        authority=holders,
        is_written=any(map(status.site.is_writable, status.site.tags.values())),
        looked_at=LOOKED_AT,
        next_step=next_step,
        nothing=NOTHING,
        notices=_notices(status),
    )
    return page.splitlines()


def _holder(status: AuthorityStatus) -> str:
    if not status.person:
        return "OPERATOR, never granted to agents"
    until = f", until {status.until[:19]}Z" if status.until else ""
    fault = "" if status.is_valid else f", NOT VALID ({status.reason})"
    return f"{status.mode} by {plain(status.person)}{until}{fault}"


def _notices(status: SiteStatus) -> Iterable[str]:
    if status.unread_notices:
        return [f"not known: {status.unread_notices}; {IF_DAMAGED}"]
    has_agents = status.gate is None or status.agents_pid is not None
    return delivery_lines(status.deliveries, status.at.wall, has_agents=has_agents)


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
