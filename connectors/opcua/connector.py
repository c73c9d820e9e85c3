"""Opens read sessions with an OPC UA server."""

import asyncio
import struct
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TypeVar, cast

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from ..endpoints import Credentials, OpcuaConnection
from ..errors import NotConnected, os_reason
from ..secrets import resolve_secret
from ..session import NO_WRITE
from ..tags import NodeAddress, Tag
from ..values import (
    BAD_NODE_UNKNOWN,
    BAD_TYPE_MISMATCH,
    DataValue,
    Quality,
    StatusCode,
    never_read,
)
from .codec import decode, plain
from .encoding import OpcuaEncoder
from .targets import identity_of, targets_of

T = TypeVar("T")


def _standard(identifier: int) -> ua.NodeId:
    return ua.NodeId(ua.Int32(identifier))


_CHUNK = 500
_NAMESPACES = _standard(ObjectIds.Server_NamespaceArray)
_MAX_NODES = _standard(ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead)
_SERVER_TIME = _standard(ObjectIds.Server_ServerStatus_CurrentTime)
# What asyncua raises on an answer whose bytes a gateway or a bad server has spoilt
_UNREADABLE = (ValueError, LookupError, TypeError, AssertionError, EOFError, struct.error)
_WATCHDOG_S = 3600.0  # asyncua's own gives a slow server up after 1 s; our scans are the probe


class OpcuaConnector:
    """Opens read sessions with one server, each with a fresh client.

    asyncua's own reconnection is not used: it can end connected, without an
    item and without an error.

    Args:
        name: The connection's name in the site file.
        config: Endpoint and, if not anonymous, who reads.
        root: The site's folder, for the secret's path.
    """

    def __init__(self, name: str, config: OpcuaConnection, root: Path) -> None:
        self.name = name
        self.where = config.where
        self.scan_s = config.scan
        self.has_cyclic_stamps = config.stamps == "cyclic"
        self.is_subscribed = config.updates == "subscribe"
        self.config = config
        self._root = root

    async def open(self) -> "OpcuaSession":
        """Connects and asks for the server's namespaces and limits; see `Connector.open`."""
        return await self.open_with(self.client(self.config.read))

    def client(self, account: Credentials | None) -> Client:
        """Returns a fresh client that is to log in with this account, or anonymously.

        Raises:
            NotConnected: The account's secret cannot be had.
        """
        config = self.config
        client = Client(config.endpoint, timeout=config.timeout, watchdog_intervall=_WATCHDOG_S)
        if account is not None:
            client.set_user(account.user)
            client.set_password(resolve_secret(account.secret, self._root, self.name))
        return client

    async def open_with(self, client: Client) -> "OpcuaSession":
        """Connects this client; see `Connector.open`."""
        session = OpcuaSession(self, client)
        try:
            async with asyncio.timeout(self.config.timeout):
                await client.connect()
                await session.learn()
        except (OSError, TimeoutError, UaError, *_UNREADABLE) as error:
            await session.close()
            raise self.lost(error) from None
        except BaseException:
            await session.close()  # a cancelled connect leaves asyncua's socket and tasks behind
            raise
        return session

    def lost(self, error: Exception) -> NotConnected:
        """Translates a library error."""
        if isinstance(error, UaStatusCodeError):
            reason = ua.StatusCode(error.code).name
        elif isinstance(error, TimeoutError):
            reason = f"no answer within {self.config.timeout:g} s"
        elif isinstance(error, OSError):
            reason = os_reason(error)
        elif isinstance(error, UnicodeError) and not isinstance(error, UnicodeDecodeError):
            reason = "no valid host name"
        elif isinstance(error, _UNREADABLE):
            reason = "an answer that cannot be read"
        else:
            reason = str(error) or type(error).__name__
        return NotConnected({self.name: f"{self.where}: {reason}"})


