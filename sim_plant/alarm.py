"""Process alarms with limit, dead band and delays, after ISA-18.2."""

from dataclasses import dataclass
from enum import Enum, IntEnum


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


class AlarmPhase(Enum):
    """Phase of an alarm in the state diagram of ISA-18.2."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned unacknowledged"

    @property
    def is_active(self) -> bool:
        """Returns whether the alarm's condition holds."""
        return self in {AlarmPhase.UNACKNOWLEDGED, AlarmPhase.ACKNOWLEDGED}

    @property
    def is_acknowledged(self) -> bool:
        """Returns whether there is nothing to acknowledge."""
        return self in {AlarmPhase.NORMAL, AlarmPhase.ACKNOWLEDGED}


class AlarmStep(Enum):
    """Transition of an alarm."""

    ACTIVATE = "activate"
    CLEAR = "clear"
    ACKNOWLEDGE = "acknowledge"


_NEXT = {
    (AlarmPhase.NORMAL, AlarmStep.ACTIVATE): AlarmPhase.UNACKNOWLEDGED,
    (AlarmPhase.UNACKNOWLEDGED, AlarmStep.CLEAR): AlarmPhase.RETURNED,
    (AlarmPhase.UNACKNOWLEDGED, AlarmStep.ACKNOWLEDGE): AlarmPhase.ACKNOWLEDGED,
    (AlarmPhase.ACKNOWLEDGED, AlarmStep.CLEAR): AlarmPhase.NORMAL,
    (AlarmPhase.RETURNED, AlarmStep.ACTIVATE): AlarmPhase.UNACKNOWLEDGED,
    (AlarmPhase.RETURNED, AlarmStep.ACKNOWLEDGE): AlarmPhase.NORMAL,
}


def follow(phase: AlarmPhase, step: AlarmStep) -> AlarmPhase | None:
    """Returns the phase after a step, or `None` where that step cannot happen.

    Source: ISA-18.2, alarm state transition diagram, without shelving and suppression.
    """
    return _NEXT.get((phase, step))


@dataclass(slots=True)
class AlarmState:
    """State of an alarm, its phase as two booleans, so that a snapshot has plain values only."""

    active: bool = False  # its condition holds
    elapsed_s: float = 0.0  # for how long the opposite has held
    acknowledged: bool = True  # there is nothing to acknowledge
    changed_at_s: float = 0.0  # plant time of the last change of phase

    @property
    def phase(self) -> AlarmPhase:
        """Phase of the alarm."""
        return _PHASES[self.active, self.acknowledged]

    def take(self, step: AlarmStep) -> bool:
        """Makes a transition and returns true, or returns false where it is not allowed."""
        after = follow(self.phase, step)
        if after is None:
            return False
        self.active, self.acknowledged = after.is_active, after.is_acknowledged
        return True


_PHASES = {(phase.is_active, phase.is_acknowledged): phase for phase in AlarmPhase}


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
    return state.take(AlarmStep.CLEAR if state.active else AlarmStep.ACTIVATE)
