"""Proposals of tag names from a device's browse names."""

import re
import unicodedata
from collections.abc import Iterable

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
        wanted = name if NAME.fullmatch(name) else _formed(name, parent)
        found, number = wanted, 1
        while found in self._taken:
            number += 1
            found = f"{wanted}_{number}"
        self._taken.add(found)
        return found


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
