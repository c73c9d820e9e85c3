"""Reads the types, units, ranges and enumerations of a server's variables."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import NamedTuple, cast

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from ..model.values import Quality, StatusCode
from ..session.protocols import Description
from .codec import plain
from .references import References
from .services import Services, attribute

_ABSENT = frozenset(
    {
        StatusCodes.BadAttributeIdInvalid,  # it is not a variable
        StatusCodes.BadNodeIdInvalid,
        StatusCodes.BadNodeIdUnknown,
    }
)
STATES = frozenset({"TrueState", "FalseState"})
_PROPERTIES = STATES | {"EngineeringUnits", "EURange", "EnumStrings", "EnumValues"}
ABSTRACT = frozenset({"", "BaseDataType", "Number"})  # types that leave a bool or number open
CURRENT_WRITE = 0x02  # of an access level; Part 3, 8.57
_INFORMATION = 0xFFFF

Properties = Mapping[str, object]


class _Variable(NamedTuple):
    data_type: ua.NodeId | None
    is_array: bool
    is_writable: bool


async def descriptions_of(
    services: Services, references: References, nodes: Mapping[str, ua.NodeId]
) -> dict[str, Description]:
    """Reads types and properties of variables.

    Args:
        nodes: By name.

    Returns:
        By name. A node that is not a variable, or that the server does not have, is left out.

    Raises:
        NotConnected: The session is lost.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
    Source: OPC UA Part 8, 5.3 (EngineeringUnits, EURange, EnumStrings, TrueState, FalseState);
    Part 3, 5.8.3 (EnumStrings, EnumValues).
    """
    variables = await _variables(services, nodes)
    types = list(dict.fromkeys(each.data_type for each in variables.values() if each.data_type))
    found = await _properties(services, references, [*(nodes[name] for name in variables), *types])
    own = dict(zip(variables, found, strict=False))
    of_type = dict(zip(types, found[len(own) :], strict=True))
    type_names = await _names(services, types)
    return {
        name: _description(
            own[name],
            of_type.get(variable.data_type, {}) if variable.data_type else {},
            type_names.get(variable.data_type, "") if variable.data_type else "",
            variable,
        )
        for name, variable in variables.items()
    }


async def _variables(services: Services, nodes: Mapping[str, ua.NodeId]) -> dict[str, _Variable]:
    wanted = (AttributeIds.DataType, AttributeIds.ValueRank, AttributeIds.AccessLevel)
    answers = await services.read_attributes(
        [attribute(node, each) for node in nodes.values() for each in wanted]
    )
    variables: dict[str, _Variable] = {}
    parts = (answers[place :: len(wanted)] for place in range(len(wanted)))
    for name, of_type, rank, access in zip(nodes, *parts, strict=True):
        data_type, status = plain(of_type)
        if status & ~_INFORMATION not in _ABSENT:
            known = data_type if isinstance(data_type, ua.NodeId) and _is_good(status) else None
            dimensions, _ = plain(rank)
            level, _ = plain(access)
            variables[name] = _Variable(
                known,
                is_array=isinstance(dimensions, int) and dimensions >= 0,
                is_writable=isinstance(level, int) and bool(level & CURRENT_WRITE),
            )
    return variables


async def _properties(
    services: Services, references: References, nodes: Sequence[ua.NodeId]
) -> list[Properties]:
    places: list[tuple[int, str]] = []
    targets: list[ua.ReadValueId] = []
    for place, found in enumerate(await references.of(nodes, ObjectIds.HasProperty)):
        for reference in found.references:
            name = cast(ua.QualifiedName, reference.BrowseName).Name
            if name in _PROPERTIES:
                places.append((place, name))
                targets.append(attribute(cast(ua.NodeId, reference.NodeId)))
    properties: list[dict[str, object]] = [{} for _ in nodes]
    answers = await services.read_attributes(targets)
    for (place, key), answer in zip(places, answers, strict=True):
        value, status = plain(answer)
        if _is_good(status):
            properties[place][key] = value
    return list(properties)


async def _names(services: Services, nodes: Sequence[ua.NodeId]) -> dict[ua.NodeId, str]:
    answers = await services.read_attributes(
        [attribute(node, AttributeIds.BrowseName) for node in nodes]
    )
    names: dict[ua.NodeId, str] = {}
    for node, answer in zip(nodes, answers, strict=True):
        name, status = plain(answer)
        if _is_good(status) and isinstance(name, ua.QualifiedName):
            names[node] = name.Name or ""
    return names


def _description(
    own: Properties, of_type: Properties, type_name: str, variable: _Variable
) -> Description:
    unit, span = own.get("EngineeringUnits"), own.get("EURange")
    has_two_states = type_name in ABSTRACT and own.keys() >= STATES
    return Description(
        type="Boolean" if has_two_states else type_name,
        unit=_text(cast(object, unit.DisplayName)) if isinstance(unit, ua.EUInformation) else "",
        span=_span(span),
        members=_members(own) or _members(of_type),
        is_array=variable.is_array,
        is_writable=variable.is_writable,
    )


def _span(span: object) -> tuple[float, float] | None:
    if not isinstance(span, ua.Range):
        return None
    low, high = cast(float, span.Low), cast(float, span.High)
    return (low, high) if isfinite(low) and isfinite(high) and low < high else None


def _members(properties: Properties) -> dict[str, int]:
    values, words = properties.get("EnumValues"), properties.get("EnumStrings")
    named: list[tuple[str, int]] = []
    if isinstance(values, list):
        named = [
            (_text(cast(object, each.DisplayName)), cast(int, each.Value))
            for each in cast(list[object], values)
            if isinstance(each, ua.EnumValueType)
        ]
    elif isinstance(words, list):
        named = [(_text(each), n) for n, each in enumerate(cast(list[object], words))]
    return distinct_members(named)


def distinct_members(named: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Returns a name for each code. A repeated name gets its code, such as `on_3`."""
    members: dict[str, int] = {}
    for word, code in named:
        own = word
        while own in members:
            own = f"{own}_{code}"
        if word and code not in members.values():
            members[own] = code
    return members


def _text(text: object) -> str:
    return (text.Text or "") if isinstance(text, ua.LocalizedText) else ""


def _is_good(status: StatusCode) -> bool:
    return status.quality is Quality.GOOD
