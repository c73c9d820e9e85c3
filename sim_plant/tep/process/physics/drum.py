"""Reactor and separator with gas A, B, C over liquid D to H, in equilibrium.

The gas-phase hold-up of D to H and the liquid hold-up of A, B and C are
neglected, and the energy state is the enthalpy of the liquid alone.

Source: Downs and Vogel 1993; Raoult's law with Antoine pressures, ideal gas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from . import constants as k
from .thermo import Mixture, enthalpy, gas_cubic, liquid_cubic, liquid_volume, temperature

_KELVIN = k.KELVIN
_GAS_CONSTANT = k.GAS_CONSTANT
_M_A, _M_B, _M_C, _M_D, _M_E, _M_F, _M_G, _M_H = k.MOLAR_MASS
_PD0, _PD1, _PD2 = k.ANTOINE[0]
_PE0, _PE1, _PE2 = k.ANTOINE[1]
_PF0, _PF1, _PF2 = k.ANTOINE[2]
_PG0, _PG1, _PG2 = k.ANTOINE[3]
_PH0, _PH1, _PH2 = k.ANTOINE[4]

Liquid = tuple[float, float, float, float, float]


@dataclass(slots=True)
class Drum:
    """Properties of a drum from its inventory and energy."""

    temperature: float  # degC
    pressure: float  # mmHg absolute
    partials: Mixture  # partial pressures of A to H, mmHg
    gas: Mixture  # mole fractions of A to H in the gas
    gas_mass: float  # molar mass of the gas, lb/lb-mol
    gas_enthalpy: float  # 1e6 Btu/lb-mol
    gas_volume: float  # ft3
    liquid: Liquid  # mole fractions of D to H in the liquid
    liquid_enthalpy: float  # 1e6 Btu/lb-mol
    liquid_volume: float  # ft3
    molar_volume: float  # of the liquid, ft3/lb-mol


def drum(state: Sequence[float], volume: float, guess: float) -> Drum:
    """Solves a drum of this volume, ft3, from lb-mol of A to H and the liquid's energy, 1e6 Btu."""
    a, b, c, d, e, f, g, h, energy = state
    heavy = 0.0, 0.0, 0.0, d, e, f, g, h
    t = temperature(*liquid_cubic(heavy), energy, guess)
    moles = d + e + f + g + h
    liquid_ft3 = liquid_volume(heavy, t)
    gas_volume = volume - liquid_ft3
    per_mole = _GAS_CONSTANT * (t + _KELVIN) / gas_volume
    x_d, x_e, x_f, x_g, x_h = liquid = (d / moles, e / moles, f / moles, g / moles, h / moles)
    p_a, p_b, p_c, p_d, p_e, p_f, p_g, p_h = partials = (
        a * per_mole,
        b * per_mole,
        c * per_mole,
        x_d * exp(_PD0 + _PD1 / (t + _PD2)),
        x_e * exp(_PE0 + _PE1 / (t + _PE2)),
        x_f * exp(_PF0 + _PF1 / (t + _PF2)),
        x_g * exp(_PG0 + _PG1 / (t + _PG2)),
        x_h * exp(_PH0 + _PH1 / (t + _PH2)),
    )
    pressure = p_a + p_b + p_c + p_d + p_e + p_f + p_g + p_h
    return Drum(
        t,
        pressure,
        partials,
        *_gas(partials, pressure, t),
        gas_volume,
        liquid,
        energy / moles,
        liquid_ft3,
        liquid_ft3 / moles,
    )


def _gas(partials: Mixture, pressure: float, t: float) -> tuple[Mixture, float, float]:
    a, b, c, d, e, f, g, h = partials
    mass = (
        a * _M_A + b * _M_B + c * _M_C + d * _M_D + e * _M_E + f * _M_F + g * _M_G + h * _M_H
    ) / pressure
    fractions = (
        a / pressure,
        b / pressure,
        c / pressure,
        d / pressure,
        e / pressure,
        f / pressure,
        g / pressure,
        h / pressure,
    )
    return fractions, mass, enthalpy(gas_cubic(partials), t) / pressure
