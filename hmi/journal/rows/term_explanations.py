"""Plain meanings of the journal's terms, for readers who know no codes."""

from collections.abc import Mapping
from typing import Any, cast

from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.tools.safe_text import plain, printable

from ...shell.terminal.templates import WHOLE

_MODES = {
    "AGENT": "agents may write as well",
    "OPERATOR": "agents may not write",
    "LOCAL": "no requests are executed there",
    "MAINTENANCE": "no requests are executed there",
}
CLASSES: Mapping[str, str] = {
    "R1": "a set point inside its normal band",
    "R2": "a start, a stop, a mode, a pulse, or a value outside its normal band",
    "R3": "a bypass, a tuning, or a tag that is not commissioned",
    "R4": "never allowed",
}
REQUEST_STATES: Mapping[str, str] = {
    "PROPOSED": "submitted",
    "DENIED": "the policy does not allow it",
    "PENDING": "it waits for approval",
    "PARTIAL": "one person has signed, another must also sign",
    "APPROVED": "enough people have signed",
    "CLOSED": "it has ended",
    "REJECTED": "a person rejected it",
    "EXPIRED": "it was not decided in time, and not rejected",
    "REVOKED": "a person revoked the approval",
    "SUPERSEDED": "a later request of the same run replaced it",
    "INVALIDATED": "what it relied on has changed, and nothing more is sent; writes sent before "
    "are listed above",
}
ACTION_STATES: Mapping[str, str] = {
    "PLANNED": "submitted, not started",
    "DUE": "ready to be sent",
    "CLAIMED": "the gate took the action, which uses its approval",
    "SENDING": "the intent is recorded, and the frame may be sent",
    "VERIFIED": "the plant shows what was sent",
    "REFUSED": "nothing changed",
    "MISMATCH": "the plant shows another value than was sent",
    "UNKNOWN": "it may have been sent, and its outcome is not known",
    "SKIPPED": "not sent: left out by the run, or already so",
    "CANCELLED": "not sent, because its request had ended",
    "INVALIDATED": "not sent: its request ended before, or a check failed",
    "ABORTED_NOT_SENT": "not sent: the action was taken up, and no intent was recorded",
    "RESOLVED_APPLIED": "a person confirmed that it was applied",
    "RESOLVED_NOT_APPLIED": "a person confirmed that it was not applied",
}
VERDICTS: Mapping[str, str] = {
    "propose": "PROPOSED IT",
    "approve": "APPROVED IT",
    "reject": "REJECTED IT",
    "revoke": "REVOKED THE APPROVAL",
    "resolve-applied": "CONFIRMED THAT IT WAS APPLIED",
    "resolve-not-applied": "CONFIRMED THAT IT WAS NOT APPLIED",
    "release": "RELEASED THE LOCKOUT",
    "revoke-key": "REVOKED A KEY",
    "grant-authority": "GRANTED AUTHORITY TO AGENTS",
    "end-maintenance": "ENDED THE MAINTENANCE",
    "resume-run": "ORDERED THE RUN TO RESUME",
    "abort-run": "ORDERED THE RUN TO ABORT",
    "start-run": "ORDERED A START",
    "clear-run": "CLEARED THE RUN",
    "sign-off-run": "SIGNED OFF A STEP",
    "answer-check": "ANSWERED A QUESTION",
    "end-shift": "ENDED THE SHIFT",
    "take-shift": "TOOK THE SHIFT",
}


def clock_time(stamp: str) -> str:
    """Returns the time of day of a stamp, UTC."""
    return stamp[11:23]


def mode_meaning(mode: str) -> str:
    """Returns what a mode of authority means."""
    return _MODES.get(mode, "an unknown mode")


def scope_text(scope: str) -> str:
    """Returns what a suspension of a scope covers."""
    return "everything" if scope == SITE_SCOPE else f"actions that depend on {scope}"


def spaced_hex(wire: object) -> str:
    """Returns bytes in pairs, such as `01 05 00 00 ff 00`."""
    text = plain(str(wire), WHOLE)
    return " ".join(text[at : at + 2] for at in range(0, len(text), 2))


def key_values(body: Mapping[str, Any]) -> str:
    """Returns each key and value of a row's body."""
    try:
        return "; ".join(f"{plain(str(key))}: {_value(item)}" for key, item in body.items())
    except RecursionError:  # agents have written it
        return "nested too deeply"


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
