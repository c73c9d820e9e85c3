"""The journal's terms in the words of somebody who reads nothing else."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, cast

from handwheel.tools.requests.stamps import parse_stamp
from handwheel.tools.safe_text import plain, printable

WHOLE = 24_000
"""How much is shown of a text that a person must be able to read to its end."""

CLASSES: Mapping[str, str] = {
    "R1": "a set point inside its normal band",
    "R2": "a start, a stop, a mode, a pulse, or a value outside its normal band",
    "R3": "a bypass, a tuning, or something that was not commissioned",
    "R4": "never allowed",
}
REQUEST_STATES: Mapping[str, str] = {
    "PROPOSED": "filed",
    "DENIED": "the policy does not allow it; nobody was asked",
    "PENDING": "it waits for people to decide",
    "PARTIAL": "one person has signed, and another must",
    "APPROVED": "enough people have signed",
    "CLOSED": "it is over",
    "REJECTED": "a person said no",
    "EXPIRED": "nobody decided in time; this is nobody's rejection",
    "REVOKED": "a person took the approval back",
    "SUPERSEDED": "a later request of the same run took its place",
    "INVALIDATED": "what it rested on is no longer so; nothing more is sent; of what was sent "
    "before, see above",
}
ACTION_STATES: Mapping[str, str] = {
    "PLANNED": "filed, nothing done",
    "DUE": "its turn",
    "CLAIMED": "the gate took it up; its approval is used by that",
    "SENDING": "the intent to send is on disk; the frame may leave",
    "VERIFIED": "the plant shows what was sent",
    "REFUSED": "nothing changed",
    "MISMATCH": "the plant shows something else than was sent",
    "UNKNOWN": "it may have been sent, and nobody knew what became of it",
    "SKIPPED": "left out by the run",
    "CANCELLED": "not sent, its request was over",
    "INVALIDATED": "not sent: it was ended before its turn, or stopped by a check",
    "ABORTED_NOT_SENT": "not sent, the gate ended before it could",
    "RESOLVED_APPLIED": "a person found that it was done",
    "RESOLVED_NOT_APPLIED": "a person found that it was not done",
}
VERDICTS: Mapping[str, str] = {
    "propose": "ASKED FOR IT",
    "approve": "APPROVED IT",
    "reject": "REJECTED IT",
    "revoke": "TOOK THE APPROVAL BACK",
    "resolve-applied": "FOUND THAT IT WAS DONE",
    "resolve-not-applied": "FOUND THAT IT WAS NOT DONE",
    "release": "RELEASED THE LOCKOUT",
    "revoke-key": "REVOKED A KEY",
    "hand-over": "HANDED OVER TO AGENTS",
    "resume-run": "ORDERED THE RUN TO RESUME",
    "abort-run": "ORDERED THE RUN TO ABORT",
    "clear-run": "CLEARED THE RUN",
    "end-shift": "ENDED THE SHIFT",
    "take-shift": "TOOK THE SHIFT",
}


def moment(stamp: str) -> str:
    """Returns a stamp as date, time and day of the week, in UTC."""
    try:
        at = parse_stamp(stamp).astimezone(UTC)
    except ValueError:
        return f"at a time that cannot be read: {plain(stamp)}"
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC ({at:%A})"


def clock_time(stamp: str) -> str:
    """Returns the time of day of a stamp, UTC."""
    return plain(stamp)[11:23] or "time unknown"


def spaced_hex(wire: object) -> str:
    """Returns bytes as people compare them: `01 05 00 00 ff 00`."""
    text = plain(str(wire), WHOLE)
    return " ".join(text[at : at + 2] for at in range(0, len(text), 2))


def key_values(body: Mapping[str, Any]) -> str:
    """Returns the body of any row in words that nobody has chosen for it: each key and value."""
    return "; ".join(f"{plain(str(key))}: {_value(item)}" for key, item in body.items())


def _value(item: object) -> str:
    if isinstance(item, Mapping):
        table = cast("Mapping[str, Any]", item)
        return f"({key_values(table)})"
    if isinstance(item, list):
        return ", ".join(_value(each) for each in cast("list[object]", item)) or "none"
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, float):
        return f"{item:g}"
    return printable(str(item))
