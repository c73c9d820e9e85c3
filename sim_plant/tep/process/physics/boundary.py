"""Boundary conditions of one step from feeds, cooling water and disturbances.

Source: Downs and Vogel 1993, table 8, for IDV 1 to 15; the meanings of IDV 16 to 20 are
from Bathelt, Ricker and Jelali 2015.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .disturbances import Walk


@dataclass(slots=True)
class Boundary:
    """Feeds, inlet temperatures and factors of this step."""

    ac_feed: tuple[float, float, float]  # mole fractions of A, B and C in stream 4
    a_supply: float  # share of the A feed that arrives, 0..1
    ac_supply: float  # share of the A+C feed that arrives, 0..1
    d_feed_c: float  # temperature of stream 2, degC
    ac_feed_c: float  # temperature of stream 4, degC
    reactor_water_c: float  # cooling water at the reactor's inlet, degC
    condenser_water_c: float  # cooling water at the condenser's inlet, degC
    rate_1: float  # factor of reaction 1
    rate_2: float  # factor of reaction 2
    stripper_heat: float  # factor of the steam's heat
    reactor_heat: float  # factor of the reactor's heat transfer
    condenser_heat: float  # factor of the condenser's heat transfer
    effluent: float  # factor of the flow from reactor to separator


def boundary(walks: Mapping[str, Walk], idv: Sequence[float]) -> Boundary:
    """Combines the walks at this instant with the step disturbances, severities 0..1."""
    idv_2 = idv[1]
    a = (
        walks["ac_feed_a"].value - 0.03 * idv[0] - 0.00243719 * idv_2
    )  # IDV(2) keeps the ratio of A to C
    b = walks["ac_feed_b"].value + 0.005 * idv_2
    return Boundary(
        (a, b, 1.0 - a - b),
        1.0 - idv[5],
        1.0 - 0.2 * idv[6],
        walks["d_feed_c"].value + 5.0 * idv[2],
        walks["ac_feed_c"].value,
        walks["reactor_water_c"].value + 5.0 * idv[3],
        walks["condenser_water_c"].value + 5.0 * idv[4],
        walks["rate_1"].value,
        walks["rate_2"].value,
        1.0 + walks["stripper_heat"].value,
        1.0 - 0.35 * walks["reactor_heat"].value,
        1.0 - 0.25 * walks["condenser_heat"].value,
        1.0 - 0.25 * walks["effluent"].value,
    )
