"""The journal's rows about heartbeats, leases, effects and requests that nobody was asked about."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from handwheel.tools.safe_text import printable

from ...requests.effect_text import effect_line
from ...shell.terminal.plural import counted
from .terms import moment

Words = Callable[[str, Mapping[str, Any]], str]


def row_text(kind: str, subject: str, body: Mapping[str, Any]) -> str | None:
    """Returns a row in words of its own; `None` if nobody has chosen words for its kind.

    Args:
        subject: What the row is about.
    """
    if kind.startswith("effect."):
        return effect_line(kind, body)
    words = _WORDS.get(kind)
    return words(printable(subject), body) if words else None


def _heartbeat_started(subject: str, body: Mapping[str, Any]) -> str:
    scope, until = _text(body, "scope"), moment(str(body.get("until")))
    return (
        f"gate {_text(body, 'epoch')} began to write the heartbeat of {subject} into "
        f"{_text(body, 'tag')}, for {scope} is handed over until {until}"
    )


def _heartbeat_stopped(subject: str, body: Mapping[str, Any]) -> str:
    count = body.get("count")
    last = "no count went" if count == -1 else f"the last count was {_text(body, 'count')}"
    unanswered = body.get("unanswered")
    doubt = (
        f", and nobody knows what became of {counted(unanswered, 'count')}"
        if isinstance(unanswered, int) and unanswered > 0
        else ""
    )
    return (
        f"gate {_text(body, 'epoch')} no longer writes the heartbeat of {subject}: "
        f"{_text(body, 'reason')}; {last}{doubt}"
    )


def _heartbeat_failed(subject: str, body: Mapping[str, Any]) -> str:
    return (
        f"the heartbeat of {subject} FAILED, {_text(body, 'times')} counts in a row into "
        f"{_text(body, 'tag')} came to nothing: {_text(body, 'reason')}"
    )


def _lease_open(subject: str, body: Mapping[str, Any]) -> str:
    return (
        f"THE LEASE BROKE OFF, and it stays open: {open_write_text(body)}: {_text(body, 'reason')}"
    )


def open_write_text(body: Mapping[str, Any]) -> str:
    """Returns what a lease has left as it was written: `PIC-102.sp = 360 kPa (was 350 kPa)`."""
    return f"{_text(body, 'tag')} = {_text(body, 'wrote')} (was {_text(body, 'was')})"


def _refused(subject: str, body: Mapping[str, Any]) -> str:
    tags: object = body.get("tags")
    names = cast("list[object]", tags) if isinstance(tags, list) else []
    named = ", ".join(printable(str(each)) for each in names)
    return (
        f"{subject} wanted to ask for {named or 'a write'}, and it was not filed: "
        f"{_text(body, 'reason')}"
    )


def _text(body: Mapping[str, Any], key: str) -> str:
    return printable(str(body.get(key, "unknown")))


_WORDS: Mapping[str, Words] = {
    "heartbeat.started": _heartbeat_started,
    "heartbeat.stopped": _heartbeat_stopped,
    "heartbeat.failed": _heartbeat_failed,
    "lease.open": _lease_open,
    "lease.lost": lambda subject, body: (
        f"nobody looks after the run any more, so its writes are taken back: "
        f"{_text(body, 'reason')}"
    ),
    "lease.seen_back": lambda subject, body: f"no longer open: {_text(body, 'reason')}",
    "request.refused": _refused,
}
