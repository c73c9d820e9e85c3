"""Other names and units for a plant, for an episode under other names."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from random import Random
from typing import TYPE_CHECKING

from handwheel.connectors.hints import did_you_mean
from handwheel.tools.errors import InvalidArguments

from .briefing import Briefing, FaultBrief, TagBrief

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


_PLANT = "plant"
_CODE = r"[A-Z]{1,5}-\d{2,4}[A-Z]?"
"""Code of ISA-5.1, such as `PDT-101`, which is no name of the briefing."""
_NUMBERS = range(10, 1000)
_BEGINS, _ENDS = r"(?<![\w-])", r"(?!\w)"


class Renaming:
    """Other names and units of a plant, drawn for an episode, both ways.

    A tag is called `X17.c`, where all tags of the same kind of value end in the same letter, and
    what belongs together begins alike, as it did before. Equipment is `U4` and a fault `K12`.
    Words stay, and the names in them are replaced.

    Args:
        own: Briefing with the names of the plant.
        units: Other unit of each unit that is shown in another.
        draw: Decides about the names.
    """

    def __init__(self, own: Briefing, units: Mapping[str, OtherUnit], draw: Random) -> None:
        self._units, self._draw = units, draw
        self._other: dict[str, str] = {own.plant: _PLANT}
        self._own: dict[str, str] = {}
        self._tags = {each.name: each for each in own.tags}
        equipment = {each.equipment for each in own.tags if each.equipment}
        equipment.update(each for fault in own.faults for each in fault.equipment)
        self.equipment = self._named(equipment, "U")
        self.tags = self._named_tags(own.tags)
        self.faults = self._named((each.name for each in own.faults), "K")

    # --- names --------------------------------------------------------------------------------

    def briefing(self, own: Briefing) -> Briefing:
        """Returns a briefing with the other names and units, in the order of these names."""
        tags = sorted(map(self._tag, own.tags), key=lambda each: each.name)
        faults = sorted(map(self._fault, own.faults), key=lambda each: each.name)
        return own.model_copy(
            update={
                "plant": _PLANT,
                "task": self.text(own.task),
                "tags": tuple(tags),
                "faults": tuple(faults),
            }
        )

    def own(self, kind: Mapping[str, str], name: str, what: str) -> str:
        """Returns the plant's name of what a program names.

        Args:
            kind: Other name of each of these.
            what: Word for a message, such as `tag`.

        Raises:
            InvalidArguments: There is none of this name, as it is with the plant's own.
        """
        found = self._own.get(name)
        if found is None or found not in kind:
            hint = did_you_mean(name, kind.values())
            raise InvalidArguments(f"there is no {what} {name!r}{hint}")
        return found

    def _tag(self, own: TagBrief) -> TagBrief:
        other, (_, _, end) = self.unit(own.name), own.name.partition(".")
        update = {
            "name": self.tags[own.name],
            "label": self.text(own.label or end.replace("_", " ")),  # else it would tell nothing
            "unit": other.name,
            "equipment": self.equipment.get(own.equipment, ""),
            "low": None if own.low is None else other.shown(own.low),
            "high": None if own.high is None else other.shown(own.high),
        }
        return own.model_copy(update=update)

    def _fault(self, own: FaultBrief) -> FaultBrief:
        equipment = tuple(self.equipment[each] for each in own.equipment)
        update = {
            "name": self.faults[own.name], "title": self.text(own.title), "equipment": equipment
        }  # fmt: skip
        return own.model_copy(update=update)

    # --- values and texts ---------------------------------------------------------------------

    def unit(self, tag: str) -> OtherUnit:
        """Returns the unit in which a tag of the plant is shown. Whole numbers keep their own."""
        own = self._tags[tag]
        kept = OtherUnit(own.unit)
        return self._units.get(own.unit, kept) if own.kind == "float" else kept

    def text(self, own: str) -> str:
        """Returns a text of the plant with the other names and units."""
        return self._known.sub(lambda match: self._name(match[0]), in_units(own, self._units))

    def own_text(self, text: str) -> str:
        """Returns a text of a program with the plant's names and units."""
        back = {each.name: each.inverse(unit) for unit, each in self._units.items()}
        others = re.compile(_BEGINS + _any(self._own) + _ENDS)
        return others.sub(lambda match: self._own[match[0]], in_units(text, back))

    @cached_property
    def _known(self) -> re.Pattern[str]:
        return re.compile(f"{_BEGINS}(?:{_any(self._other)}|{_CODE}){_ENDS}")

    # --- drawn names --------------------------------------------------------------------------

    def _named(self, names: Iterable[str], letter: str) -> dict[str, str]:
        return {each: self._name(each, letter) for each in sorted(set(names))}

    def _named_tags(self, tags: Iterable[TagBrief]) -> dict[str, str]:
        parts = {each.name: each.name.partition(".") for each in tags}
        ends = sorted({end for _, _, end in parts.values()})
        self._draw.shuffle(ends)
        letters = dict(zip(ends, _letters(), strict=False))
        for name, (begin, dot, end) in sorted(parts.items()):
            other = self._name(begin)
            if dot:
                self._add(name, f"{other}.{letters[end]}")
        return {each: self._other[each] for each in parts}

    def _name(self, own: str, letter: str = "X") -> str:
        """Returns the other name of something, which is drawn if it has none."""
        if own not in self._other:
            free = [each for n in _NUMBERS if (each := f"{letter}{n}") not in self._own]
            self._add(own, self._draw.choice(free))
        return self._other[own]

    def _add(self, own: str, other: str) -> None:
        self._other[own], self._own[other] = other, own


def _letters() -> Iterator[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    yield from letters
    yield from (first + second for first in letters for second in letters)


def _any(names: Collection[str]) -> str:
    return f"(?:{'|'.join(re.escape(each) for each in sorted(names, key=len, reverse=True))})"
