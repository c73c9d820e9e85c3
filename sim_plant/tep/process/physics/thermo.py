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
