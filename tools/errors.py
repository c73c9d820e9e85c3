"""Errors of the tools and of what guards them, sorted by who must act.

HandwheelError
├─ GuardrailError         the answer is no
│  ├─ PolicyViolation     the policy forbids it, or no rule allows it
│  ├─ InterlockActive     the plant is not in a state in which it may be done
│  └─ PermitRefused       the approval does not cover it
├─ ToolError
│  ├─ InvalidArguments    the caller may correct it
│  └─ ToolFailed          final
└─ LedgerError            the ledger cannot be read or written; nothing is sent
"""

from handwheel.connectors.errors import HandwheelError


class GuardrailError(HandwheelError):
    """A guardrail says no."""


class PolicyViolation(GuardrailError):
    """The policy forbids it, or no rule of it allows it."""


class InterlockActive(GuardrailError):
    """The plant is not in a state in which it may be done."""


class PermitRefused(GuardrailError):
    """No valid approval covers it."""


class ToolError(HandwheelError):
    """A tool could not do what it was asked for."""


class InvalidArguments(ToolError):
    """The arguments are wrong; the caller may correct them."""


class ToolFailed(ToolError):
    """The tool failed; asking again changes nothing."""


class LedgerError(HandwheelError):
    """The ledger cannot be read or written; nothing is sent."""
