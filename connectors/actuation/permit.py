"""Permits, without which a write session sends nothing."""

import time
from dataclasses import dataclass

from ..model.tags import Tag
from ..session.protocols import DeviceIdentity


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission to send one frame, built by the gate from an approved action."""

    action_id: str  # the action that a person approved
    tag: Tag
    wire: bytes  # the approved bytes, as `Encoded.wire`
    identity: DeviceIdentity  # identity of the device in the approved request
    until_s: float  # end of the permit, on `permit_clock_s`
    intent_seq: int  # row of the journal with the intent to send this frame, from 1


@dataclass(frozen=True, slots=True)
class HeartbeatPermit:
    """Permission to send one count of a heartbeat. It holds no bytes to send."""

    tag: Tag  # the heartbeat. The session checks that the tag is one.
    count: int  # from 0 to `LAST_COUNT`
    identity: DeviceIdentity  # identity of the device at which the heartbeat began
    until_s: float  # end of the permit, on `permit_clock_s`
    started_seq: int  # row of the journal with the start of the heartbeat, from 1


def permit_clock_s() -> float:
    """Returns the seconds on the clock of permits, which cannot be set.

    On Linux it goes on during suspend, so that a permit does not outlive it.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
