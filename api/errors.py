"""Errors of Handwheel, each by who must act.

HandwheelError
├─ ConfigError            the engineer: file, line, column, key, reason; all problems at once
├─ ConnectorError         a device or the connection to it
│  ├─ NotConnected        every endpoint that is down, in one error
│  ├─ WriteRefused        refused by the device or not sent; nothing changed
│  └─ WriteOutcomeUnknown sent, not acknowledged; read back and ask, never send again
├─ GuardrailError         a guardrail denies it
│  ├─ PolicyViolation     the policy forbids it, or no rule allows it
│  ├─ InterlockActive     the state of the plant does not allow it
│  └─ PermitRefused       no valid approval covers it
├─ ToolError
│  ├─ InvalidArguments    the caller may correct it
│  └─ ToolFailed          final
└─ LedgerError            the ledger cannot be read or changed
   └─ NoGate              no gate runs, and only a gate changes the ledger
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
)

__all__ = [
    "ConfigError",
    "ConnectorError",
    "GuardrailError",
    "HandwheelError",
    "InterlockActive",
    "InvalidArguments",
    "LedgerError",
    "NoGate",
    "NotConnected",
    "PermitRefused",
    "PolicyViolation",
    "Problem",
    "ToolError",
    "ToolFailed",
    "WriteOutcomeUnknown",
    "WriteRefused",
]
