"""Events for subscribers, with fields by their browse path and select clauses.

asyncua's own evaluation ignores subtypes in `OfType`, reads only the first name of a path, and
loops where operands refer to each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from asyncua import ua
from asyncua.server.address_space import AddressSpace
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from ..node_ids import standard_node

_NULL = ua.Variant(None)
_CHILDREN = {standard_node(ObjectIds.HasComponent), standard_node(ObjectIds.HasProperty)}
_SUBTYPE = standard_node(ObjectIds.HasSubtype)


@dataclass(frozen=True, slots=True)
class EventNotification:
    """One notification."""

    # by browse path, names joined with `/`, such as `AckedState/Id`
    fields: Mapping[str, ua.Variant]
    condition: ua.NodeId | None = None

    def select(self, operand: ua.SimpleAttributeOperand) -> ua.Variant:
        """Returns the field that a select clause names, or null where this event has none.

        An empty path with the NodeId attribute selects the condition.
        Source: OPC UA Part 9, 5.5.2 (ConditionId).
        """
        path = cast(list[ua.QualifiedName], operand.BrowsePath or [])
        if not path:
            is_id = cast(int, operand.AttributeId) == AttributeIds.NodeId
            has_id = is_id and self.condition is not None
            return ua.Variant(self.condition, ua.VariantType.NodeId) if has_id else _NULL
        if operand.AttributeId != AttributeIds.Value or operand.IndexRange:
            return _NULL
        if any(cast(int, name.NamespaceIndex) for name in path):
            return _NULL
        return self.fields.get("/".join(str(name.Name) for name in path), _NULL)


class EventTypes:
    """Fields and supertypes of the event types of the address space.

    Clients may select the fields of the `served` types, inherited ones included.
    """

    def __init__(self, space: AddressSpace, served: Sequence[ua.NodeId]) -> None:
        self._space = space
        self._served = served

    def is_kind_of(self, kind: object, wanted: object) -> bool:
        """Returns whether a type is another one or one of its subtypes."""
        return isinstance(kind, ua.NodeId) and wanted in set(self._with_supertypes(kind))

    def check_select(self, clause: ua.SimpleAttributeOperand) -> int:
        """Returns the status code of a select clause."""
        if clause.TypeDefinitionId not in self._space:
            return StatusCodes.BadTypeDefinitionInvalid
        path = cast(list[ua.QualifiedName], clause.BrowsePath or [])
        if clause.AttributeId != (AttributeIds.Value if path else AttributeIds.NodeId):
            return StatusCodes.BadAttributeIdInvalid
        if clause.IndexRange:
            return StatusCodes.BadIndexRangeInvalid
        kinds = (kind for served in self._served for kind in self._with_supertypes(served))
        is_known = not path or any(self._has(kind, path) for kind in kinds)
        return StatusCodes.Good if is_known else StatusCodes.BadNodeIdUnknown

    def _has(self, node: ua.NodeId, path: Sequence[ua.QualifiedName]) -> bool:
        if not path:
            return True
        return any(
            self._has(cast(ua.NodeId, reference.NodeId), path[1:])
            for reference in self._space[node].references
            if reference.IsForward
            and reference.ReferenceTypeId in _CHILDREN
            and reference.BrowseName == path[0]
            and reference.NodeId in self._space
        )

    def _with_supertypes(self, kind: ua.NodeId) -> Iterator[ua.NodeId]:
        if kind not in self._space:
            return
        yield kind
        for reference in self._space[kind].references:
            if reference.ReferenceTypeId == _SUBTYPE and not reference.IsForward:
                yield from self._with_supertypes(cast(ua.NodeId, reference.NodeId))


def base_fields(
    event_id: bytes,
    kind: ua.NodeId,
    source: tuple[ua.NodeId, str],
    text: str,
    severity: int,
    at: datetime,
) -> dict[str, ua.Variant]:
    """Returns the fields of every event, such as SourceNode and SourceName of the source."""
    node, name = source
    return variants(
        {
            "EventId": (event_id, ua.VariantType.ByteString),
            "EventType": (kind, ua.VariantType.NodeId),
            "SourceNode": (node, ua.VariantType.NodeId),
            "SourceName": (name, ua.VariantType.String),
            "Message": (ua.LocalizedText(text), ua.VariantType.LocalizedText),
            "Severity": (severity, ua.VariantType.UInt16),
            "Time": (at, ua.VariantType.DateTime),
            "ReceiveTime": (at, ua.VariantType.DateTime),
        }
    )


def variants(values: Mapping[str, tuple[Any, ua.VariantType]]) -> dict[str, ua.Variant]:
    """Returns fields in their types, from pairs of value and type."""
    return {path: ua.Variant(value, kind) for path, (value, kind) in values.items()}
