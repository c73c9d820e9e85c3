"""The permit: what the door takes, and the only thing it takes."""

import time
from dataclasses import dataclass

from ..session import Identity
from ..tags import Tag


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one frame, built by the gate from an approved action.

    Attributes:
        action_id: The action that a person approved.
        tag: What is written.
        wire: The bytes that the person approved, as `Encoded.wire`.
        identity: Who the person was told would be written to.
        until_s: When nothing may leave any more, on `permit_clock_s`.
    """

    action_id: str
    tag: Tag
    wire: bytes
    identity: Identity
    until_s: float


def permit_clock_s() -> float:
    """Returns the seconds on the clock of permits, which nobody can set.

    On Linux the time in suspend counts: a permit does not outlive it.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
