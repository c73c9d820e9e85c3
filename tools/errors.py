"""Errors of tools and guardrails.

HandwheelError
├─ GuardrailError         a guardrail denies it
│  ├─ PolicyViolation     the policy forbids it, or no rule allows it
│  │  └─ TooManyRequests  a limit of requests refuses it
│  ├─ InterlockActive     the state of the plant does not allow it
│  └─ PermitRefused       no valid approval covers it
├─ ToolError
│  ├─ InvalidArguments    the caller may correct it
│  └─ ToolFailed          final
└─ LedgerError            the ledger cannot be read or written; nothing is sent
   ├─ LedgerReplaced      it is another one than this process has read
   └─ NoGate              no gate runs, and only a gate changes the ledger
"""

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import next_step


class GuardrailError(HandwheelError):
    """A guardrail denies it."""


class PolicyViolation(GuardrailError):
    """The policy forbids it, or no rule of it allows it."""


class TooManyRequests(PolicyViolation):
    """A limit of requests refuses the request. The journal records it."""


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


class Unanswered(LedgerError):
    """The gate did not answer. Whether it has done what it was asked for is not known."""


class LedgerReplaced(LedgerError):
    """It is another ledger than the one that this process has read, such as an older copy."""


class NoGate(LedgerError):
    """No gate is running, and only a gate changes the ledger.

    Args:
        so: What is not possible without one.
    """

    def __init__(self, so: str = "nothing was changed") -> None:
        super().__init__(f"no gate is running, so {so}; {next_step('gate')}")
