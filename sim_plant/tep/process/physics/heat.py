"""Heat flows of reactor coils, condenser and stripper steam.

Source: Downs and Vogel 1993. The hot side of the condenser is the reactor's
effluent at the reactor's temperature, not the separator.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from . import constants as k
from .boundary import Boundary

_STEAM = k.STEAM_MAX / 100.0
_STEAM_C = 100.0


@dataclass(slots=True)
class Heats:
    """Heat flows into the vessels in 1e6 Btu/h, negative while cooling."""

    reactor: float
    condenser: float
    stripper: float


def heats(
    valves: Sequence[float],
    water_c: tuple[float, float],
    reactor_c: float,
    reactor_liquid: float,
    effluent: float,
    stripper_c: float,
    outside: Boundary,
) -> Heats:
    """Computes the three heat flows.

    Args:
        valves: Positions of XMV 1 to 12, percent.
        water_c: Cooling water leaving reactor and condenser, degC.
        reactor_c: Reactor temperature, degC.
        reactor_liquid: Liquid in the reactor, ft3.
        effluent: Stream 7, lb-mol/h.
        stripper_c: Stripper temperature, degC.
    """
    ua_reactor = reactor_transfer(reactor_liquid, valves[11]) * outside.reactor_heat
    ua_condenser = condenser_transfer(effluent) * outside.condenser_heat
    steam = 0.0
    if stripper_c < _STEAM_C:
        steam = valves[8] * _STEAM * outside.stripper_heat * (_STEAM_C - stripper_c)
    return Heats(
        ua_reactor * (water_c[0] - reactor_c), ua_condenser * (water_c[1] - reactor_c), steam
    )


def reactor_transfer(liquid: float, agitator: float) -> float:
    """Returns UA of the reactor's coils, 1e6 Btu/(h K), which the liquid, ft3, wets."""
    wetted = 0.025 * liquid / 7.8 - 0.25
    wetted = min(max(wetted, 0.0), 1.0)
    speed = (agitator + 150.0) / 100.0
    return wetted * (speed * (2.75 - 0.5 * speed) - 2.5) * 0.85549


def condenser_transfer(effluent: float) -> float:
    """Returns UA of the condenser, 1e6 Btu/(h K), at a flow of stream 7 in lb-mol/h."""
    square = (effluent / 3528.73) ** 2
    return 0.404655 * (1.0 - 1.0 / (1.0 + square * square))
