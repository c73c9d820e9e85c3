"""Answer of a check that may deny."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Denial:
    """Reason why something is not allowed now. A check returns `None` where it is allowed."""

    code: str  # stable name of the check that denied, for programs: `rate`, `lockout`
    reason: str  # one sentence for a person, with the values that led to it
    lifted_by: str = ""  # event or action that would lift the denial; empty if nothing does

    def __str__(self) -> str:
        """Returns the reason, as messages quote it."""
        return self.reason
