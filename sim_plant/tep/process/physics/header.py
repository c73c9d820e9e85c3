"""Vapour header before the reactor, for feeds 1 to 3, recycle and stripper overhead.

Source: Downs and Vogel 1993. This is the one energy state that is an internal energy;
every stream carries an enthalpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from . import constants as k
from .thermo import Mixture, gas_cubic, temperature

_KELVIN = k.KELVIN
_R_HEAT = k.GAS_CONSTANT_HEAT
_PER_VOLUME = k.GAS_CONSTANT / k.HEADER_VOLUME
_M_A, _M_B, _M_C, _M_D, _M_E, _M_F, _M_G, _M_H = k.MOLAR_MASS


@dataclass(slots=True)
class Header:
    """Properties of the header from its inventory and energy."""

    temperature: float  # degC
    pressure: float  # mmHg absolute
    gas: Mixture  # mole fractions of A to H
    gas_mass: float  # molar mass, lb/lb-mol
    gas_enthalpy: float  # 1e6 Btu/lb-mol


def header(state: Sequence[float], guess: float) -> Header:
    """Solves the header from lb-mol of A to H, then the internal energy, 1e6 Btu."""
    a, b, c, d, e, f, g, h, energy = state
    moles = a + b + c + d + e + f + g + h
    c0, c1, c2, c3 = gas_cubic((a, b, c, d, e, f, g, h))
    work = _R_HEAT * moles
    t = temperature(c0 - _KELVIN * work, c1 - work, c2, c3, energy, guess)
    kelvin = t + _KELVIN
    mass = a * _M_A + b * _M_B + c * _M_C + d * _M_D + e * _M_E + f * _M_F + g * _M_G + h * _M_H
    return Header(
        t,
        moles * _PER_VOLUME * kelvin,
        (a / moles, b / moles, c / moles, d / moles, e / moles, f / moles, g / moles, h / moles),
        mass / moles,
        energy / moles + _R_HEAT * kelvin,
    )
