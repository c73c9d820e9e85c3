"""Errors of tools and guardrails.

HandwheelError
├─ GuardrailError         a guardrail denies it
│  ├─ PolicyViolation     the policy forbids it, or no rule allows it
│  ├─ InterlockActive     the state of the plant does not allow it
│  └─ PermitRefused       no valid approval covers it
├─ ToolError
│  ├─ InvalidArguments    the caller may correct it
│  └─ ToolFailed          final
└─ LedgerError            the ledger cannot be read or written; nothing is sent
"""

from handwheel.connectors.errors import HandwheelError


class GuardrailError(HandwheelError):
    """A guardrail denies it."""


class PolicyViolation(GuardrailError):
    """The policy forbids it, or no rule of it allows it."""


class InterlockActive(GuardrailError):
    """The state of the plant does not allow it."""


class PermitRefused(GuardrailError):
    """No valid approval covers it."""


class ToolError(HandwheelError):
    """A tool did not do what was requested."""


class InvalidArguments(ToolError):
    """The arguments are wrong. The caller may correct them."""


class ToolFailed(ToolError):
    """The tool failed. A retry does not help."""


class LedgerError(HandwheelError):
    """The ledger cannot be read or written. Nothing is sent. Any use of the ledger may raise it."""
