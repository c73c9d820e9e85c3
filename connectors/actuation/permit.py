"""Permits, without which a write session sends nothing."""

import time
from dataclasses import dataclass

from ..model.tags import Tag
from ..session.protocols import DeviceIdentity


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission to send one frame, built by the gate from an approved action.

    Attributes:
        action_id: The action that a person approved.
        tag: The tag to write.
        wire: The approved bytes, as `Encoded.wire`.
        identity: Identity of the device in the approved request.
        until_s: End of the permit, on `permit_clock_s`.
        intent_seq: Row of the journal with the intent to send this frame, from 1.
    """

    action_id: str
    tag: Tag
    wire: bytes
    identity: DeviceIdentity
    until_s: float
    intent_seq: int


@dataclass(frozen=True, slots=True)
class HeartbeatPermit:
    """Permission to send one count of a heartbeat. It holds no bytes to send.

    Attributes:
        tag: The heartbeat. The session checks that the tag is one.
        count: From 0 to `LAST_COUNT`.
        identity: Identity of the device at which the heartbeat began.
        until_s: End of the permit, on `permit_clock_s`.
        started_seq: Row of the journal with the start of the heartbeat, from 1.
    """

    tag: Tag
    count: int
    identity: DeviceIdentity
    until_s: float
    started_seq: int


def permit_clock_s() -> float:
    """Returns the seconds on the clock of permits, which cannot be set.

    On Linux it goes on during suspend, so that a permit does not outlive it.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
