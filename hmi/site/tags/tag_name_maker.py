"""Proposals of tag names from a device's browse names."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from handwheel.connectors.model.tag_file import NAME


class TagNames:
    """Proposes unique names in the form of `tags.yaml`, none of those that the site has already."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def propose(self, name: str, parent: str) -> str:
        """Returns a name for a variable from its browse name and its parent's, empty if unknown.

        One with a point or a digit names equipment, as `PT-102` does; any other is an attribute of
        what it belongs to.
        """
        return self._take(name if NAME.fullmatch(name) else _formed(name, parent))

    def propose_all(self, paths: Sequence[tuple[str, ...]]) -> list[str]:
        """Returns a name for each variable from the browse names above it, its own the last.

        Names that would be the same have as many of the names above in front as make them differ.
        """
        parts = [1] * len(paths)
        while True:
            wanted = [_of_path(path, count) for path, count in zip(paths, parts, strict=True)]
            times = Counter(wanted)
            alike = [
                place
                for place, path in enumerate(paths)
                if times[wanted[place]] > 1
                and parts[place] < len(path) - 1 + _is_equipment(path[-1])
            ]
            if not alike:
                return [self._take(each) for each in wanted]
            for place in alike:
                parts[place] += 1

    def _take(self, wanted: str) -> str:
        found, number = wanted, 1
        while found in self._taken:
            number += 1
            found = f"{wanted}_{number}"
        self._taken.add(found)
        return found


def _of_path(path: tuple[str, ...], count: int) -> str:
    """Returns a name from a variable's own and this number of names above it."""
    name, above = path[-1], path[:-1]
    if count > 1 and _is_equipment(name):  # whose name alone stands for the first
        return _formed("-".join([*above[-(count - 1) :], name]), "")
    return name if NAME.fullmatch(name) else _formed(name, "-".join(above[-count:]))


def _is_equipment(name: str) -> bool:
    return "." in name or re.search(r"\d", name) is not None


def _formed(name: str, parent: str) -> str:
    thing, _, attribute = name.rpartition(".")
    if not thing and (re.search(r"\d", name) or not parent):
        thing, attribute = name, "pv"
    return f"{_thing(thing or parent)}.{_attribute(attribute)}"


def _thing(text: str) -> str:
    letters = re.sub(r"[^A-Za-z0-9]+", "-", _ascii(text)).strip("-")
    return letters if letters[:1].isalpha() else f"X-{letters}".rstrip("-")


def _attribute(text: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _ascii(text))
    letters = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
    return letters if letters[:1].isalpha() else f"v_{letters}".rstrip("_")


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
