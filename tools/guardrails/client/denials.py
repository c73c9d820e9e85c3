"""Errors as the gate answers them over its socket, and as the sender raises them again."""

import shlex
from collections.abc import Mapping
from typing import Any

from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import ConfigError, HandwheelError, Problem
from handwheel.connectors.hints import NEXT, next_step

from ...errors import (
    GuardrailError,
    InterlockActive,
    InvalidArguments,
    LedgerError,
    PermitRefused,
    PolicyViolation,
    ToolFailed,
    TooManyRequests,
)
from ..approval.messages.run_requests import OrderPending
from ..ledger.store.database import LostRace
from ..signatures.decisions import DecisionRefused, Reason

_COMMAND = "handwheel"
_CODES: Mapping[str, type[HandwheelError]] = {
    "arguments": InvalidArguments,
    "configuration": ConfigError,
    "decision": DecisionRefused,
    "failed": ToolFailed,
    "guardrail": GuardrailError,
    "interlock": InterlockActive,
    "ledger": LedgerError,
    "lost-race": LostRace,
    "order-pending": OrderPending,
    "permit": PermitRefused,
    "policy": PolicyViolation,
    "too-many-requests": TooManyRequests,
}
"""Stable codes of errors. The sender raises any other, such as a newer gate's, as `LedgerError`."""
_CODE_OF = {kind: code for code, kind in _CODES.items()}
_REJECTIONS: Mapping[str, type[HandwheelError]] = {
    "other-site": InvalidArguments,
    "other-user": PermitRefused,
    "too-large": InvalidArguments,
}
"""Codes of messages that the gate has rejected unread."""


def denial_of(error: HandwheelError) -> Denial:
    """Returns an error as the answer to a message.

    The command that leads on is named without the gate's own folder.
    """
    code = next((_CODE_OF[kind] for kind in type(error).__mro__ if kind in _CODE_OF), "ledger")
    reason = str(error)
    return Denial(code, reason, " ".join((_COMMAND, *words)) if (words := _next(reason)) else "")


def denial_fields(denial: Denial) -> dict[str, str]:
    """Returns a denial as fields for JSON."""
    return {"code": denial.code, "reason": denial.reason, "lifted_by": denial.lifted_by}


def error_of(fields: Mapping[str, Any]) -> HandwheelError:
    """Returns the error of a denial's fields, which names commands as this process does."""
    reason = str(fields.get("reason", "the gate gives no reason"))
    kind = {**_CODES, **_REJECTIONS}.get(str(fields.get("code")), LedgerError)
    if kind is DecisionRefused:
        try:
            return DecisionRefused(Reason(reason))
        except ValueError:
            kind = GuardrailError
    if words := _next(reason):
        reason = f"{reason.rpartition(NEXT)[0]}{next_step(*words)}"
    if kind is ConfigError:
        return ConfigError([Problem("", 0, 0, "", reason)])
    return kind(reason)


def _next(reason: str) -> list[str]:
    """Returns the command at the end of a reason without its first word, or nothing."""
    _, mark, command = reason.rpartition(NEXT)
    try:
        words = shlex.split(command) if mark else []
    except ValueError:
        return []
    return words[1:] if words[:1] == [_COMMAND] else []
