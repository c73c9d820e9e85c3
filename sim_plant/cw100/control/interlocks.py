"""Interlocks I-01 to I-07 of the PLC, which no write can change.

I-01, I-03 and I-06 use the control transmitters, as in a legacy plant without
independent switches. I-04 is reserved.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..process import constants as k
from ..process.pump import ELECTRICAL, START_FAILURE, PumpState

LOW_LEVEL = 1
HIGH_VIBRATION = 2
HOT_BEARING = 5
LOW_FLOW = 7

_LEVEL_PERCENT = 15.0
_VIBRATION_MM_S = 8.1
_PRESSURE_KPA = 250.0
_BEARING_C = 95.0
_PRODUCT_C = 60.0
_FLOW_M3H = 10.0

# By transmitter, the values below and above which an interlock trips a pump or the process.
TRIPS: Mapping[str, tuple[float | None, float | None]] = {
    "LT-101": (_LEVEL_PERCENT, None),
    "VT-101A": (None, _VIBRATION_MM_S),
    "VT-101B": (None, _VIBRATION_MM_S),
    "TT-111A": (None, _BEARING_C),
    "TT-111B": (None, _BEARING_C),
    "TT-202": (None, _PRODUCT_C),
    "FT-103": (_FLOW_M3H, None),
}

# The transmitters of a pump's own vibration and bearing
_OWN = {"P-101A": ("VT-101A", "TT-111A"), "P-101B": ("VT-101B", "TT-111B")}

_START_AFTER_S = 3.0
_ARMED_FOR_S = 60.0
_BLIND_FOR_S = 20.0
_VIBRATION_FOR_S = 5.0
_FLOW_FOR_S = 10.0
_START_FAILS_AFTER_S = 10.0
KEY_SHOWS_FOR_S = 5.0


@dataclass(slots=True)
class InterlockState:
    """Timers and latches of the interlocks that belong to no single pump."""

    is_process_tripped: bool = False  # I-06, latched until the field key HS-201
    # I-07 has acted without a reset since; I-03 starts no pump then
    is_low_flow_latched: bool = False
    key_s: float = 0.0  # remaining time for which HS-201 shows as turned
    since_commanded_s: float = 0.0  # seconds since any pump was commanded
    low_pressure_timer_s: float = 0.0
    blind_s: float = 0.0  # remaining time for which I-03 is inhibited after a start


Note = tuple[str, str, str]  # kind, tag, text of an event


def scan(
    state: InterlockState, pumps: Mapping[str, PumpState], readings: Mapping[str, float]
) -> Iterator[Note]:
    """Runs all interlocks once, in the PLC's order, and yields their events."""
    yield from _standby_start(state, pumps, readings)
    for name, pump in pumps.items():
        cause = _pump_trip(pump, name, readings)
        if cause and not pump.is_tripped:
            pump.trip(cause)
            state.is_low_flow_latched |= cause == LOW_FLOW
            yield "trip", name, f"{name} tripped by {cause_text(cause)}"
    if readings["TT-202"] > _PRODUCT_C and not state.is_process_tripped:
        state.is_process_tripped = True
        yield "trip", "I-06", "process tripped by I-06, TT-202 over 60 degC"
    if state.key_s > 0.0:
        state.key_s = max(state.key_s - k.STEP_S, 0.0)


def _standby_start(
    state: InterlockState, pumps: Mapping[str, PumpState], readings: Mapping[str, float]
) -> Iterator[Note]:
    state.since_commanded_s += k.STEP_S
    for pump in pumps.values():
        if pump.run_command:
            state.since_commanded_s = 0.0
    is_armed = (
        state.since_commanded_s < _ARMED_FOR_S
        and readings["LT-101"] >= _LEVEL_PERCENT
        and not state.is_low_flow_latched
    )
    if state.blind_s > 0.0:
        state.blind_s -= k.STEP_S
        state.low_pressure_timer_s = 0.0
        return
    if not is_armed or readings["PT-102"] >= _PRESSURE_KPA:
        state.low_pressure_timer_s = 0.0
        return
    state.low_pressure_timer_s += k.STEP_S
    if state.low_pressure_timer_s < _START_AFTER_S:
        return
    for name, pump in pumps.items():
        if pump.is_available and not pump.run_command and pump.since_command_s >= _ARMED_FOR_S:
            pump.run_command = True
            state.blind_s = _BLIND_FOR_S
            state.low_pressure_timer_s = 0.0
            yield "interlock", "I-03", f"I-03 starts {name}, header pressure under 250 kPa"
            return


