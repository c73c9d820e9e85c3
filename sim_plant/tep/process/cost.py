"""Operating cost of losses, steam and compressor work. Source: Downs and Vogel 1993."""

from collections.abc import Sequence

_STEAM, _WORK = 0.0318, 0.0536  # $/kg, $/kWh
_PURGE, _PRODUCT = 0.44791, 4.541


def operating_cost(xmeas: Sequence[float], xmv: Sequence[float]) -> float:
    """Returns the cost in $/h, from the 41 measurements and the 12 commands, percent."""
    a, _, c, d, e, f, g, h = xmeas[28:36]
    purge = 2.209 * a + 6.177 * c + 22.06 * d + 14.56 * e + 17.89 * f + 30.44 * g + 22.94 * h
    d, e, f = xmeas[36:39]
    product = 0.2206 * d + 0.1456 * e + 0.1789 * f
    return (
        _STEAM * xmeas[18]
        + _WORK * xmeas[19]
        + _PURGE * xmeas[9] * purge
        + _PRODUCT * xmv[7] * product
    )
