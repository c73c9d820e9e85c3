"""The permit: what the write session takes, and the only thing it takes."""

import time
from dataclasses import dataclass

from ..model.tags import Tag
from ..session.protocols import DeviceIdentity


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one frame, built by the gate from an approved action.

    Attributes:
        action_id: The action that a person approved.
        tag: What is written.
        wire: The bytes that the person approved, as `Encoded.wire`.
        identity: Who the person was told would be written to.
        until_s: When nothing may leave any more, on `permit_clock_s`.
        intent_seq: The journal's row that says that this frame is about to leave; rows count
            from 1.
    """

    action_id: str
    tag: Tag
    wire: bytes
    identity: DeviceIdentity
    until_s: float
    intent_seq: int


@dataclass(frozen=True, slots=True)
class HeartbeatPermit:
    """Leave for one count of a heartbeat; it has no bytes, so that it can carry nothing else.

    Attributes:
        tag: The heartbeat; the write session knows which tags are one.
        count: From 0 to `LAST_COUNT`.
        identity: Which device the heartbeat began at.
        until_s: When nothing may leave any more, on `permit_clock_s`.
        started_seq: The journal's row that says that the heartbeat began; rows count from 1.
    """

    tag: Tag
    count: int
    identity: DeviceIdentity
    until_s: float
    started_seq: int


def permit_clock_s() -> float:
    """Returns the seconds on the clock of permits, which nobody can set.

    On Linux the time in suspend counts: a permit does not outlive it.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
