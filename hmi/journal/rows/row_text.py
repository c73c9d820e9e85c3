"""Texts for rows about heartbeats, leases, effects and refused requests."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from handwheel.tools.safe_text import printable

from ...requests.write_followup import effect_line
from ...shell.terminal.plural import counted
from .term_explanations import moment

Words = Callable[[str, Mapping[str, Any]], str]


def row_text(kind: str, subject: str, body: Mapping[str, Any]) -> str | None:
    """Returns the text of a row, or `None` if its kind has no text here."""
    if kind.startswith("effect."):
        return effect_line(kind, body)
    words = _WORDS.get(kind)
    return words(printable(subject), body) if words else None


def _heartbeat_started(subject: str, body: Mapping[str, Any]) -> str:
    scope, until = value_of(body, "scope"), moment(str(body.get("until")))
    return (
        f"gate {value_of(body, 'epoch')} started to write the heartbeat of {subject} to "
        f"{value_of(body, 'tag')}; {scope} is granted to agents until {until}"
    )


def _heartbeat_stopped(subject: str, body: Mapping[str, Any]) -> str:
    count = body.get("count")
    last = "no count was sent" if count == -1 else f"the last count was {value_of(body, 'count')}"
    unanswered = body.get("unanswered")
    doubt = (
        f"; {counted(unanswered, 'count')} got no answer"
        if isinstance(unanswered, int) and unanswered > 0
        else ""
    )
    return (
        f"gate {value_of(body, 'epoch')} stopped the heartbeat of {subject}: "
        f"{value_of(body, 'reason')}; {last}{doubt}"
    )


def _heartbeat_failed(subject: str, body: Mapping[str, Any]) -> str:
    return (
        f"the heartbeat of {subject} FAILED: {value_of(body, 'times')} counts in a row to "
        f"{value_of(body, 'tag')} were not written: {value_of(body, 'reason')}"
    )


def _lease_open(subject: str, body: Mapping[str, Any]) -> str:
    return f"LEASE ABORTED, write not undone: {open_write_text(body)}: {value_of(body, 'reason')}"


def open_write_text(body: Mapping[str, Any]) -> str:
    """Returns a write that its lease left in place, with the value before it."""
    return f"{value_of(body, 'tag')} = {value_of(body, 'wrote')} (was {value_of(body, 'was')})"


def _refused(subject: str, body: Mapping[str, Any]) -> str:
    tags: object = body.get("tags")
    names = cast("list[object]", tags) if isinstance(tags, list) else []
    named = ", ".join(printable(str(each)) for each in names)
    proposed = f"{subject} proposed {named or 'a write'}"
    return f"{proposed}, and no request was made: {value_of(body, 'reason')}"


def value_of(body: Mapping[str, Any], key: str) -> str:
    """Returns a value of a row as text, `unknown` if it is missing."""
    return printable(str(body.get(key, "unknown")))


_WORDS: Mapping[str, Words] = {
    "heartbeat.started": _heartbeat_started,
    "heartbeat.stopped": _heartbeat_stopped,
    "heartbeat.failed": _heartbeat_failed,
    "lease.open": _lease_open,
    "lease.lost": lambda subject, body: (
        f"no process works on the run, so its writes are undone: {value_of(body, 'reason')}"
    ),
    "lease.seen_back": lambda subject, body: f"the write is undone: {value_of(body, 'reason')}",
    "request.refused": _refused,
}
