"""Node ids of tags in one session, whose namespace indexes may change in the next."""

from collections.abc import Sequence

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from ..model.tags import NodeAddress, Tag
from ..model.values import BAD_INDEX_INVALID, BAD_NODE_UNKNOWN, StatusCode

_URI = "nsu="


class Nodes:
    """Node ids of tags by the server's namespace array.

    Attributes:
        ignores_index: Whether the server sends a whole array for some of its elements, so that it
            is unknown which they are.
    """

    def __init__(self) -> None:
        self.ignores_index = False
        self._uris: tuple[object, ...] = ()
        self._indexes: dict[str, int] = {}
        self._nodes: dict[str, ua.NodeId | None] = {}

    def learn(self, uris: Sequence[object]) -> None:
        """Takes the server's namespaces in order. An entry that is not a URI has no name."""
        if tuple(uris) == self._uris:
            return
        self._uris = tuple(uris)
        self._indexes = {uri: index for index, uri in enumerate(uris) if isinstance(uri, str)}
        self._nodes.clear()

    def node(self, tag: Tag) -> ua.NodeId | None:
        """Returns the node of a tag, or `None` for the reason in `refusal`."""
        assert isinstance(tag.address, NodeAddress)
        if self.ignores_index and tag.address.index:
            return None
        text = tag.address.node
        if text not in self._nodes:
            self._nodes[text] = self.find(text)
        return self._nodes[text]

    def refusal(self, tag: Tag) -> StatusCode:
        """Returns the status of a tag without a node."""
        assert isinstance(tag.address, NodeAddress)
        is_ignored = self.ignores_index and tag.address.index
        return BAD_INDEX_INVALID if is_ignored else BAD_NODE_UNKNOWN

    def find(self, text: str) -> ua.NodeId | None:
        """Returns the node with a name in the form of `tags.yaml`, if any."""
        index: int | None = 0
        if text.startswith(_URI):
            uri, _, text = text.removeprefix(_URI).partition(";")
            index = self._indexes.get(uri)
        try:
            return None if index is None else ua.NodeId.from_string(f"ns={index};{text}")
        except (UaError, ValueError):
            return None

    def name(self, node: ua.NodeId) -> str | None:
        """Returns a node in the form of `tags.yaml`, if a tag can name it."""
        index = node.NamespaceIndex
        identifier = ua.NodeId(node.Identifier, ua.Int16(0), node.NodeIdType).to_string()
        if index == 0:
            return identifier
        if index >= len(self._uris):
            return None
        text = f"{_URI}{self._uris[index]};{identifier}"
        # A URI that holds a semicolon, or stands there twice, would name another node.
        return text if self.find(text) == node else None
