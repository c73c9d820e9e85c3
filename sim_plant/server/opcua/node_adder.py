"""Adds nodes to the server's address space, without the rules for clients."""

from typing import cast

from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.object_ids import ObjectIds

from .node_ids import plant_node, standard_node

SUBSCRIBE_TO_EVENTS = 1
_READ = ua.AccessLevel.CurrentRead.mask


class NodeAdder:
    """Adds objects, variables and references of a plant's namespace, before the server starts."""

    def __init__(self, server: Server, namespace: int) -> None:
        self._session = server.iserver.isession
        self.namespace = namespace

    async def object(
        self,
        name: str,
        parent: ua.NodeId,
        kind: int,
        *,
        reference: int = ObjectIds.Organizes,
        browse_name: ua.QualifiedName | None = None,
        description: str = "",
        is_notifier: bool = False,
    ) -> ua.NodeId:
        """Adds an object of a standard type, with its name as node id."""
        shown = browse_name or ua.QualifiedName(name, self.namespace)
        attributes = ua.ObjectAttributes(
            DisplayName=ua.LocalizedText(shown.Name),
            Description=ua.LocalizedText(description),
            EventNotifier=ua.Byte(SUBSCRIBE_TO_EVENTS if is_notifier else 0),
        )
        return await self._add(
            ua.AddNodesItem(
                ParentNodeId=parent,
                ReferenceTypeId=standard_node(reference),
                RequestedNewNodeId=plant_node(name, self.namespace),
                BrowseName=shown,
                NodeClass=ua.NodeClass.Object,
                NodeAttributes=attributes,
                TypeDefinition=standard_node(kind),
            )
        )

    async def variable(
        self,
        name: str,
        parent: ua.NodeId,
        reference: int,
        kind: int,
        value: ua.Variant,
        *,
        access_level: int = _READ,
        description: str = "",
        browse_name: ua.QualifiedName | None = None,
    ) -> ua.NodeId:
        """Adds a variable of a standard type, with its name as node id."""
        shown = browse_name or ua.QualifiedName(name, self.namespace)
        attributes = ua.VariableAttributes(
            DisplayName=ua.LocalizedText(shown.Name),
            Description=ua.LocalizedText(description),
            Value=value,
            DataType=_data_type(value),
            ValueRank=ua.ValueRank.OneDimension if value.is_array else ua.ValueRank.Scalar,
            AccessLevel=ua.Byte(access_level),
            UserAccessLevel=ua.Byte(_READ),
        )
        return await self._add(
            ua.AddNodesItem(
                ParentNodeId=parent,
                ReferenceTypeId=standard_node(reference),
                RequestedNewNodeId=plant_node(name, self.namespace),
                BrowseName=shown,
                NodeClass=ua.NodeClass.Variable,
                NodeAttributes=attributes,
                TypeDefinition=standard_node(kind),
            )
        )

    async def refer(
        self, source: ua.NodeId, reference: int, target: ua.NodeId, target_class: ua.NodeClass
    ) -> None:
        """Adds a reference in both directions."""
        for start, end, is_forward in ((source, target, True), (target, source, False)):
            item = ua.AddReferencesItem(
                SourceNodeId=start,
                ReferenceTypeId=standard_node(reference),
                IsForward=is_forward,
                TargetNodeId=end,
                TargetNodeClass=target_class,
            )
            (result,) = await self._session.add_references([item])
            result.check()

    async def _add(self, item: ua.AddNodesItem) -> ua.NodeId:
        (result,) = await self._session.add_nodes([item])
        result.StatusCode.check()
        return cast(ua.NodeId, result.AddedNodeId)


def _data_type(value: ua.Variant) -> ua.NodeId:
    sample: object = value.Value[0] if value.is_array else value.Value
    known: dict[type, int] = {ua.Range: ObjectIds.Range, ua.EUInformation: ObjectIds.EUInformation}
    return standard_node(known.get(type(sample), value.VariantType.value))
