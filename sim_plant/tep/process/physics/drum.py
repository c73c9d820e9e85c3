"""Reactor and separator with gas A, B, C over liquid D to H, in equilibrium.

The gas-phase hold-up of D to H and the liquid hold-up of A, B and C are
neglected, and the energy state is the enthalpy of the liquid alone.

Source: Downs and Vogel 1993; Raoult's law with Antoine pressures, ideal gas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from . import constants as k
from .thermo import LIQUID, Mixture, enthalpy, gas_cubic, temperature

_KELVIN = k.KELVIN
_GAS_CONSTANT = k.GAS_CONSTANT
_M_A, _M_B, _M_C, _M_D, _M_E, _M_F, _M_G, _M_H = k.MOLAR_MASS
_D1, _D2, _D3 = LIQUID[3][1:]
_E1, _E2, _E3 = LIQUID[4][1:]
_F1, _F2, _F3 = LIQUID[5][1:]
_G1, _G2, _G3 = LIQUID[6][1:]
_H1, _H2, _H3 = LIQUID[7][1:]
_RD0, _RD1, _RD2 = k.LIQUID_DENSITY[3]
_RE0, _RE1, _RE2 = k.LIQUID_DENSITY[4]
_RF0, _RF1, _RF2 = k.LIQUID_DENSITY[5]
_RG0, _RG1, _RG2 = k.LIQUID_DENSITY[6]
_RH0, _RH1, _RH2 = k.LIQUID_DENSITY[7]
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
    t = temperature(
        0.0,
        d * _D1 + e * _E1 + f * _F1 + g * _G1 + h * _H1,
        d * _D2 + e * _E2 + f * _F2 + g * _G2 + h * _H2,
        d * _D3 + e * _E3 + f * _F3 + g * _G3 + h * _H3,
        energy,
        guess,
    )
    moles = d + e + f + g + h
    liquid_volume = (  # ideal mixing of volumes, not of densities
        d * _M_D / (_RD0 + t * (_RD1 + t * _RD2))
        + e * _M_E / (_RE0 + t * (_RE1 + t * _RE2))
        + f * _M_F / (_RF0 + t * (_RF1 + t * _RF2))
        + g * _M_G / (_RG0 + t * (_RG1 + t * _RG2))
        + h * _M_H / (_RH0 + t * (_RH1 + t * _RH2))
    )
    gas_volume = volume - liquid_volume
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
        liquid_volume,
        liquid_volume / moles,
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
