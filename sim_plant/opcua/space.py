"""The address space: a folder an area, one variable a tag, with ranges and units."""

from typing import cast

from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.object_ids import ObjectIds

from ..model import Node, PlantTag, Value
from . import units
from .nodes import plant_node, standard_node

VARIANTS = {
    "float": ua.VariantType.Double,
    "int": ua.VariantType.Int64,
    "bool": ua.VariantType.Boolean,
    "enum": ua.VariantType.UInt16,
}


def variant(tag: PlantTag, value: Value) -> ua.Variant:
    """Returns a tag's value in the type that its node has."""
    return ua.Variant(value, VARIANTS[tag.kind])


class SpaceBuilder:
    """Adds a plant's folders and variables to a server.

    Args:
        server: Initialised, not yet started.
        namespace: Index of the plant's namespace.
    """

    def __init__(self, server: Server, namespace: int) -> None:
        self._session = server.iserver.isession
        self._namespace = namespace
        self._folders: dict[str, ua.NodeId] = {}

    async def build(self, title: str, tags: dict[str, PlantTag], values: dict[str, Value]) -> None:
        """Adds the plant's folder and below it every tag that stands on OPC UA."""
        root = await self._folder(title, standard_node(ObjectIds.ObjectsFolder))
        for tag in tags.values():
            assert isinstance(tag.address, Node)
            folder = tag.address.folder
            if folder not in self._folders:
                self._folders[folder] = await self._folder(folder, root)
            await self._tag(tag, self._folders[folder], values[tag.name])

    async def _folder(self, name: str, parent: ua.NodeId) -> ua.NodeId:
        item = ua.AddNodesItem(
            ParentNodeId=parent,
            ReferenceTypeId=standard_node(ObjectIds.Organizes),
            RequestedNewNodeId=plant_node(name, self._namespace),
            BrowseName=ua.QualifiedName(name, self._namespace),
            NodeClass=ua.NodeClass.Object,
            NodeAttributes=ua.ObjectAttributes(DisplayName=ua.LocalizedText(name)),
            TypeDefinition=standard_node(ObjectIds.FolderType),
        )
        return await self._add(item)

    async def _tag(self, tag: PlantTag, folder: ua.NodeId, value: Value) -> None:
        access = ua.AccessLevel.CurrentRead.mask
        writable = access | ua.AccessLevel.CurrentWrite.mask
        node = await self._variable(
            plant_node(tag.name, self._namespace),
            folder,
            ObjectIds.HasComponent,
            _type_of(tag),
            variant(tag, value),
            access_level=writable if tag.write else access,
            description=tag.description,
        )
        for name, content in _properties(tag).items():
            await self._variable(
                plant_node(f"{tag.name}/{name}", self._namespace),
                node,
                ObjectIds.HasProperty,
                ObjectIds.PropertyType,
                content,
                access_level=access,
                browse_name=ua.QualifiedName(name, 0),
            )

    async def _variable(
        self,
        node: ua.NodeId,
        parent: ua.NodeId,
        reference: int,
        kind: int,
        value: ua.Variant,
        *,
        access_level: int,
        description: str = "",
        browse_name: ua.QualifiedName | None = None,
    ) -> ua.NodeId:
        name = browse_name or ua.QualifiedName(str(node.Identifier), self._namespace)
        attributes = ua.VariableAttributes(
            DisplayName=ua.LocalizedText(name.Name),
            Description=ua.LocalizedText(description),
            Value=value,
            DataType=_data_type(value),
            ValueRank=ua.ValueRank.OneDimension if value.is_array else ua.ValueRank.Scalar,
            AccessLevel=ua.Byte(access_level),
            UserAccessLevel=ua.Byte(ua.AccessLevel.CurrentRead.mask),
        )
        item = ua.AddNodesItem(
            ParentNodeId=parent,
            ReferenceTypeId=standard_node(reference),
            RequestedNewNodeId=node,
            BrowseName=name,
            NodeClass=ua.NodeClass.Variable,
            NodeAttributes=attributes,
            TypeDefinition=standard_node(kind),
        )
        return await self._add(item)

    async def _add(self, item: ua.AddNodesItem) -> ua.NodeId:
        (result,) = await self._session.add_nodes([item])
        result.StatusCode.check()
        return cast(ua.NodeId, result.AddedNodeId)


def _type_of(tag: PlantTag) -> int:
    if tag.kind == "enum":
        return ObjectIds.MultiStateDiscreteType
    return ObjectIds.AnalogItemType if tag.span else ObjectIds.BaseDataVariableType


def _properties(tag: PlantTag) -> dict[str, ua.Variant]:
    if tag.kind == "enum":
        words = sorted(tag.members, key=tag.members.__getitem__)
        return {"EnumStrings": ua.Variant([ua.LocalizedText(word) for word in words])}
    properties: dict[str, ua.Variant] = {}
    if tag.span:
        span = ua.Variant(ua.Range(*tag.span))
        properties |= {"EURange": span, "InstrumentRange": span}
    if tag.unit:
        properties["EngineeringUnits"] = ua.Variant(units.information(tag.unit))
    return properties


def _data_type(value: ua.Variant) -> ua.NodeId:
    sample: object = value.Value[0] if value.is_array else value.Value
    known: dict[type, int] = {ua.Range: ObjectIds.Range, ua.EUInformation: ObjectIds.EUInformation}
    return standard_node(known.get(type(sample), value.VariantType.value))
