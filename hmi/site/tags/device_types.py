"""Mapping from device types to the types of `tags.yaml`."""

from collections.abc import Mapping

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
