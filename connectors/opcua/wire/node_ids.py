"""Where the nodes of tags are in one session: namespaces have URIs, and an index for its life."""

from collections.abc import Sequence

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from ...model.tags import NodeAddress, Tag
from ...model.values import BAD_INDEX_INVALID, BAD_NODE_UNKNOWN, StatusCode

_URI = "nsu="


class Nodes:
    """The nodes that tags name, by the server's array of namespaces.

    Attributes:
        ignores_index: Whether the server sends a whole array for some of its elements; nobody
            could tell which they are then.
    """

    def __init__(self) -> None:
        self.ignores_index = False
        self._uris: tuple[object, ...] = ()
        self._indexes: dict[str, int] = {}
        self._nodes: dict[str, ua.NodeId | None] = {}

    def learn(self, uris: Sequence[object]) -> bool:
        """Takes the server's namespaces, in its order; whatever is no URI has no name.

        Returns:
            Whether they are others than before, so that nodes may be elsewhere.
        """
        if tuple(uris) == self._uris:
            return False
        self._uris = tuple(uris)
        self._indexes = {uri: index for index, uri in enumerate(uris) if isinstance(uri, str)}
        self._nodes.clear()
        return True

    def node(self, tag: Tag) -> ua.NodeId | None:
        """Returns the node of a tag; `None` if it cannot be asked for, see `refusal`."""
        assert isinstance(tag.address, NodeAddress)
        if self.ignores_index and tag.address.index:
            return None
        text = tag.address.node
        if text not in self._nodes:
            self._nodes[text] = self.find(text)
        return self._nodes[text]

    def refusal(self, tag: Tag) -> StatusCode:
        """Returns why a tag has no node: its namespace is not there, or its index is ignored."""
        assert isinstance(tag.address, NodeAddress)
        is_ignored = self.ignores_index and tag.address.index
        return BAD_INDEX_INVALID if is_ignored else BAD_NODE_UNKNOWN

    def find(self, text: str) -> ua.NodeId | None:
        """Returns the node that a text such as `nsu=URI;s=NAME` names, if it names one."""
        index: int | None = 0
        if text.startswith(_URI):
            uri, _, text = text.removeprefix(_URI).partition(";")
            index = self._indexes.get(uri)
        try:
            return None if index is None else ua.NodeId.from_string(f"ns={index};{text}")
        except (UaError, ValueError):
            return None

    def name(self, node: ua.NodeId) -> str | None:
        """Returns a node as tags name it; `None` if its namespace has no URI, so that none can."""
        index = node.NamespaceIndex
        identifier = ua.NodeId(node.Identifier, ua.Int16(0), node.NodeIdType).to_string()
        if index == 0:
            return identifier
        if index >= len(self._uris):
            return None
        text = f"{_URI}{self._uris[index]};{identifier}"
        # A URI that holds a semicolon, or stands there twice, would name another node.
        return text if self.find(text) == node else None
