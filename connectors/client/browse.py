"""Goes through what a device has, level by level."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from ..session.protocols import BrowseEntry, Browses


@dataclass(frozen=True, slots=True)
class Level:
    """What stands below one node.

    Attributes:
        node: As `tags.yaml` names it; empty for where a user would begin.
        name: Its browse name, empty where it was not browsed for.
        entries: In the device's order.
        is_last: Whether its objects are not gone into.
    """

    node: str
    name: str
    entries: Sequence[BrowseEntry]
    is_last: bool


def is_of_plant(entry: BrowseEntry) -> bool:
    """Whether it is not of OPC UA's own namespace, in which the server speaks of itself."""
    return entry.node.startswith("nsu=")


async def walk(session: Browses, node: str, depth: int) -> AsyncGenerator[Level]:
    """Yields what stands below a node, then below each object found there, and so on.

    An object that has been gone into is not gone into again: a device's objects may form rings.
    Objects of the protocol itself, such as the server's own, are gone into only from one of them,
    and one that no tag can name from nowhere.

    Args:
        session: Stays open.
        node: To begin with, as for `Browses.browse`.
        depth: How many levels, 1 or more.

    Raises:
        NotConnected: The session is lost.
        ValueError: There is no such node.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
    """
    seen, is_inside = {node}, bool(node) and not node.startswith("nsu=")
    open_ = [(node, "", 1)]
    while open_:
        here, name, level = open_.pop(0)
        entries = await session.browse(here)
        yield Level(here, name, entries, is_last=level == depth)
        below = [
            each
            for each in entries
            if each.kind == "object"
            and each.node
            and each.node not in seen
            and (is_of_plant(each) or is_inside)
        ]
        if level < depth:
            open_ += [(each.node, each.name, level + 1) for each in below]
            seen |= {each.node for each in below}
