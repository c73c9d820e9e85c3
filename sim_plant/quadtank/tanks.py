"""Balances and operating points of four tanks and two pumps.

Source: Johansson 2000, The quadruple-tank process, IEEE Trans. Control Systems Technology 8(3),
equations 1 and tables I and II. The leaks and the height of the rim: own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

GRAVITY = 981.0  # cm/s2
AREAS = (28.0, 32.0, 28.0, 32.0)  # of the tanks, cm2
OUTLETS = (0.071, 0.057, 0.071, 0.057)  # cm2
RIM_CM = 20.0


@dataclass(frozen=True, slots=True)
class Point:
    """Operating point by pump voltages, gains in cm3/(V s) and shares to the lower tanks."""

    volts: tuple[float, float]
    gains: tuple[float, float]
    shares: tuple[float, float]


POINTS: dict[str, Point] = {
    "P-": Point((3.00, 3.00), (3.33, 3.35), (0.70, 0.60)),
    "P+": Point((3.15, 3.15), (3.14, 3.29), (0.43, 0.34)),
}


def tank_inflows(
    flows: Sequence[float], shares: Sequence[float]
) -> tuple[float, float, float, float]:
    """Returns the pumped inflow of each tank from the pumps' flows, both in cm3/s."""
    (one, two), (lower_1, lower_2) = flows, shares
    return lower_1 * one, lower_2 * two, (1.0 - lower_2) * two, (1.0 - lower_1) * one


def drain(opening: float, level: float) -> float:
    """Returns the outflow through an opening (cm2) under a level (cm), in cm3/s."""
    return opening * sqrt(2.0 * GRAVITY * max(level, 0.0))


def rates(
    levels: Sequence[float],
    inflows: Sequence[float],
    outlets: Sequence[float] = OUTLETS,
    leaks: Sequence[float] = (0.0, 0.0, 0.0, 0.0),
) -> list[float]:
    """Returns the rise of the levels in cm/s, with leaks lost for the tank below."""
    down = [drain(outlet, level) for outlet, level in zip(outlets, levels, strict=True)]
    lost = [drain(leak, level) for leak, level in zip(leaks, levels, strict=True)]
    above = (down[2], down[3], 0.0, 0.0)
    flows = zip(inflows, above, down, lost, AREAS, strict=True)
    return [(pumped + fallen - out - gone) / area for pumped, fallen, out, gone, area in flows]


def steady_levels(point: Point) -> list[float]:
    """Returns the steady levels of a plant without faults, in cm."""
    flows = [gain * volt for gain, volt in zip(point.gains, point.volts, strict=True)]
    pumped = tank_inflows(flows, point.shares)
    through = (pumped[0] + pumped[2], pumped[1] + pumped[3], pumped[2], pumped[3])
    return [(q / a) ** 2 / (2.0 * GRAVITY) for q, a in zip(through, OUTLETS, strict=True)]
