"""Stripper sump, liquid with all eight components dissolved. Source: Downs and Vogel 1993."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import constants as k
from .thermo import LIQUID, Mixture, temperature

_M_A, _M_B, _M_C, _M_D, _M_E, _M_F, _M_G, _M_H = k.MOLAR_MASS
# Heat capacity and density of the dissolved gases are placeholder constants
_A1, _B1, _C1 = (row[1] for row in LIQUID[:3])
_RA0, _RB0, _RC0 = (row[0] for row in k.LIQUID_DENSITY[:3])
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


@dataclass(slots=True)
class Sump:
    """Properties of the sump from its inventory and energy."""

    temperature: float  # degC
    liquid: Mixture  # mole fractions of A to H
    liquid_enthalpy: float  # 1e6 Btu/lb-mol
    liquid_volume: float  # ft3
    molar_volume: float  # ft3/lb-mol


def sump(state: Sequence[float], guess: float) -> Sump:
    """Solves the sump from lb-mol of A to H, then the energy of the liquid, 1e6 Btu."""
    a, b, c, d, e, f, g, h, energy = state
    moles = a + b + c + d + e + f + g + h
    linear = a * _A1 + b * _B1 + c * _C1 + d * _D1 + e * _E1 + f * _F1 + g * _G1 + h * _H1
    t = temperature(
        0.0,
        linear,
        d * _D2 + e * _E2 + f * _F2 + g * _G2 + h * _H2,
        d * _D3 + e * _E3 + f * _F3 + g * _G3 + h * _H3,
        energy,
        guess,
    )
    volume = (
        a * _M_A / _RA0
        + b * _M_B / _RB0
        + c * _M_C / _RC0
        + d * _M_D / (_RD0 + t * (_RD1 + t * _RD2))
        + e * _M_E / (_RE0 + t * (_RE1 + t * _RE2))
        + f * _M_F / (_RF0 + t * (_RF1 + t * _RF2))
        + g * _M_G / (_RG0 + t * (_RG1 + t * _RG2))
        + h * _M_H / (_RH0 + t * (_RH1 + t * _RH2))
    )
    return Sump(
        t,
        (a / moles, b / moles, c / moles, d / moles, e / moles, f / moles, g / moles, h / moles),
        energy / moles,
        volume,
        volume / moles,
    )