class OpcuaSession:
    """One open session; see `Session`.

    Source: OPC UA Part 4, 5.11.2 (Read); limits from the server's OperationLimits.
    """

    def __init__(self, connector: OpcuaConnector, client: Client) -> None:
        self._connector = connector
        self._client = client
        self._namespaces: dict[str, int] = {}
        self._chunk = _CHUNK
        self._nodes: dict[str, ua.NodeId | None] = {}
        self.faults: Mapping[str, str] = {}

    async def probe(self) -> None:
        """Reads the server's clock; see `Session.probe`."""
        await self._read([_SERVER_TIME])

    async def learn(self) -> None:
        """Reads the namespace array and how many nodes one Read may have."""
        (limit,) = await self._read([_MAX_NODES])  # alone: it may be 1
        await self._learn_namespaces()
        most, status = plain(limit)
        if status.quality is Quality.BAD or most is None:
            return  # the server need not have the node
        if not isinstance(most, int) or isinstance(most, bool):
            raise self._useless("MaxNodesPerRead", status)
        if most > 0:  # 0 means that the server has no limit
            self._chunk = min(_CHUNK, most)

    async def _learn_namespaces(self) -> None:
        (namespaces,) = await self._read([_NAMESPACES])
        uris, status = plain(namespaces)
        if status.quality is Quality.BAD or not isinstance(uris, list):
            raise self._useless("NamespaceArray", status)
        self._namespaces = {
            uri: index for index, uri in enumerate(cast(list[object], uris)) if isinstance(uri, str)
        }
        self._nodes.clear()

    def _useless(self, what: str, status: StatusCode) -> NotConnected:
        why = status if status.quality is Quality.BAD else BAD_TYPE_MISMATCH
        return self._connector.lost(UaError(f"{what}: {why.name}"))

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads the tags in chunks, with the server's time beside them; see `Session.read`."""
        values: dict[str, DataValue] = {}
        known: list[tuple[Tag, ua.NodeId]] = []
        for tag in tags:
            node = self._node(tag)
            if node is None:
                values[tag.name] = never_read(BAD_NODE_UNKNOWN, monotonic())
            else:
                known.append((tag, node))
        size = max(self._chunk - 1, 1)
        for start in range(0, len(known), size):
            values |= await self._read_chunk(known[start : start + size])
        return values

    async def _read_chunk(self, chunk: Sequence[tuple[Tag, ua.NodeId]]) -> dict[str, DataValue]:
        nodes = [node for _, node in chunk]
        # With a limit of one node a read has no room for the server's time.
        clock = [_SERVER_TIME] if len(nodes) < self._chunk else []
        results = await self._read([*nodes, *clock])
        now = monotonic()
        time = results.pop().Value if clock else None
        server_time = time.Value if time is not None else None
        return {
            tag.name: decode(tag, result, server_time, now)
            for (tag, _), result in zip(chunk, results, strict=True)
        }

    async def _read(self, nodes: Sequence[ua.NodeId]) -> list[ua.DataValue]:
        return await self._read_once(
            [ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value) for node in nodes]
        )

    async def _read_once(self, items: Sequence[ua.ReadValueId]) -> list[ua.DataValue]:
        request = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Both)
        request.NodesToRead = list(items)
        results = await self._asked(self._client.uaclient.read(request))
        if len(results) != len(items):
            raise self._connector.lost(UaError(f"{len(results)} values for {len(items)} nodes"))
        return list(results)

    async def _asked(self, answer: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._connector.config.timeout):
                return await answer
        except (OSError, TimeoutError, UaError, *_UNREADABLE) as error:
            raise self._connector.lost(error) from None

    async def encoder(self, tags: Sequence[Tag]) -> OpcuaEncoder:
        """Asks who the server is, and for its nodes' types; see `Session.encoder`."""
        config = self._connector.config
        if config.write is None:
            raise NotConnected({self._connector.name: NO_WRITE})
        endpoints = await self._asked(self._client.get_endpoints())
        policy = self._client.security_policy
        try:
            endpoint = Client.find_endpoint(endpoints, policy.Mode, policy.URI)
            identity = identity_of(config, endpoint)
        except UaError as error:
            raise self._connector.lost(error) from None
        await self._learn_namespaces()  # it may have grown since the session was opened
        nodes = {tag.name: self._node(tag) for tag in tags}
        targets = await targets_of(self, nodes)
        return OpcuaEncoder(identity, targets, {tag.name: tag for tag in tags})

    async def read_attributes(self, items: Sequence[ua.ReadValueId]) -> list[ua.DataValue]:
        """Reads attributes of nodes, in chunks.

        Raises:
            NotConnected: The session is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        results: list[ua.DataValue] = []
        for start in range(0, len(items), self._chunk):
            results += await self._read_once(items[start : start + self._chunk])
        return results

    async def supertype(self, node: ua.NodeId) -> ua.NodeId | None:
        """Browses for the type that a type derives from.

        Returns:
            `None` at the top, and where the server does not say.

        Raises:
            NotConnected: The session is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`.
        """
        description = ua.BrowseDescription(
            NodeId=node,
            BrowseDirection=ua.BrowseDirection.Inverse,
            ReferenceTypeId=_standard(ObjectIds.HasSubtype),
            IncludeSubtypes=False,
        )
        request = ua.BrowseParameters(NodesToBrowse=[description])
        results = await self._asked(self._client.uaclient.browse(request))
        found = cast(list[ua.ReferenceDescription], results[0].References) if results else []
        return cast(ua.NodeId, found[0].NodeId) if found else None

    def _node(self, tag: Tag) -> ua.NodeId | None:
        if tag.name not in self._nodes:
            self._nodes[tag.name] = self._resolve(tag)
        return self._nodes[tag.name]

    def _resolve(self, tag: Tag) -> ua.NodeId | None:
        assert isinstance(tag.address, NodeAddress)
        text = tag.address.node
        index = 0
        if text.startswith("nsu="):
            uri, _, text = text[4:].partition(";")
            if uri not in self._namespaces:
                return None
            index = self._namespaces[uri]
        try:
            return ua.NodeId.from_string(f"ns={index};{text}")
        except (UaError, ValueError):
            return None

    async def close(self) -> None:
        """Closes session, channel and socket; never raises."""
        client = self._client
        try:
            async with asyncio.timeout(1.0):
                await client.disconnect()
        except (OSError, TimeoutError, UaError):
            pass  # the socket goes either way
        finally:
            client.disconnect_socket()  # a second time does nothing; a cancellation needs it
