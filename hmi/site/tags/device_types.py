"""Mapping from device types to the types of `tags.yaml`."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from handwheel.connectors.model.tag_file import NAME
from handwheel.connectors.model.tags import Kind
from handwheel.connectors.session.protocols import BrowseEntry, Description

_INTEGERS = (
    "sbyte", "byte", "int16", "uint16", "int32", "uint32", "int64", "uint64",
    "integer", "uinteger", "enumeration", "counter", "integerid",
)  # fmt: skip
_KINDS: Mapping[str, Kind] = {
    "boolean": "bool",
    "bit": "bool",
    **dict.fromkeys(("string", "localeid", "numericrange"), "string"),
    **dict.fromkeys(("float", "double", "float32", "float64", "number", "duration"), "float"),
    **dict.fromkeys(_INTEGERS, "int"),
}
_FITTING: Mapping[Kind, frozenset[Kind]] = {
    "bool": frozenset({"bool"}),
    "string": frozenset({"string"}),
    "float": frozenset({"float"}),
    "int": frozenset({"int", "enum", "float"}),
}
_ANY_NUMBER = "number"  # the abstract type of every number, integers too
# Types of values that tags do not have, and that have no parts
_WHOLE = frozenset(
    {
        "bytestring", "datetime", "utctime", "date", "time", "guid", "localizedtext", "nodeid",
        "expandednodeid", "qualifiedname", "statuscode", "xmlelement", "image",
    }
)  # fmt: skip


def has_parts(entry: BrowseEntry) -> bool:
    """Returns whether variables are to be looked for below a node.

    Beside objects these are structures, whose members many PLCs show as variables.
    """
    if entry.kind != "variable" or entry.description is None:
        return entry.kind == "object"
    return proposed_kind(entry.description) is None and entry.description.type.lower() not in _WHOLE


def kind_of(device_type: str) -> Kind | None:
    """Returns the `tags.yaml` type for a device type such as `uint32`, if one is certain.

    An enumeration without its words is an `int`.
    """
    return _KINDS.get(device_type.lower())


def fits(kind: Kind, device_type: str) -> bool:
    """Returns whether a tag type fits a device type. An unknown device type fits."""
    held = kind_of(device_type)
    if device_type.lower() == _ANY_NUMBER:
        return kind in _FITTING["int"]
    return held is None or kind in _FITTING[held]


def proposed_kind(described: Description) -> Kind | None:
    """Returns the type of a tag for a device's item, `enum` where its words are known."""
    kind = kind_of(described.type)
    if described.members and (kind in {None, "int"} or described.type.lower() == _ANY_NUMBER):
        return "enum"
    return kind


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
