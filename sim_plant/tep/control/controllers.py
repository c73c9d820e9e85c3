"""States of the controllers, two calculated measurements and the initial states."""

from collections.abc import Sequence
from dataclasses import dataclass

from .loops import (
    AUTO,
    CASCADE,
    FLOW_LOOPS,
    FULL_PRODUCTION,
    GRADE_RATE,
    LEADERS,
    MANUAL,
    OVERRIDE_PRESSURE,
    PRODUCTION_RATE,
    TUNING,
)


@dataclass(slots=True)
class TepLoopState:
    """State of a controller between scans."""

    setpoint: float  # in the unit of its measurement
    output: float  # in the unit of its manipulated variable
    error: float = 0.0  # of the last scan, set point less measurement
    mode: int = AUTO  # `MANUAL`, `AUTO` or `CASCADE`


@dataclass(slots=True)
class RatioState:
    """Ratio station, which sets its flow loop to `value` times the production index."""

    value: float  # the ratio in use, in the flow's unit per percent
    mode: int = CASCADE  # `AUTO` for its own value, `CASCADE` for its master's
    bias: float = 0.0  # part of `value` beyond the feed-forward; for D and E only


@dataclass(slots=True)
class ControlState:
    """State of all controllers."""

    loops: dict[str, TepLoopState]
    ratios: dict[str, RatioState]
    production: float  # working set point of PRODUCTION, m3/h; it follows the written one
    production_trim: float  # addition of PRODUCTION to the index, percent
    grade: float  # working set point of AIC-G, mol%
    # Loop 18; its output is subtracted from `production`, m3/h. In `MANUAL` it is off.
    override: TepLoopState
    production_rate: float = PRODUCTION_RATE  # how fast `production` may move, m3/h per h
    grade_rate: float = GRADE_RATE  # how fast `grade` may move, mol% per h


def gas_shares(xmeas: Sequence[float]) -> tuple[float, float]:
    """Returns the share of A in A and C, percent, and of both in the reactor feed, mol%."""
    both = xmeas[22] + xmeas[24]
    return (100.0 * xmeas[22] / both if both > 0.0 else 0.0), both


def feed_forward(grade: float) -> tuple[float, float]:
    """Returns the ratios of D and E for a product with this mol% of G, kg/h per percent."""
    d = (1.5192e-3 * grade + 0.59446) * grade + 0.2769
    e = (-1.1377e-3 * grade - 0.80893) * grade + 91.060
    return d, e


def steady_control(xmeas: Sequence[float], xmv: Sequence[float]) -> ControlState:
    """Returns the controllers in a steady state without noise, with every error at zero."""
    grade, production = xmeas[39], xmeas[16]
    d, e = feed_forward(grade)
    index = (46.0 * xmeas[1] + 32.0 * xmeas[2]) / (46.0 * d + 32.0 * e)
    adjust = (d * index - xmeas[1]) / 32.0
    ratios = {flow.ratio: RatioState(xmeas[flow.xmeas - 1] / index) for flow in FLOW_LOOPS.values()}
    share, both = gas_shares(xmeas)
    loops = {
        "PRODUCTION": TepLoopState(production, index),
        "LIC-1101": TepLoopState(xmeas[7], xmeas[10]),
        "AIC-G": TepLoopState(grade, adjust),
        "AIC-A": TepLoopState(share, ratios["RATIO-1"].value),
        "AIC-AC": TepLoopState(both, ratios["RATIO-1"].value + ratios["RATIO-4"].value),
        "TIC-1101": TepLoopState(xmeas[8], xmv[9]),
        "TIC-1301": TepLoopState(xmeas[10], xmv[10], mode=CASCADE),
    }
    loops |= {
        name: TepLoopState(xmeas[number - 1], ratios[ratio].value)
        for name, (number, ratio) in LEADERS.items()
    }
    loops |= {
        name: TepLoopState(xmeas[flow.xmeas - 1], xmv[flow.xmv - 1], mode=CASCADE)
        for name, flow in FLOW_LOOPS.items()
    }
    trim = index - 100.0 / FULL_PRODUCTION * production
    ordered = {name: loops[name] for name in TUNING}
    override = TepLoopState(OVERRIDE_PRESSURE, 0.0, OVERRIDE_PRESSURE - xmeas[6], MANUAL)
    return ControlState(ordered, ratios, production, trim, grade, override)
