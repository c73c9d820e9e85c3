"""Opens read sessions with an OPC UA server."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import cast

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from ..config.secrets import resolve_secret
from ..errors import NotConnected, os_reason
from ..model.endpoints import Credentials, OpcuaConnection
from ..model.tags import Tag
from ..model.values import BAD_TYPE_MISMATCH, GOOD, DataValue, Quality, StatusCode
from ..session.protocols import NO_WRITE, BrowseEntry, Description
from .browser import Browser
from .codec import plain
from .encoder import OpcuaEncoder
from .node_ids import Nodes
from .security.channel import STEPS, SecuredClient
from .security.session_client import SessionClient
from .services import UNREADABLE, Services, attribute, standard
from .subscription.monitored_items import SubscriptionContext, SubscriptionTimes
from .subscription.subscription import OpcuaSubscription
from .tag_reader import TagReader
from .targets import identity_of, targets_of

RELEARN_S = 10.0
"""Shortest time between two requests for the namespaces because of unknown nodes, seconds."""

_NAMESPACES = standard(ObjectIds.Server_NamespaceArray)
_MAX_ITEMS = standard(ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall)
_MAX_NODES = standard(ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead)
_SERVER_TIME = standard(ObjectIds.Server_ServerStatus_CurrentTime)
_TIMES = SubscriptionTimes()
_LOGIN = ": wrong user or password, or the server does not let this user in"
_ADVICE = {
    "BadIdentityTokenInvalid": _LOGIN,
    "BadIdentityTokenRejected": _LOGIN,
    "BadUserAccessDenied": _LOGIN,
    "BadTooManySessions": (
        ": the server has no session left. Close a client there; the session of a lost connection "
        "ends within a minute by itself"
    ),
}
_STEPS = 8  # socket, hello, channel, session, activation, limit, namespaces, index


class OpcuaConnector:
    """Opens read sessions with one server, each with a fresh client.

    asyncua's own reconnection is not used: it can end connected, without any item and without an
    error.
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
        """Connects and asks for the server's namespaces and limits. See `Connector.open`."""
        return await self.open_with(self.client(self.config.read))

    async def open_to_write(self) -> "OpcuaSession":
        """Logs in with the account that may write. See `OpensToWrite.open_to_write`."""
        if self.config.write is None:
            raise NotConnected({self.name: NO_WRITE})
        return await self.open_with(self.client(self.config.write))

    def client(self, account: Credentials | None) -> Client:
        """Returns a fresh client that logs in with this account, or anonymously.

        Raises:
            NotConnected: The account's secret is missing, or would go to a server that is not
                pinned.
        """
        config = self.config
        if denial := config.check_pinned(self.name):
            raise NotConnected({self.name: denial.reason})
        if config.is_secured:
            client: SessionClient = SecuredClient(self.name, config, self._root)
        else:
            client = SessionClient(config)
        if account is not None:
            client.set_user(account.user)
            client.set_password(resolve_secret(account.secret, self._root, self.name))
        return client

    async def open_with(self, client: Client) -> "OpcuaSession":
        """Connects this client. See `Connector.open`."""
        session = OpcuaSession(self, client)
        try:
            # Each step has its own time-out: a server that is always late is slow, not lost.
            steps = _STEPS + STEPS * self.config.is_secured
            async with asyncio.timeout(steps * self.config.timeout):
                await client.connect()
                await session.learn()
        except (OSError, TimeoutError, UaError, *UNREADABLE) as error:
            await session.close()
            _raise_if_cancelled()
            raise self.lost(error) from None
        except BaseException:
            await session.close()  # a cancelled connect leaves asyncua's socket and tasks open
            raise
        return session

    def lost(self, error: Exception) -> NotConnected:
        """Translates a library error."""
        if isinstance(error, UaStatusCodeError):
            reason = ua.StatusCode(error.code).name
            reason += _ADVICE.get(reason, "")
        elif isinstance(error, TimeoutError):
            reason = f"no answer within {self.config.timeout:g} s"
        elif isinstance(error, OSError):
            reason = os_reason(error)
        elif isinstance(error, UnicodeError) and not isinstance(error, UnicodeDecodeError):
            reason = "no valid host name"
        elif isinstance(error, UNREADABLE):
            reason = "an answer that cannot be read"
        else:
            reason = str(error) or type(error).__name__
        return NotConnected({self.name: f"{self.where}: {reason}"})


