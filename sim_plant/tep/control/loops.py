"""Measurements, outputs and tunings of the controllers.

Source: Ricker, J. Process Control 6 (1996) 205, with the tunings of the archived model
`MultiLoop_mode1`. That AIC-A does not go below 0 is ours, not his. Loops 18 and 19, the
overrides, are not in it. Loop 18 has a tuning of our own and is off, since watching the pressure
is the operator's task. Loop 19 is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

MANUAL = 0
AUTO = 1
CASCADE = 2


@dataclass(frozen=True, slots=True)
class Tuning:
    """A PI controller in its velocity form."""

    gain: float  # output per unit of the measurement
    reset_h: float  # reset time, hours
    low: float = 0.0  # lower limit of the output
    high: float = 100.0  # upper limit of the output


@dataclass(frozen=True, slots=True)
class FlowLoop:
    """Flow loop, whose set point in cascade is the ratio times the production index."""

    xmeas: int  # number of its measurement
    xmv: int  # number of its valve
    ratio: str  # the ratio station that leads it


_FLOW_RESET_H = 0.001 / 60.0  # far below the scan: the flow loops integrate only

FLOW_LOOPS: Mapping[str, FlowLoop] = {
    "FIC-1001": FlowLoop(1, 3, "RATIO-1"),
    "FIC-1002": FlowLoop(2, 1, "RATIO-2"),
    "FIC-1003": FlowLoop(3, 2, "RATIO-3"),
    "FIC-1004": FlowLoop(4, 4, "RATIO-4"),
    "FIC-1005": FlowLoop(10, 6, "RATIO-5"),
    "FIC-1301": FlowLoop(14, 7, "RATIO-6"),
    "FIC-1501": FlowLoop(17, 8, "RATIO-7"),
}

# Which controller leads a ratio station. AIC-A moves RATIO-4 too, the other way.
MASTERS: Mapping[str, str] = {
    "RATIO-1": "AIC-A",
    "RATIO-2": "AIC-G",
    "RATIO-3": "AIC-G",
    "RATIO-4": "AIC-AC",
    "RATIO-5": "PIC-1101",
    "RATIO-6": "LIC-1301",
    "RATIO-7": "LIC-1501",
}

# Masters of one ratio with one measurement, by XMEAS and ratio
LEADERS: Mapping[str, tuple[int, str]] = {
    "LIC-1501": (15, "RATIO-7"),
    "LIC-1301": (12, "RATIO-6"),
    "PIC-1101": (7, "RATIO-5"),
}

TUNING: Mapping[str, Tuning] = {
    "FIC-1001": Tuning(0.01, _FLOW_RESET_H),
    "FIC-1002": Tuning(1.6e-6, _FLOW_RESET_H),
    "FIC-1003": Tuning(1.8e-6, _FLOW_RESET_H),
    "FIC-1004": Tuning(0.003, _FLOW_RESET_H),
    "FIC-1005": Tuning(0.01, _FLOW_RESET_H),
    "FIC-1301": Tuning(4e-4, _FLOW_RESET_H),
    "FIC-1501": Tuning(4e-4, _FLOW_RESET_H),
    "PRODUCTION": Tuning(3.2, 120.0 / 60.0, -30.0, 30.0),
    "LIC-1501": Tuning(-2e-4, 200.0 / 60.0),
    "LIC-1301": Tuning(-1e-3, 200.0 / 60.0),
    "LIC-1101": Tuning(0.8, 60.0 / 60.0, 0.0, 120.0),
    "PIC-1101": Tuning(-1e-4, 20.0 / 60.0),
    "AIC-G": Tuning(-0.4, 100.0 / 60.0, -inf, inf),
    "AIC-A": Tuning(2e-4, 1.0),
    "AIC-AC": Tuning(3e-4, 2.0),
    "TIC-1101": Tuning(-8.0, 7.5 / 60.0),
    "TIC-1301": Tuning(-4.0, 15.0 / 60.0),
}

OVERRIDE = "PIC-1102"  # loop 18, which cuts the production set point at high pressure
OVERRIDE_PRESSURE = 2950.0  # kPag
OVERRIDE_TUNING = Tuning(-0.02, 1.0, 0.0, 12.0)  # m3/h

SLAVES = frozenset((*FLOW_LOOPS, "TIC-1301"))  # their set point can come from a master

# Hand stations of the agitator and of the valves without a controller
HAND_STATIONS: Mapping[str, int] = {"HIC-1401": 5, "HIC-1502": 9, "SC-1101": 12}

# Production set point, m3/h, that is 100 % of the production index
FULL_PRODUCTION = 22.89
PRODUCTION_RATE = 0.3 * 22.95 / 24.0  # m3/h per h, at start
GRADE_RATE = 50.0 / 24.0  # mol% per h, at start
