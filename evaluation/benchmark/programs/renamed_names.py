"""Other names for the tags, equipment and faults of a plant."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from random import Random

from handwheel.connectors.hints import did_you_mean
from handwheel.tools.errors import InvalidArguments

from .briefing import Briefing, FaultBrief, TagBrief
from .renamed_units import OtherUnit, in_units

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
