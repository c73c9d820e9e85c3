"""Equality, conversion, products and quotients of units as plants spell them.

Equal units are recognised by their parts. pint loads slowly, so it is imported only where two
units differ in more than their times; the gate's usual conditions never need it.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pint import UnitRegistry

PERCENT = "%"

# Points on a scale whose zero is arbitrary, and the unit of their differences.
POINTS: Mapping[str, str] = {
    "degC": "K", "°C": "K", "degF": "degR", "°F": "degR", "kPag": "kPa"
}  # fmt: skip
# Gauge pressures, the absolute unit, and their zero in it. Source: ISO 2533, 2.1 (standard
# atmosphere), which stands for the air pressure of the day.
_GAUGES: Mapping[str, tuple[str, float]] = {"kPag": ("kPa", 101.325)}

# Our spelling and pint's name. A unit in neither table equals itself only, as do % and kscm: the
# unit does not say the gas of a standard cubic metre.
_PINT: Mapping[str, str] = {
    "Pa": "pascal", "kPa": "kilopascal", "MPa": "megapascal", "bar": "bar",
    "mbar": "millibar", "degC": "degree_Celsius", "°C": "degree_Celsius",
    "degF": "degree_Fahrenheit", "°F": "degree_Fahrenheit", "K": "kelvin",
    "degR": "degree_Rankine", "mm": "millimeter", "cm": "centimeter", "m": "meter",
    "l": "liter", "g": "gram", "kg": "kilogram", "t": "metric_ton", "ms": "millisecond",
    "s": "second", "min": "minute", "h": "hour", "d": "day", "mA": "milliampere", "A": "ampere",
    "mV": "millivolt", "V": "volt", "kV": "kilovolt", "W": "watt", "kW": "kilowatt",
    "MW": "megawatt", "J": "joule", "kJ": "kilojoule", "kWh": "kilowatt_hour",
}  # fmt: skip

# A revolution counts as 1, so that 60 rpm are 1 Hz; pint would count radians.
_COMPOSED: Mapping[str, str] = {
    "m2": "m^2",
    "m3": "m^3",
    "m2K": "m^2·K",
    "kscmh": "kscm/h",
    "rpm": "1/min",
    "Hz": "1/s",
}
_SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([^\^]+)\^([1-9])")
_DIGITS = 15  # with more, 1.1 bar would be 110.00000000000001 kPa

_UNCONVERTED = frozenset({PERCENT, "kscm"})
"""Units that equal themselves only."""

Parts = Mapping[str, int]


class UnitConversion(NamedTuple):
    """Conversion into another unit by a factor, then an offset."""

    factor: float = 1.0
    offset: float = 0.0


def scale(source: str, target: str) -> UnitConversion | None:
    """Returns the conversion between two units, or `None` if there is none.

    A number without a unit never converts to a percentage or back: `30` beside a level in % is
    ambiguous.
    """
    if _parts(source) == _parts(target):
        return UnitConversion()
    if source in _GAUGES or target in _GAUGES:
        return _between_gauges(source, target)
    return _converted(source, target)


def _between_gauges(source: str, target: str) -> UnitConversion | None:
    absolute, zero = _GAUGES.get(source, (source, 0.0))
    wanted, wanted_zero = _GAUGES.get(target, (target, 0.0))
    by = scale(absolute, wanted)
    return by and UnitConversion(by.factor, rounded(zero * by.factor - wanted_zero))


def is_known(unit: str) -> bool:
    """Whether each part of a unit is one of ours. A number without a unit is known."""
    return all(name in _PINT or name in POINTS or name in _UNCONVERTED for name in _parts(unit))


def point_name(unit: str) -> str:
    """Returns the name of a point in a unit, `temperature` or `gauge pressure`."""
    return "gauge pressure" if unit in _GAUGES else "temperature"


def seconds(unit: str) -> float | None:
    """Returns the length of a unit of time, seconds, or `None` for any other unit."""
    return _SECONDS.get(unit)


def product(left: str, right: str) -> tuple[str, float]:
    """Returns the unit of a product, and a factor of 0.01 for a percentage."""
    if left and right == PERCENT:
        return left, 0.01
    if right and left == PERCENT:
        return right, 0.01
    return _combined(left, right, 1), 1.0


def quotient(left: str, right: str) -> tuple[str, float]:
    """Returns the unit of a quotient, and a factor of 100 for a divisor in percent."""
    if right == PERCENT and left != PERCENT:
        return left, 100.0
    return _combined(left, right, -1), 1.0


def rounded(number: float) -> float:
    """Returns a converted number rounded to 15 digits."""
    return float(f"{number:.{_DIGITS}g}")


def _combined(left: str, right: str, sign: int) -> str:
    if not right:
        return left
    if not left and sign > 0:
        return right
    return _text(_joined(_parts(left), _parts(right), sign))


def _joined(left: Parts, right: Parts, sign: int) -> Parts:
    powers = dict(left)
    for name, power in right.items():
        powers[name] = powers.get(name, 0) + sign * power
    return {name: power for name, power in powers.items() if power}


@lru_cache(maxsize=1024)
def _parts(unit: str) -> Parts:
    """Returns the parts of a unit and their powers, m^3 and h^-1 for `m3/h`."""
    powers: Parts = {}
    found = re.findall(r"(?:^|([/·]))([^/·]*)", unit) if unit else []
    if not all(name for _, name in found):
        return {unit: 1}
    for sign, name in found:
        powers = _joined(powers, _part(name, len(found) > 1), -1 if sign == "/" else 1)
    return powers


def _part(name: str, is_composed: bool) -> Parts:
    if name == "1" and is_composed:
        return {}
    if name in _COMPOSED:
        return _parts(_COMPOSED[name])
    if is_composed:
        name = POINTS.get(name, name)  # a change by so many degrees, as in degC/min
    power = _PART.fullmatch(name)
    return {power[1]: int(power[2])} if power else {name: 1}


def _text(parts: Parts) -> str:
    above = "·".join(_raised(name, power) for name, power in parts.items() if power > 0)
    below = "".join(_below(name, -power) for name, power in parts.items() if power < 0)
    return f"{above or '1'}{below}" if below else above


def _raised(name: str, power: int) -> str:
    if power == 1:
        return name
    composed = f"{name}{power}"
    return composed if composed in _COMPOSED else f"{name}^{power}"


def _below(name: str, power: int) -> str:
    composed = f"{name}{power}"
    return f"/{composed}" if composed in _COMPOSED else f"/{name}" * power


@lru_cache(maxsize=1024)
def _converted(source: str, target: str) -> UnitConversion | None:
    between = _joined(_parts(source), _parts(target), -1)
    if not _PINT.keys() >= between.keys():
        return None
    if (source in POINTS) != (target in POINTS):
        return None
    if source in POINTS:
        factor = _convert(1.0, _PINT[POINTS[source]], _PINT[POINTS[target]])
        offset = _convert(0.0, _PINT[source], _PINT[target])
        return UnitConversion(rounded(factor or 0.0), round(offset or 0.0, 10))
    others = between.keys() - _SECONDS.keys()
    if not others:
        return None if sum(between.values()) else UnitConversion(rounded(_times(between)))
    if len(others) == 1:  # no unit of the table is a power of a time
        return None
    names = (f"{_PINT[name]}**{power}" for name, power in between.items())
    factor = _convert(1.0, "*".join(names), "")
    return None if factor is None else UnitConversion(rounded(factor))


def _times(parts: Parts) -> float:
    return prod(_SECONDS[name] ** power for name, power in parts.items())


def _convert(number: float, source: str, target: str) -> float | None:
    from pint.errors import DimensionalityError

    try:
        return float(_registry().convert(number, source, target))
    except DimensionalityError:
        return None


@cache
def _registry() -> "UnitRegistry[float]":
    from pint import UnitRegistry

    return UnitRegistry[float]()
