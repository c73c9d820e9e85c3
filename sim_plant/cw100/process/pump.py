"""One centrifugal pump with its drive, bearing and package PLC status."""

from dataclasses import dataclass
from math import exp

from . import constants as k

LOCAL = 0
REMOTE = 1
MAINTENANCE = 2

START_FAILURE = 9
ELECTRICAL = 8

MAX_DAMAGE = 1.5
_BEARING_LAG_S = 600.0
_CAVITATION_LAG_S = 10.0  # under 8 s the 0.5-s step chatters between its limits


@dataclass(slots=True)
class PumpState:
    """State of a pump, with the results of the last step."""

    speed: float = 0.0  # fraction of full speed
    head_factor: float = 1.0  # c, the share of its head that cavitation leaves, 0.3..1
    damage: float = k.HEALTHY_DAMAGE  # D, dimensionless bearing damage; healthy is 0.01
    # time constant of its exponential growth; 0 while the bearing does not wear
    damage_tau_s: float = 0.0
    impeller: float = 1.0  # w, the share of its head that wear of the impeller leaves, 0..1
    is_start_blocked: bool = False  # the starter is broken, so that a stopped pump does not start
    has_electrical_fault: bool = False  # the motor's protection would trip again
    bearing_c: float = k.AMBIENT_C
    vibration: float = 0.1
    current_a: float = 0.0
    run_command: bool = False  # the coil that the drive follows
    mode: int = REMOTE  # `LOCAL`, `REMOTE` or `MAINTENANCE`
    trip_cause: int = 0  # 0 none, 1 to 7 the interlock's number, 8 electrical, 9 start failure
    run_time_s: float = 0.0
    starts: int = 0
    # seconds since a command stopped the pump or a reset cleared its trip
    since_command_s: float = 1e9
    start_timer_s: float = 0.0
    vibration_timer_s: float = 0.0
    low_flow_timer_s: float = 0.0

    @property
    def is_running(self) -> bool:
        """Returns whether the drive turns faster than 5 %."""
        return self.speed > k.TURNING

    @property
    def is_tripped(self) -> bool:
        """Returns whether a trip is latched."""
        return self.trip_cause != 0

    @property
    def is_available(self) -> bool:
        """Returns whether the PLC may start it, in remote and not tripped."""
        return self.mode == REMOTE and self.trip_cause == 0

    def trip(self, cause: int) -> None:
        """Latches a trip, the first cause if there are several, and drops the run command."""
        self.trip_cause = self.trip_cause or cause
        self.run_command = False

    def repair(self) -> None:
        """Renews bearing, impeller, drive and starter, but resets no trip."""
        self.damage, self.damage_tau_s, self.impeller = k.HEALTHY_DAMAGE, 0.0, 1.0
        self.is_start_blocked = self.has_electrical_fault = False

    def command(self, run: bool) -> None:
        """Sets the run command as a write on the wire does."""
        if self.run_command and not run:
            self.since_command_s = 0.0
        self.run_command = run


def shutoff_head(pump: PumpState) -> float:
    """Returns the head at no flow and the present speed in m, 0 for a stopped pump."""
    if pump.speed <= k.TURNING:
        return 0.0
    return k.SHUTOFF_HEAD_M * pump.impeller * pump.head_factor * pump.speed * pump.speed


def advance(
    pump: PumpState, flow: float, lift: float, suction_available: float, dt_s: float
) -> None:
    """Advances cavitation, power, vibration and bearing by one step.

    Args:
        flow: This pump's own flow, m3/h.
        lift: Header head less suction head, m.
        suction_available: NPSH available, m.

    Source: affinity laws; 3 % head drop where NPSH available equals required (ISO 9906);
    exponential bearing degradation after Gebraeel 2005.
    """
    speed = pump.speed
    if speed <= k.TURNING:
        pump.head_factor += dt_s * (1.0 - pump.head_factor) / _CAVITATION_LAG_S
        pump.current_a = 0.0
        pump.vibration = 0.1
        pump.bearing_c += dt_s * (k.AMBIENT_C - pump.bearing_c) / _BEARING_LAG_S
        return
    relative = flow / k.RATED_FLOW
    margin = suction_available - 1.5 * (1.0 + relative * relative)
    target = 1.0 - 0.03 * exp(min(-2.2 * margin, 50.0))
    if not 0.3 <= target <= 1.0:
        target = min(max(target, 0.3), 1.0)
    pump.head_factor += dt_s * (target - pump.head_factor) / _CAVITATION_LAG_S
    if pump.damage_tau_s:
        pump.damage = min(pump.damage * exp(dt_s / pump.damage_tau_s), MAX_DAMAGE)
    pump.current_a = _shaft_kw(speed, flow, lift) * k.AMPERE_PER_KW
    pump.vibration = _vibration(speed, relative / speed, pump.damage, pump.head_factor)
    target_c = k.AMBIENT_C + 15.0 * speed + 45.0 * pump.damage * speed
    pump.bearing_c += dt_s * (target_c - pump.bearing_c) / _BEARING_LAG_S


def _shaft_kw(speed: float, flow: float, lift: float) -> float:
    off_design = (flow / speed - k.RATED_FLOW) / k.RATED_FLOW
    efficiency = max(0.75 * (1.0 - off_design * off_design), 0.2)
    hydraulic = k.WATER_DENSITY * k.GRAVITY * flow * lift / 3.6e6
    return hydraulic / efficiency + 0.4 * speed**3


def _vibration(speed: float, relative_flow: float, damage: float, head_factor: float) -> float:
    off_design = relative_flow - 1.0
    square = speed * speed
    cavitation = min(4.0, 2.0 * (1.0 - head_factor) / 0.03)
    return 1.3 * square + off_design * off_design + 9.0 * damage * square + cavitation


def drive(pump: PumpState, reference: float, dt_s: float) -> None:
    """Ramps the drive towards its reference and counts run time and starts."""
    was_running = pump.speed > k.TURNING
    is_stuck = pump.is_start_blocked and not was_running
    target = reference if pump.run_command and not is_stuck else 0.0
    ramp = k.SPEED_RATE * dt_s
    change = target - pump.speed
    pump.speed += change if -ramp < change < ramp else min(max(change, -ramp), ramp)
    if pump.speed > k.TURNING:
        pump.run_time_s += dt_s
        if not was_running:
            pump.starts += 1
    pump.since_command_s += dt_s
