"""Walks through a device's nodes, level by level."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from ..session.protocols import BrowseEntry, Browses

_ANY_DEPTH = 1000


@dataclass(frozen=True, slots=True)
class Level:
    """The children of one node."""

    node: str  # as `tags.yaml` names it; empty for the entry point
    name: str  # its browse name; empty for the start
    entries: Sequence[BrowseEntry]  # in the device's order
    is_last: bool  # whether its objects are not browsed further


def is_of_plant(entry: BrowseEntry) -> bool:
    """Whether the node is outside OPC UA's own namespace."""
    return entry.node.startswith("nsu=")


def is_object(entry: BrowseEntry) -> bool:
    """Whether the node is an object, but no alarm or other condition."""
    return entry.kind == "object"


async def walk(
    session: Browses, node: str, depth: int, enters: Callable[[BrowseEntry], bool] = is_object
) -> AsyncGenerator[Level]:
    """Yields the children of a node, then those of each object found, and so on.

    Each object is browsed once, because a device's objects may form rings. Objects of OPC UA's own
    namespace are browsed only from within it. A node that no tag can name is never browsed.

    Args:
        node: Start, as for `Browses.browse`.
        depth: Number of levels, at least 1.
        enters: Whether the children of a node are wanted, too.

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
            if enters(each)
            and each.node
            and each.node not in seen
            and (is_of_plant(each) or is_inside)
        ]
        if level < depth:
            open_ += [(each.node, each.name, level + 1) for each in below]
            seen |= {each.node for each in below}


@dataclass(frozen=True, slots=True)
class FoundVariables:
    """Variables below a node."""

    # each with the browse names above it, from the start downwards; level by level
    variables: Sequence[tuple[tuple[str, ...], BrowseEntry]]
    is_all: bool  # whether none is missing because of the limit


async def find_variables(
    session: Browses,
    node: str,
    most: int,
    enters: Callable[[BrowseEntry], bool],
    report: Callable[[int], None],
) -> FoundVariables:
    """Returns each variable below a node once, at most as many as the limit.

    Args:
        node: Start, as for `walk`.
        enters: As for `walk`.
        report: Is told the number of variables so far.

    Raises:
        NotConnected, ValueError: As for `walk`.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
    """
    found: dict[str, tuple[tuple[str, ...], BrowseEntry]] = {}
    paths: dict[str, tuple[str, ...]] = {node: ()}
    async with aclosing(walk(session, node, _ANY_DEPTH, enters)) as levels:
        async for level in levels:
            here = paths[level.node]
            for entry in level.entries:
                paths.setdefault(entry.node, (*here, entry.name))
                if entry.kind == "variable" and entry.node:
                    found.setdefault(entry.node, (here, entry))
            report(len(found))
            if len(found) > most:
                return FoundVariables(list(found.values())[:most], is_all=False)
    return FoundVariables(list(found.values()), is_all=True)
