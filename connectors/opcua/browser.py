"""Browses a server's nodes and describes its variables."""

from collections.abc import Mapping, Sequence
from typing import cast

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from ..model.tags import Tag
from ..session.protocols import BrowseEntry, Description
from .descriptions import descriptions_of
from .node_ids import Nodes
from .references import References
from .services import Services, standard, standard_name

_OBJECTS = standard(ObjectIds.ObjectsFolder)


class Browser:
    """Browses the server of one session."""

    def __init__(self, services: Services, nodes: Nodes) -> None:
        self._services = services
        self._nodes = nodes
        self._references = References(services)

    async def browse(self, node: str) -> list[BrowseEntry]:
        """Returns the children of a node. See `Browses.browse`.

        A node that no tag can name comes with an empty name: it is on another server, or its
        namespace has no URI, a URI that occurs twice, or one with a semicolon.
        """
        start = self._nodes.find(node) if node else _OBJECTS
        if start is None:
            raise ValueError(f"{node!r}: no node id, or of a namespace that the server has not")
        (found,) = await self._references.of([start], ObjectIds.HierarchicalReferences)
        if not found.status.is_good():
            raise ValueError(f"{node!r}: {found.status.name}")
        there: dict[str, tuple[str, ua.ReferenceDescription]] = {}
        variables: dict[str, ua.NodeId] = {}
        for reference in found.references:
            target = self._target(reference)
            name = None if target is None else self._nodes.name(target)
            key = name or cast(ua.NodeId, reference.NodeId).to_string()
            there.setdefault(key, (name or "", reference))  # two references lead to some
            if target is not None and name and reference.NodeClass == ua.NodeClass.Variable:
                variables[name] = target
        descriptions = await descriptions_of(self._services, self._references, variables)
        return [_entry(name, each, descriptions.get(name)) for name, each in there.values()]

    async def describe(self, tags: Sequence[Tag]) -> Mapping[str, Description]:
        """Returns the server's descriptions of the tags' nodes. See `Describes.describe`."""
        found = {tag.name: self._nodes.node(tag) for tag in tags}
        nodes = {name: node for name, node in found.items() if node is not None}
        return await descriptions_of(self._services, self._references, nodes)

    def _target(self, reference: ua.ReferenceDescription) -> ua.NodeId | None:
        target = cast(ua.NodeId, reference.NodeId)
        if not isinstance(target, ua.ExpandedNodeId):
            return target
        if target.ServerIndex:
            return None
        identifier = ua.NodeId(target.Identifier, ua.Int16(0), target.NodeIdType).to_string()
        return self._nodes.find(f"nsu={target.NamespaceUri};{identifier}")


def _entry(
    node: str, reference: ua.ReferenceDescription, description: Description | None
) -> BrowseEntry:
    browse_name = cast(ua.QualifiedName, reference.BrowseName)
    kind = cast(ua.NodeClass, reference.NodeClass).name.lower()
    of_type = cast(ua.NodeId | None, reference.TypeDefinition)
    if kind == "object" and of_type is not None:
        is_condition = standard_name(of_type).endswith(("AlarmType", "ConditionType"))
        kind = "condition" if is_condition else kind
    return BrowseEntry(node, browse_name.Name or "", kind, description)
