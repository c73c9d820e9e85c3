"""Enthalpies as cubics in the temperature, and temperatures from them.

The reference is liquid at 0 degC. Coefficients already hold the molar mass, the
factor 1.8 and the integration of the heat capacity, so that the enthalpy of a
component is `c0 + T*(c1 + T*(c2 + T*c3))`, 1e6 Btu/lb-mol with T in degC. The
factor 1.8 does not apply to the heat of vaporisation.

Source: Downs and Vogel 1993, with the original's ideal mixing.
"""

from collections.abc import Sequence

from . import constants as k

_TOLERANCE_K = 1e-10
_MAX_ITERATIONS = 100

Cubic = tuple[float, float, float, float]
Mixture = tuple[float, float, float, float, float, float, float, float]


def _cubic(mass: float, heat: tuple[float, float, float], vaporisation: float) -> Cubic:
    factor = 1e-6 * k.HEAT_FACTOR * mass
    constant, linear, quadratic = heat
    return (
        1e-6 * mass * vaporisation,
        factor * constant,
        factor * linear / 2.0,
        factor * quadratic / 3.0,
    )


LIQUID = tuple(
    _cubic(mass, heat, 0.0) for mass, heat in zip(k.MOLAR_MASS, k.LIQUID_HEAT, strict=True)
)
GAS = tuple(
    _cubic(mass, heat, vaporisation)
    for mass, heat, vaporisation in zip(k.MOLAR_MASS, k.GAS_HEAT, k.VAPORISATION, strict=True)
)

_A0, _A1, _A2, _A3 = GAS[0]
_B0, _B1, _B2, _B3 = GAS[1]
_C0, _C1, _C2, _C3 = GAS[2]
_D0, _D1, _D2, _D3 = GAS[3]
_E0, _E1, _E2, _E3 = GAS[4]
_F0, _F1, _F2, _F3 = GAS[5]
_G0, _G1 = GAS[6][:2]  # the gas heat capacities of G and H are constants
_H0, _H1 = GAS[7][:2]

_LA1, _LB1, _LC1 = (row[1] for row in LIQUID[:3])
_LD1, _LD2, _LD3 = LIQUID[3][1:]
_LE1, _LE2, _LE3 = LIQUID[4][1:]
_LF1, _LF2, _LF3 = LIQUID[5][1:]
_LG1, _LG2, _LG3 = LIQUID[6][1:]
_LH1, _LH2, _LH3 = LIQUID[7][1:]
_M_A, _M_B, _M_C, _M_D, _M_E, _M_F, _M_G, _M_H = k.MOLAR_MASS
_RA0, _RB0, _RC0 = (row[0] for row in k.LIQUID_DENSITY[:3])
_RD0, _RD1, _RD2 = k.LIQUID_DENSITY[3]
_RE0, _RE1, _RE2 = k.LIQUID_DENSITY[4]
_RF0, _RF1, _RF2 = k.LIQUID_DENSITY[5]
_RG0, _RG1, _RG2 = k.LIQUID_DENSITY[6]
_RH0, _RH1, _RH2 = k.LIQUID_DENSITY[7]


def enthalpy(component: Cubic, t: float) -> float:
    """Returns a component's enthalpy at `t` degC, 1e6 Btu/lb-mol."""
    c0, c1, c2, c3 = component
    return c0 + t * (c1 + t * (c2 + t * c3))


def mixed(table: Sequence[Cubic], amounts: Sequence[float]) -> Cubic:
    """Returns the cubic of a mixture whose amounts do not change, lb-mol or fractions."""
    sums = [
        sum(amount * row[power] for amount, row in zip(amounts, table, strict=True))
        for power in range(4)
    ]
    return sums[0], sums[1], sums[2], sums[3]


def gas_cubic(amounts: Mixture) -> Cubic:
    """Returns the cubic of a gas, for amounts of A to H in lb-mol or fractions."""
    a, b, c, d, e, f, g, h = amounts
    return (
        a * _A0 + b * _B0 + c * _C0 + d * _D0 + e * _E0 + f * _F0 + g * _G0 + h * _H0,
        a * _A1 + b * _B1 + c * _C1 + d * _D1 + e * _E1 + f * _F1 + g * _G1 + h * _H1,
        a * _A2 + b * _B2 + c * _C2 + d * _D2 + e * _E2 + f * _F2,
        a * _A3 + b * _B3 + c * _C3 + d * _D3 + e * _E3 + f * _F3,
    )


def liquid_cubic(amounts: Mixture) -> Cubic:
    """Returns the cubic of a liquid, for amounts of A to H in lb-mol.

    Heat capacity and density of the dissolved gases A to C are placeholder constants.
    """
    a, b, c, d, e, f, g, h = amounts
    return (
        0.0,
        a * _LA1 + b * _LB1 + c * _LC1 + d * _LD1 + e * _LE1 + f * _LF1 + g * _LG1 + h * _LH1,
        d * _LD2 + e * _LE2 + f * _LF2 + g * _LG2 + h * _LH2,
        d * _LD3 + e * _LE3 + f * _LF3 + g * _LG3 + h * _LH3,
    )


def liquid_volume(amounts: Mixture, t: float) -> float:
    """Returns the volume of a liquid of A to H in lb-mol at `t` degC, ft3.

    Volumes mix ideally, not densities.
    """
    a, b, c, d, e, f, g, h = amounts
    return (
        a * _M_A / _RA0
        + b * _M_B / _RB0
        + c * _M_C / _RC0
        + d * _M_D / (_RD0 + t * (_RD1 + t * _RD2))
        + e * _M_E / (_RE0 + t * (_RE1 + t * _RE2))
        + f * _M_F / (_RF0 + t * (_RF1 + t * _RF2))
        + g * _M_G / (_RG0 + t * (_RG1 + t * _RG2))
        + h * _M_H / (_RH0 + t * (_RH1 + t * _RH2))
    )


def feed_enthalpy(a: float, b: float, c: float, t: float) -> float:
    """Returns the enthalpy of a gas of A, B and C only, 1e6 Btu/lb-mol for fractions."""
    linear = a * _A1 + b * _B1 + c * _C1
    quadratic = a * _A2 + b * _B2 + c * _C2
    cubic = a * _A3 + b * _B3 + c * _C3
    return a * _A0 + b * _B0 + c * _C0 + t * (linear + t * (quadratic + t * cubic))


def temperature(c0: float, c1: float, c2: float, c3: float, energy: float, guess: float) -> float:
    """Returns the temperature, degC, at which a cubic has this energy, by Newton's method."""
    t = guess
    twice, thrice = 2.0 * c2, 3.0 * c3
    for _ in range(_MAX_ITERATIONS):
        excess = c0 + t * (c1 + t * (c2 + t * c3)) - energy
        change = excess / (c1 + t * (twice + t * thrice))
        t -= change
        if -_TOLERANCE_K < change < _TOLERANCE_K:
            break
    return t
