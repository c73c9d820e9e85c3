"""Address space with a folder for each area and a variable for each tag."""

from collections.abc import Mapping

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from ...model import Node, PlantTag, Value
from . import units
from .node_adder import NodeAdder
from .node_ids import standard_node

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
    """Adds a plant's folders, which notify of events, and variables to a server.

    Attributes:
        nodes: Variable of each tag on OPC UA.
        areas: Folder of each of these tags.
    """

    def __init__(self, adder: NodeAdder) -> None:
        self._adder = adder
        self.nodes: dict[str, ua.NodeId] = {}
        self._folders: dict[str, ua.NodeId] = {}
        self.areas: dict[str, ua.NodeId] = {}

    async def build(
        self, title: str, tags: Mapping[str, PlantTag], values: Mapping[str, Value]
    ) -> ua.NodeId:
        """Adds and returns the plant's folder, with every tag on OPC UA below it."""
        root = await self._folder(title, standard_node(ObjectIds.ObjectsFolder))
        server = standard_node(ObjectIds.Server)
        await self._adder.refer(server, ObjectIds.HasNotifier, root, ua.NodeClass.Object)
        for tag in tags.values():
            assert isinstance(tag.address, Node)
            name = tag.address.folder
            if name not in self._folders:
                folder = self._folders[name] = await self._folder(name, root)
                await self._adder.refer(root, ObjectIds.HasNotifier, folder, ua.NodeClass.Object)
            self.areas[tag.name] = area = self._folders[name]
            self.nodes[tag.name] = await self._tag(tag, area, values[tag.name])
        return root

    async def _folder(self, name: str, parent: ua.NodeId) -> ua.NodeId:
        return await self._adder.object(name, parent, ObjectIds.FolderType, is_notifier=True)

    async def _tag(self, tag: PlantTag, folder: ua.NodeId, value: Value) -> ua.NodeId:
        access = ua.AccessLevel.CurrentRead.mask
        writable = access | ua.AccessLevel.CurrentWrite.mask
        node = await self._adder.variable(
            tag.name,
            folder,
            ObjectIds.HasComponent,
            _type_of(tag),
            variant(tag, value),
            access_level=writable if tag.write else access,
            description=tag.description,
        )
        for name, content in _properties(tag).items():
            await self._adder.variable(
                f"{tag.name}/{name}",
                node,
                ObjectIds.HasProperty,
                ObjectIds.PropertyType,
                content,
                browse_name=ua.QualifiedName(name, 0),
            )
        return node


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
