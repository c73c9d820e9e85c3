"""The true values behind XMEAS 1 to 41, in the instruments' units.

Source: Downs and Vogel 1993, tables 4 and 5. XMEAS 16, called stripper pressure, is the
header's pressure; XMEAS 23 to 28 are the header's gas.
"""

from collections.abc import Sequence

from .algebra import Algebra
from .physics import constants as k

_KSCMH = 0.359 / 35.3145  # thousand standard m3 per lb-mol
_KG_PER_LB = 0.454
_RICH, _REST = k.FEED_PURITY, 1.0 - k.FEED_PURITY
_D_FEED = (_RICH * k.MOLAR_MASS[3] + _REST * k.MOLAR_MASS[1]) * _KG_PER_LB
_E_FEED = (_RICH * k.MOLAR_MASS[4] + _REST * k.MOLAR_MASS[5]) * _KG_PER_LB
_KPA = k.KPA_PER_MMHG
_M3 = 1.0 / k.FT3_PER_M3
_STEAM_KG = 1040.0 * _KG_PER_LB
_KW = 293.07


def continuous(now: Algebra, water_c: Sequence[float]) -> list[float]:
    """Returns the true values of XMEAS 1 to 22, with water leaving reactor and condenser, degC."""
    stream, reactor, separator, sump = now.flows, now.reactor, now.separator, now.sump
    return [
        stream.a * _KSCMH,
        stream.d * _D_FEED,
        stream.e * _E_FEED,
        stream.ac * _KSCMH,
        stream.recycle * _KSCMH,
        stream.reactor_feed * _KSCMH,
        (reactor.pressure - k.ATMOSPHERE) * _KPA,
        (reactor.liquid_volume - 84.6) / 666.7 * 100.0,
        reactor.temperature,
        stream.purge * _KSCMH,
        separator.temperature,
        (separator.liquid_volume - 27.5) / 290.0 * 100.0,
        (separator.pressure - k.ATMOSPHERE) * _KPA,
        stream.underflow * separator.molar_volume * _M3,
        (sump.liquid_volume - 78.25) / 156.5 * 100.0,
        (now.header.pressure - k.ATMOSPHERE) * _KPA,
        stream.product * sump.molar_volume * _M3,
        sump.temperature,
        now.heats.stripper * _STEAM_KG,
        stream.work * _KW,
        *water_c,
    ]


def compositions(now: Algebra) -> list[float]:
    """Returns the true values of XMEAS 23 to 41, mol percent."""
    shares = (*now.header.gas[:6], *now.separator.gas, *now.sump.liquid[3:])
    return [100.0 * share for share in shares]