def _raise_if_cancelled() -> None:
    # On Python 3.11, asyncio.wait_for in asyncua's connect can lose a cancellation.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class OpcuaSession:
    """One open session. See `Session`, `Browses` and `Describes`.

    Source: OPC UA Part 4, 5.11.2 (Read); limits from the server's OperationLimits.
    """

    def __init__(self, connector: OpcuaConnector, client: Client) -> None:
        self._connector = connector
        self._client = client
        self._services = Services(client.uaclient, connector.config.timeout, connector.lost)
        self._nodes = Nodes()
        self._reader = TagReader(
            self._services, self._nodes, has_cyclic_stamps=connector.has_cyclic_stamps
        )
        self._learned_s = 0.0
        self._subscription: OpcuaSubscription | None = None

    @property
    def faults(self) -> Mapping[str, str]:
        """Refused tags, and what is wrong with a subscription. See `Session.faults`."""
        own = self._subscription
        return self._reader.refusals.faults() if own is None else own.faults

    async def probe(self) -> None:
        """Reads the server's clock. See `Session.probe`."""
        await self._services.read([attribute(_SERVER_TIME)])

    async def learn(self) -> None:
        """Asks for the limit of nodes in one Read, the namespaces, and index support."""
        (limit,) = await self._services.read([attribute(_MAX_NODES)])  # alone: it may be 1
        await self._learn_namespaces()
        await self._learn_index()
        most, status = plain(limit)
        if status.quality is Quality.BAD or most is None:
            return  # the node is optional
        if not isinstance(most, int) or isinstance(most, bool):
            raise self._useless("MaxNodesPerRead", status)
        self._services.limit(most)

    async def _learn_index(self) -> None:
        # Some servers, asyncua's among them, send a whole array for an element of it.
        item = attribute(_NAMESPACES)
        item.IndexRange = ua.NumericRange("1")
        (second,) = await self._services.read([item])
        found, _ = plain(second)
        self._nodes.ignores_index = isinstance(found, list) and len(cast(list[object], found)) > 1

    async def _learn_namespaces(self) -> None:
        status = await self._ask_namespaces()
        if status is not GOOD:
            raise self._useless("NamespaceArray", status)

    async def _ask_namespaces(self) -> StatusCode:
        (namespaces,) = await self._services.read([attribute(_NAMESPACES)])
        self._learned_s = monotonic()
        uris, status = plain(namespaces)
        if status.quality is Quality.BAD or not isinstance(uris, list):
            return status if status.quality is Quality.BAD else BAD_TYPE_MISMATCH
        self._nodes.learn(cast(list[object], uris))
        return GOOD

    def _useless(self, what: str, status: StatusCode) -> NotConnected:
        why = status if status.quality is Quality.BAD else BAD_TYPE_MISMATCH
        return self._connector.lost(UaError(f"{what}: {why.name}"))

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads the tags in chunks. See `Session.read`.

        While the server does not know a node, its namespaces are read again now and then, since one
        may have been added.
        """
        is_due = monotonic() - self._learned_s >= RELEARN_S
        if is_due and self._reader.refusals.has_unknown:
            await self._ask_namespaces()  # if it does not answer, the known ones stay
        return await self._reader.read(tags)

    async def subscribe(
        self, groups: Mapping[float, Sequence[Tag]], times: SubscriptionTimes = _TIMES
    ) -> OpcuaSubscription:
        """Creates a subscription for each interval. See `Subscribes.subscribe`."""
        (limit,) = await self._services.read([attribute(_MAX_ITEMS)])
        most, _ = plain(limit)
        context = SubscriptionContext(
            services=self._services,
            most_items=most if isinstance(most, int) and most > 0 else 0,
            nodes=self._nodes,
            read=self.read,
            learn=self._ask_namespaces,
            probe=self.probe,
        )
        self._subscription = OpcuaSubscription(context, times)
        await self._subscription.open(groups)
        return self._subscription

    async def browse(self, node: str = "") -> Sequence[BrowseEntry]:
        """Returns the children of a node, by default of Objects. See `Browses.browse`."""
        await self._learn_namespaces()
        return await Browser(self._services, self._nodes).browse(node)

    async def describe(self, tags: Sequence[Tag]) -> Mapping[str, Description]:
        """Reads types, properties and enumerations. See `Describes.describe`."""
        await self._learn_namespaces()
        return await Browser(self._services, self._nodes).describe(tags)

    async def encoder(self, tags: Sequence[Tag]) -> OpcuaEncoder:
        """Asks for the server's identity and its nodes' types. See `Session.encoder`."""
        config = self._connector.config
        if config.write is None:
            raise NotConnected({self._connector.name: NO_WRITE})
        endpoints = await self._services.asked(self._client.get_endpoints())
        policy = self._client.security_policy
        try:
            endpoint = Client.find_endpoint(endpoints, policy.Mode, policy.URI)
            proven = policy.peer_certificate if config.is_secured else None
            identity = identity_of(config, endpoint, proven)
        except UaError as error:
            raise self._connector.lost(error) from None
        await self._learn_namespaces()  # there may be more since the session was opened
        nodes = {tag.name: self._nodes.node(tag) for tag in tags}
        targets = await targets_of(self._services, nodes)
        return OpcuaEncoder(identity, targets, {tag.name: tag for tag in tags})

    async def close(self) -> None:
        """Closes session, channel and socket. It raises no error."""
        client = self._client
        try:
            if self._subscription is not None:
                await self._subscription.close()
            async with asyncio.timeout(1.0):
                await client.disconnect()
        except (OSError, TimeoutError, UaError):
            pass  # the socket is closed below
        finally:
            client.disconnect_socket()  # needed after a cancellation; otherwise it does nothing
