"""Control loops of the PLC, tuned in ISA form in fractions."""

from dataclasses import dataclass, field

from ...pid import PI, LoopState

# PIC-102 drives both pumps' speed, TIC-202 the water valve, LIC-101 the make-up, TIC-106 the fan.
# TIC-202's lower limit passes 13.7 m3/h, so that a process trip does not dead-head the pumps.
TUNING: dict[str, PI] = {
    "PIC-102": PI(gain=0.6, integral_time_s=6.0, span=600.0, low=0.40),
    "TIC-202": PI(gain=1.5, integral_time_s=60.0, span=100.0, low=0.30, direct=True),
    "LIC-101": PI(gain=10.0, integral_time_s=3600.0, span=100.0),
    "TIC-106": PI(gain=1.0, integral_time_s=300.0, span=50.0, low=0.10, direct=True),
}
MEASURES = {"PIC-102": "PT-102", "TIC-202": "TT-202", "LIC-101": "LT-101", "TIC-106": "TT-106"}
_SCANNED = tuple((name, tuning, MEASURES[name]) for name, tuning in TUNING.items())


def _initial() -> dict[str, LoopState]:
    return {
        "PIC-102": LoopState(setpoint=350.0, output=0.888, integral=0.888),
        "TIC-202": LoopState(setpoint=48.0, output=0.575, integral=0.575),
        "LIC-101": LoopState(setpoint=70.0, output=0.15, integral=0.15),
        "TIC-106": LoopState(setpoint=26.0, output=0.64, integral=0.64),
    }


@dataclass(slots=True)
class LoopStates:
    """All loops by name, and the product flow's set point (FIC-201 has no tuning of its own)."""

    loops: dict[str, LoopState] = field(default_factory=_initial)
    product_setpoint: float = 40.0


def scan(states: LoopStates, readings: dict[str, float], dt_s: float) -> None:
    """Runs the four controllers once, in the PLC's order."""
    loops = states.loops
    for name, tuning, measures in _SCANNED:
        tuning.step(loops[name], readings[measures], dt_s)
