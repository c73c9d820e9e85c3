"""Limits of true values that shut the process down. Source: Downs and Vogel 1993, table 6."""

from math import inf

from .algebra import Algebra
from .physics import constants as k

_PRESSURE_MAX = 3000.0 / k.KPA_PER_MMHG + k.ATMOSPHERE  # 3000 kPag
_TEMPERATURE_MAX = 175.0  # degC

# m3, low and high
_REACTOR = (2.0 * k.FT3_PER_M3, 24.0 * k.FT3_PER_M3)
_SEPARATOR = (1.0 * k.FT3_PER_M3, 12.0 * k.FT3_PER_M3)
_STRIPPER = (1.0 * k.FT3_PER_M3, 8.0 * k.FT3_PER_M3)

CAUSES: dict[str, int] = {
    "none": 0,
    "reactor pressure high": 1,
    "reactor temperature high": 2,
    "reactor level low": 3,
    "reactor level high": 4,
    "separator level low": 5,
    "separator level high": 6,
    "stripper level low": 7,
    "stripper level high": 8,
    "not a number": 9,
}
"""Number of each cause for a tag, by the text of `ProcessState.trip`."""


def shutdown(now: Algebra) -> str:
    """Returns the broken limit, such as `stripper level low`, or an empty string."""
    is_inside = (
        now.reactor.pressure <= _PRESSURE_MAX
        and now.reactor.temperature <= _TEMPERATURE_MAX
        and _REACTOR[0] <= now.reactor.liquid_volume <= _REACTOR[1]
        and _SEPARATOR[0] <= now.separator.liquid_volume <= _SEPARATOR[1]
        and _STRIPPER[0] <= now.sump.liquid_volume <= _STRIPPER[1]
    )
    return "" if is_inside else _broken(now)


def _broken(now: Algebra) -> str:
    tests = (
        ("reactor pressure", now.reactor.pressure, -inf, _PRESSURE_MAX),
        ("reactor temperature", now.reactor.temperature, -inf, _TEMPERATURE_MAX),
        ("reactor level", now.reactor.liquid_volume, *_REACTOR),
        ("separator level", now.separator.liquid_volume, *_SEPARATOR),
        ("stripper level", now.sump.liquid_volume, *_STRIPPER),
    )
    name, value, low, _ = next(test for test in tests if not test[2] <= test[1] <= test[3])
    return f"{name} {'low' if value < low else 'high'}"
