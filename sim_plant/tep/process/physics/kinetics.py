"""Reactions in the reactor's gas space.

    1: A + C + D -> G    2: A + C + E -> H    3: A + E -> F    4: 3 D -> 2 F

Source: Downs and Vogel 1993; reaction 4 is counted as 1.5 D -> F.
"""

from dataclasses import dataclass
from math import exp

from . import constants as k
from .drum import Drum
from .thermo import Mixture

_HEAT_1 = 0.06899381054  # 1e6 Btu/lb-mol; reactions 3 and 4 carry none
_HEAT_2 = 0.05
_ORDER_A = 1.1544
_ORDER_C = 0.3735
_ENERGY_1 = -40000.0 / k.GAS_CONSTANT_CALORIES
_ENERGY_2 = -20000.0 / k.GAS_CONSTANT_CALORIES
_ENERGY_3 = -60000.0 / k.GAS_CONSTANT_CALORIES
_RATIO_4 = 0.767488334


@dataclass(slots=True)
class Reactions:
    """Rates 1 to 4 and production of A to H in lb-mol/h, and heat in 1e6 Btu/h."""

    rates: tuple[float, float, float, float]
    production: Mixture
    heat: float


def react(reactor: Drum, drift_1: float, drift_2: float) -> Reactions:
    """Computes the reactions, with factors of reaction 1 and 2 near 1."""
    p_a, _, p_c, p_d, p_e, _, _, _ = reactor.partials
    kelvin = reactor.temperature + k.KELVIN
    volume = reactor.gas_volume
    r_1 = r_2 = 0.0
    if p_a > 0.0 and p_c > 0.0:
        shared = p_a**_ORDER_A * p_c**_ORDER_C * volume
        r_1 = exp(31.5859536 + _ENERGY_1 / kelvin) * shared * p_d * drift_1
        r_2 = exp(3.00094014 + _ENERGY_2 / kelvin) * shared * p_e * drift_2
    slow = exp(53.4060443 + _ENERGY_3 / kelvin) * p_a * volume
    r_3 = slow * p_e
    r_4 = _RATIO_4 * slow * p_d
    return Reactions(
        (r_1, r_2, r_3, r_4),
        (-r_1 - r_2 - r_3, 0.0, -r_1 - r_2, -r_1 - 1.5 * r_4, -r_2 - r_3, r_3 + r_4, r_1, r_2),
        _HEAT_1 * r_1 + _HEAT_2 * r_2,
    )
