"""Stripper column between overhead and sump. Source: Downs and Vogel 1993."""

from dataclasses import dataclass

from .drum import Liquid
from .thermo import Mixture, enthalpy, gas_cubic

_A, _B, _C = 0.995, 0.991, 0.990  # shares overhead of the gases
_D, _E, _F, _G, _H = 8.501, 11.402, 11.795, 0.048, 0.0242  # factors of the vapour ratio
_DRY = (0.9999, 0.999, 0.999, 0.99, 0.98)  # shares overhead without liquid from above
_LEAST_UNDERFLOW = 0.1  # lb-mol/h


@dataclass(slots=True)
class Column:
    """Products of the column, lb-mol/h."""

    shares: Liquid  # split factors of D to H: the share that leaves overhead
    overhead: Mixture  # flows of A to H in stream 5
    overhead_heat: float  # enthalpy flow of stream 5, 1e6 Btu/h
    bottoms: Mixture  # flows of A to H into the sump


def strip(
    ac: float,
    ac_feed: tuple[float, float, float],
    underflow: float,
    liquid: Liquid,
    temperature: float,
) -> Column:
    """Splits streams 4 and 10.

    Args:
        ac: Stream 4, lb-mol/h.
        ac_feed: Its mole fractions of A, B, C.
        underflow: Stream 10, lb-mol/h.
        liquid: Mole fractions of D to H in stream 10.
        temperature: Of the sump, degC.
    """
    s_d, s_e, s_f, s_g, s_h = shares = split_factors(ac, underflow, temperature)
    z_a, z_b, z_c = ac_feed
    x_d, x_e, x_f, x_g, x_h = liquid
    a, b, c = ac * z_a, ac * z_b, ac * z_c
    d, e, f = underflow * x_d, underflow * x_e, underflow * x_f
    g, h = underflow * x_g, underflow * x_h
    o_a, o_b, o_c, o_d, o_e, o_f, o_g, o_h = overhead = (
        _A * a,
        _B * b,
        _C * c,
        s_d * d,
        s_e * e,
        s_f * f,
        s_g * g,
        s_h * h,
    )
    return Column(
        shares,
        overhead,
        enthalpy(gas_cubic(overhead), temperature),
        (a - o_a, b - o_b, c - o_c, d - o_d, e - o_e, f - o_f, g - o_g, h - o_h),
    )


def split_factors(ac: float, underflow: float, temperature: float) -> Liquid:
    """Returns the shares of D to H that leave overhead, 0..1."""
    if underflow <= _LEAST_UNDERFLOW:
        return _DRY
    v = ac / underflow * volatility(temperature)
    d, e, f, g, h = _D * v, _E * v, _F * v, _G * v, _H * v
    return d / (1.0 + d), e / (1.0 + e), f / (1.0 + f), g / (1.0 + g), h / (1.0 + h)


def volatility(temperature: float) -> float:
    """Returns the temperature's factor of the vapour ratio."""
    if temperature > 170.0:
        return temperature - 120.262
    if temperature < 5.292:
        return 0.1
    return 363.744 / (177.0 - temperature) - 2.22579488
