"""Other units for the values of a plant, for an episode under other names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # slow to import
    from pint import UnitRegistry

# Our spelling and pint's name, where they differ. A share is in per unit.
_PINT: Mapping[str, str] = {
    "%": "percent", "pu": "", "m3/h": "m**3/h", "gpm": "gallon/min",
    "m2K/W": "m**2*K/W", "h·ft2·degF/Btu": "hour*foot**2*delta_degF/Btu",
}  # fmt: skip
_DIGITS = 12  # of factor and offset, with which pint's 31.999999999999936 degF are 32

_NUMBER, _TEXT_DIGITS = r"-?\d+(?:\.\d+)?(?:e-?\d+)?", 6


@dataclass(frozen=True, slots=True)
class OtherUnit:
    """Unit in which a value is shown instead of its own."""

    name: str
    factor: float = 1.0
    offset: float = 0.0

    def shown(self, value: float) -> float:
        """Returns a value of the plant in this unit."""
        return value * self.factor + self.offset

    def inverse(self, unit: str) -> "OtherUnit":
        """Returns the conversion back to a unit."""
        return OtherUnit(unit, 1.0 / self.factor, -self.offset / self.factor)


def other_unit(unit: str, name: str) -> OtherUnit:
    """Returns the conversion of a unit to another.

    Raises:
        pint.errors.PintError: There is none.
    """
    own, other = _PINT.get(unit, unit), _PINT.get(name, name)
    zero, one = (float(_registry().convert(each, own, other)) for each in (0.0, 1.0))
    return OtherUnit(name, _rounded(one - zero), _rounded(zero))


def draw_units(units: Mapping[str, Sequence[str]], draw: Random) -> dict[str, OtherUnit]:
    """Draws another unit for each, which all tags with that unit then have."""
    return {each: other_unit(each, draw.choice(names)) for each, names in sorted(units.items())}


def in_units(text: str, units: Mapping[str, OtherUnit]) -> str:
    """Returns a text in which each number with one of some units is shown in the other one.

    The first number of a range, such as `0 to 600 kPa`, is converted too. A difference of
    temperatures has a unit of its own, as `K`, and stays.
    """
    named = "|".join(re.escape(each) for each in sorted(units, key=len, reverse=True))
    if not named:
        return text
    found = re.compile(
        rf"(?<![\w.])(?<![A-Z]-)(?:({_NUMBER})( to | and ))?({_NUMBER})( ?)({named})(?![\w/·])"
    )

    def other(match: re.Match[str]) -> str:
        first, between, number, space, unit = match.groups()
        to = units[unit]
        begin = "" if first is None else _text(to.shown(float(first))) + between
        return f"{begin}{_text(to.shown(float(number)))}{space}{to.name}"

    return found.sub(other, text)


def _text(number: float) -> str:
    return f"{number:.{_TEXT_DIGITS}g}"


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


@cache
def _registry() -> "UnitRegistry[float]":
    from pint import UnitRegistry

    return UnitRegistry[float]()
