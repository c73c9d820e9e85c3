"""Process alarms with limit, dead band and delays, after ISA-18.2."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Priority(IntEnum):
    """Alarm priorities, from 1 for the most urgent."""

    HIGH = 1
    MEDIUM = 2
    LOW = 3


@dataclass(frozen=True, slots=True)
class AlarmDefinition:
    """One alarm of the list. Source: ISA-18.2; dead bands after EEMUA 191."""

    tag: str  # name, such as `VAH-101A`
    measures: str  # the tag whose value is compared
    limit: float  # in the unit of `measures`; compared strictly
    deadband: float  # the value must come back beyond limit and dead band before the alarm clears
    delay_s: float  # on-delay and off-delay, seconds without a break
    is_high: bool  # true for a high alarm, false for a low one
    priority: Priority
    consequence: str  # effect without a response
    response: str  # expected action of the operator
    respond_within: str  # time for the response, as text


@dataclass(slots=True)
class AlarmState:
    """State of an alarm, its phase as two booleans, so that a snapshot has plain values only."""

    active: bool = False  # its condition holds
    elapsed_s: float = 0.0  # for how long the opposite has held
    acknowledged: bool = True  # there is nothing to acknowledge
    changed_at_s: float = 0.0  # plant time of the last change of phase

    @property
    def phase(self) -> str:
        """Phase in the alarm state diagram of ISA-18.2, without shelving and suppression."""
        if self.acknowledged:
            return "acknowledged" if self.active else "normal"
        return "unacknowledged" if self.active else "returned unacknowledged"


def scan(alarm: AlarmDefinition, state: AlarmState, value: float, dt_s: float) -> bool:
    """Advances the alarm by one scan, and returns whether it became active or cleared in it."""
    if not state.active:
        turning = value > alarm.limit if alarm.is_high else value < alarm.limit
    elif alarm.is_high:
        turning = value < alarm.limit - alarm.deadband
    else:
        turning = value > alarm.limit + alarm.deadband
    if not turning:
        state.elapsed_s = 0.0
        return False
    state.elapsed_s += dt_s
    if state.elapsed_s < alarm.delay_s:
        return False
    state.elapsed_s = 0.0
    state.active = not state.active
    if state.active:
        state.acknowledged = False
    return True


def alarm_values(states: Mapping[str, AlarmState]) -> dict[str, bool]:
    """Returns the present value of the tag `X.active` of each alarm."""
    return {f"{tag}.active": state.active for tag, state in states.items()}