def _pump_trip(pump: PumpState, name: str, readings: Mapping[str, float]) -> int:
    vibration, bearing = _OWN[name]
    is_commanded, is_running = pump.run_command, pump.is_running
    pump.vibration_timer_s = _held(pump.vibration_timer_s, readings[vibration] > _VIBRATION_MM_S)
    pump.low_flow_timer_s = _held(
        pump.low_flow_timer_s, readings["FT-103"] < _FLOW_M3H and is_commanded and is_running
    )
    pump.start_timer_s = _held(pump.start_timer_s, is_commanded and not is_running)
    if readings["LT-101"] < _LEVEL_PERCENT and (is_running or is_commanded):
        return LOW_LEVEL
    if pump.vibration_timer_s >= _VIBRATION_FOR_S:
        return HIGH_VIBRATION
    if readings[bearing] > _BEARING_C:
        return HOT_BEARING
    if pump.low_flow_timer_s >= _FLOW_FOR_S:
        return LOW_FLOW
    if pump.start_timer_s >= _START_FAILS_AFTER_S:
        return START_FAILURE
    return 0


def _held(timer_s: float, condition: bool) -> float:
    return timer_s + k.STEP_S if condition else 0.0


def is_start_forbidden(readings: Mapping[str, float]) -> bool:
    """Returns whether I-01 forbids every start because the basin is low."""
    return readings["LT-101"] < _LEVEL_PERCENT


def reset(state: InterlockState, pump: PumpState, name: str, readings: Mapping[str, float]) -> bool:
    """Clears a pump's trip if its cause is gone, and returns whether it did."""
    vibration, bearing = _OWN[name]
    # A stopped pump has no flow, so I-07 checks it again after the start.
    remains = {
        LOW_LEVEL: readings["LT-101"] < _LEVEL_PERCENT,
        HIGH_VIBRATION: readings[vibration] > _VIBRATION_MM_S,
        HOT_BEARING: readings[bearing] > _BEARING_C,
        START_FAILURE: pump.is_start_blocked,
    }
    if not pump.is_tripped or pump.has_electrical_fault or remains.get(pump.trip_cause, False):
        return False
    if pump.trip_cause == LOW_FLOW:
        state.is_low_flow_latched = False
    pump.trip_cause = 0
    pump.since_command_s = 0.0  # otherwise I-03 could start it
    return True


def status(
    state: InterlockState, pumps: Mapping[str, PumpState], readings: Mapping[str, float]
) -> dict[str, bool]:
    """Returns `I-01.active` to `I-07.active` and `HS-201.active`.

    An interlock of a pump stays active while its trip is latched.
    """
    causes = {pump.trip_cause for pump in pumps.values()}
    return {
        "I-01.active": readings["LT-101"] < _LEVEL_PERCENT or LOW_LEVEL in causes,
        "I-02.active": HIGH_VIBRATION in causes,
        "I-03.active": state.blind_s > 0.0,
        "I-04.active": False,
        "I-05.active": HOT_BEARING in causes,
        "I-06.active": state.is_process_tripped,
        "I-07.active": LOW_FLOW in causes or state.is_low_flow_latched,
        "HS-201.active": state.key_s > 0.0,
    }


def cause_text(cause: int) -> str:
    """Returns the text of a trip cause for an event."""
    named = {ELECTRICAL: "an electrical fault", START_FAILURE: "a failed start (10 s)"}
    return named.get(cause, f"I-0{cause}")
