"""The flows between the vessels, by stream number of the process diagram.

1 A, 2 D, 3 E, 4 A+C, 5 stripper overhead, 6 reactor feed, 7 reactor effluent,
8 recycle, 9 purge, 10 separator underflow, 11 product. All are lb-mol/h.

Source: Downs and Vogel 1993.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from . import constants as k
from .boundary import Boundary
from .drum import Drum
from .header import Header

_COMPRESSOR_MAX = 280275.0  # lb/h
_COMPRESSOR_SLOPE = _COMPRESSOR_MAX / 1.197
_LEAST_COMPRESSOR_FLOW = 1e-3  # lb/h
_LEAST_AC_FEED = 1e-10  # keeps the stripper's split defined


@dataclass(slots=True)
class Flows:
    """Molar flows of this step, without stream 5 of the stripper."""

    a: float  # stream 1
    d: float  # stream 2
    e: float  # stream 3
    ac: float  # stream 4
    reactor_feed: float  # stream 6
    effluent: float  # stream 7
    recycle: float  # stream 8, after the compressor
    purge: float  # stream 9
    underflow: float  # stream 10
    product: float  # stream 11
    work: float  # of the compressor, 1e6 Btu/h
    recycle_enthalpy: float  # of stream 8 with the work in it, 1e6 Btu/lb-mol


def flows(
    valves: Sequence[float], reactor: Drum, separator: Drum, header: Header, outside: Boundary
) -> Flows:
    """Computes all flows from the pressures and the positions of XMV 1 to 12, percent."""
    p_r, p_s, p_v = reactor.pressure, separator.pressure, header.pressure
    feed_drop = p_v - p_r
    effluent_drop = p_r - p_s
    purge_drop = p_s - k.ATMOSPHERE
    feed = 1937.6 * sqrt(feed_drop) / header.gas_mass if feed_drop > 0.0 else 0.0
    effluent = 0.0
    if effluent_drop > 0.0:
        effluent = 4574.21 * sqrt(effluent_drop) * outside.effluent / reactor.gas_mass
    purge = 0.0
    if purge_drop > 0.0:
        purge = valves[5] * 0.151169 * sqrt(purge_drop) / separator.gas_mass
    recycle, work = _compress(separator, p_v, valves[4])
    return Flows(
        valves[2] * (k.A_FEED_MAX / 100.0) * outside.a_supply,
        valves[0] * (k.D_FEED_MAX / 100.0),
        valves[1] * (k.E_FEED_MAX / 100.0),
        valves[3] * (k.AC_FEED_MAX / 100.0) * outside.ac_supply + _LEAST_AC_FEED,
        feed,
        effluent,
        recycle,
        purge,
        valves[6] * (k.UNDERFLOW_MAX / 100.0),
        valves[7] * (k.PRODUCT_MAX / 100.0),
        work,
        separator.gas_enthalpy + work / recycle,
    )


def _compress(separator: Drum, p_v: float, bypass: float) -> tuple[float, float]:
    """Returns the recycle flow after the bypass valve, and the work of the whole flow."""
    p_s, mass = separator.pressure, separator.gas_mass
    rise = p_v - p_s
    ratio = p_v / p_s
    ratio = min(max(ratio, 1.0), 1.3)
    flow = _COMPRESSOR_MAX + _COMPRESSOR_SLOPE * (1.0 - ratio * ratio * ratio)
    kelvin = separator.temperature + k.KELVIN
    work = flow * kelvin * k.GAS_CONSTANT_HEAT * rise / (mass * p_s)
    if rise > 0.0:
        flow -= bypass * 53.349 * sqrt(rise)
    return max(flow, _LEAST_COMPRESSOR_FLOW) / mass, work
