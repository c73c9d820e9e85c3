"""Process alarms with limit, dead band and delays, as ISA-18.2 means them."""

from dataclasses import dataclass
from enum import IntEnum


class Priority(IntEnum):
    """Alarm priorities; 1 is the most urgent."""

    HIGH = 1
    MEDIUM = 2
    LOW = 3


@dataclass(frozen=True, slots=True)
class AlarmDefinition:
    """One alarm of the plant's alarm list.

    Attributes:
        tag: Name, such as `VAH-101A`.
        measures: The tag whose value is compared.
        limit: In the unit of `measures`; compared strictly.
        deadband: The value must come back beyond limit and dead band before the alarm clears.
        delay_s: On-delay and off-delay, seconds without a break.
        is_high: True for a high alarm, false for a low one.
        consequence: What happens if nobody acts.
        response: What the operator is expected to do.
        respond_within: How long that may take, for people.

    Source: ISA-18.2; dead bands after EEMUA 191.
    """

    tag: str
    measures: str
    limit: float
    deadband: float
    delay_s: float
    is_high: bool
    priority: Priority
    consequence: str
    response: str
    respond_within: str


@dataclass(slots=True)
class AlarmState:
    """Whether the alarm is active, and for how long the opposite has held."""

    active: bool = False
    elapsed_s: float = 0.0


def scan(alarm: AlarmDefinition, state: AlarmState, value: float, dt_s: float) -> bool:
    """Advances the alarm by one scan.

    Returns:
        True if the alarm became active or cleared in this scan.
    """
    if state.active:
        clear_at = alarm.limit - alarm.deadband if alarm.is_high else alarm.limit + alarm.deadband
        turning = value < clear_at if alarm.is_high else value > clear_at
    else:
        turning = value > alarm.limit if alarm.is_high else value < alarm.limit
    if not turning:
        state.elapsed_s = 0.0
        return False
    state.elapsed_s += dt_s
    if state.elapsed_s < alarm.delay_s:
        return False
    state.active = not state.active
    state.elapsed_s = 0.0
    return True
