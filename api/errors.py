"""Errors of Handwheel, each by who must act.

HandwheelError
├─ ConfigError            the engineer: file, line, column, key, reason; all problems at once
├─ ConnectorError         a device or the connection to it
│  ├─ NotConnected        every endpoint that is down, in one error
│  ├─ WriteRefused        refused by the device or not sent; nothing changed
│  └─ WriteOutcomeUnknown sent, not acknowledged; read back and ask, never send again
├─ GuardrailError         a guardrail denies it
│  ├─ PolicyViolation     the policy forbids it, or no rule allows it
│  │  └─ TooManyRequests  one waits already, or the same was rejected a short time ago
│  ├─ InterlockActive     the state of the plant does not allow it
│  └─ PermitRefused       no valid approval covers it
├─ ToolError
│  ├─ InvalidArguments    the caller may correct it
│  └─ ToolFailed          final
├─ LedgerError            the ledger cannot be read or changed
│  └─ NoGate              no gate runs, and only a gate changes the ledger
├─ BadQuality             a number was asked of values that are not good
├─ NoAgents               no `handwheel run` takes what a program asks for
└─ NotRunning             a simulated site does not start
"""

from handwheel.connectors.errors import (
    ConfigError,
    ConnectorError,
    HandwheelError,
    NotConnected,
    Problem,
    WriteOutcomeUnknown,
    WriteRefused,
)
from handwheel.connectors.hints import next_step
from handwheel.tools.errors import (
    GuardrailError,
    InterlockActive,
    InvalidArguments,
    LedgerError,
    NoGate,
    PermitRefused,
    PolicyViolation,
    ToolError,
    ToolFailed,
    TooManyRequests,
)


class BadQuality(HandwheelError):
    """Values are not good enough for a number. It says how many were."""


class NoAgents(HandwheelError):
    """No agents of the site run, or those that a program spoke to have ended.

    Args:
        so: What is not possible without them.
    """

    def __init__(self, so: str) -> None:
        super().__init__(f"no agents of this site run, so {so}; {next_step('run')}")


class NotRunning(HandwheelError):
    """A simulated site does not start. It says why."""


__all__ = [
    "BadQuality",
    "ConfigError",
    "ConnectorError",
    "GuardrailError",
    "HandwheelError",
    "InterlockActive",
    "InvalidArguments",
    "LedgerError",
    "NoAgents",
    "NoGate",
    "NotConnected",
    "NotRunning",
    "PermitRefused",
    "PolicyViolation",
    "Problem",
    "TooManyRequests",
    "ToolError",
    "ToolFailed",
    "WriteOutcomeUnknown",
    "WriteRefused",
]
