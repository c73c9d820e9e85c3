"""Services of one open session, with time-outs and translated errors."""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from asyncua import ua
from asyncua.client.ua_client import UaClient, UASocketProtocol
from asyncua.ua import object_ids
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from ..errors import NotConnected
from .data_values import read_results

T = TypeVar("T")

UNREADABLE = (
    ArithmeticError,
    AssertionError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""Errors that asyncua raises on an answer that is corrupt."""

_STANDARD_NAMES = cast("Mapping[object, str]", cast(Any, object_ids).ObjectIdNames)
_MOST_NODES = 500
_DECODED_AT_ONCE = 100  # about 1 ms


def standard(identifier: int) -> ua.NodeId:
    """Returns a node of the standard's namespace."""
    return ua.NodeId(ua.Int32(identifier))


def standard_name(node: ua.NodeId) -> str:
    """Returns the name of a node of the standard's namespace, empty for others."""
    if node.NamespaceIndex != 0:
        return ""
    return _STANDARD_NAMES.get(node.Identifier, "")


def attribute(node: ua.NodeId, kind: int = AttributeIds.Value) -> ua.ReadValueId:
    """Returns the item of a Read for an attribute of a node."""
    return ua.ReadValueId(NodeId=node, AttributeId=AttributeIds(kind))


def protocol_of(client: UaClient) -> UASocketProtocol:
    """Returns the open transport.

    asyncua's own `create_subscription` would start its publish loop, which keeps one request at a
    time and hides unreadable answers and the end of all subscriptions.

    Raises:
        ConnectionError: It is closed.
    """
    if client.protocol is None:
        raise ConnectionError("the connection is closed")
    return client.protocol


class Services:
    """The services of one session.

    Args:
        timeout_s: For each answer, seconds.
        lost: Translates an error of the library.

    Attributes:
        most_nodes: Limit of nodes in one Read.
    """

    def __init__(
        self, client: UaClient, timeout_s: float, lost: Callable[[Exception], NotConnected]
    ) -> None:
        self.client = client
        self.timeout_s = timeout_s
        self.lost = lost
        self.most_nodes = _MOST_NODES

    def limit(self, most: int) -> None:
        """Takes the server's limit of nodes in one Read. 0 means none."""
        if most > 0:
            self.most_nodes = min(_MOST_NODES, most)

    async def asked(self, answer: Awaitable[T]) -> T:
        """Awaits an answer. Raises `NotConnected` if it is late or unreadable, the session lost."""
        with self.translated():
            async with asyncio.timeout(self.timeout_s):
                return await answer

    @contextmanager
    def translated(self) -> Generator[None]:
        """Translates the library's errors to `NotConnected`, for the session is lost."""
        try:
            yield
        except (OSError, TimeoutError, UaError, *UNREADABLE) as error:
            raise self.lost(error) from None

    async def read(
        self, items: Sequence[ua.ReadValueId], *, has_structures: bool = True
    ) -> list[ua.DataValue]:
        """Reads in one request. See `read_attributes` and `data_value`."""
        request = ua.ReadRequest()
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        request.Parameters.NodesToRead = list(items)
        with self.translated():
            answer = await self.asked(protocol_of(self.client).send_request(request))
            handle = cast(int, request.RequestHeader.RequestHandle)
            results: list[ua.DataValue] = []
            for value in read_results(answer, handle, has_structures=has_structures):
                results.append(value)
                if len(results) % _DECODED_AT_ONCE == 0:
                    await asyncio.sleep(0)  # without it, all other tasks would wait
        return self.matching(results, len(items))

    def matching(self, results: list[T], asked: int) -> list[T]:
        """Returns the results, one for each request. Raises `NotConnected` otherwise."""
        if len(results) != asked:
            raise self.lost(UaError(f"{len(results)} values for {asked} nodes"))
        return results

    async def read_attributes(self, items: Sequence[ua.ReadValueId]) -> list[ua.DataValue]:
        """Reads attributes of nodes, in chunks.

        Raises:
            NotConnected: The session is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        results: list[ua.DataValue] = []
        for start in range(0, len(items), self.most_nodes):
            results += await self.read(items[start : start + self.most_nodes])
        return results

    async def supertype(self, node: ua.NodeId) -> ua.NodeId | None:
        """Returns the supertype of a type, `None` at the top or if the server does not tell.

        Raises:
            NotConnected: The session is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`.
        """
        description = ua.BrowseDescription(
            NodeId=node,
            BrowseDirection=ua.BrowseDirection.Inverse,
            ReferenceTypeId=standard(ObjectIds.HasSubtype),
            IncludeSubtypes=False,
        )
        request = ua.BrowseParameters(NodesToBrowse=[description])
        results = await self.asked(self.client.browse(request))
        found = cast(list[ua.ReferenceDescription], results[0].References) if results else []
        return cast(ua.NodeId, found[0].NodeId) if found else None
