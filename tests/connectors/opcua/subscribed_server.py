"""A server that a test writes to, and subscriptions to it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

from asyncua import ua
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.server import Server

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import OpcuaConnection
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.opcua.connector import OpcuaConnector, OpcuaSession
from handwheel.connectors.opcua.subscription.monitored_items import SubscriptionTimes
from handwheel.connectors.opcua.subscription.subscription import OpcuaSubscription
from handwheel.connectors.session.protocols import Sample

URI = "urn:works"
NAMES = ("A", "B", "C")
SCAN_S = 0.05
PACE = SubscriptionTimes(keep_alive_s=0.2, retry_s=0.2)
TIMEOUT_S = 0.8  # with the keep-alive, silence is a loss after 1 s


class Works:
    """A server with a few variables, which the test writes."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.index = 0

    @property
    def port(self) -> int:
        assert self.server.bserver is not None
        return self.server.bserver.port

    @property
    def subscription(self) -> InternalSubscription:
        """The only one that there is."""
        (subscription,) = self.server.iserver.subscription_service.subscriptions.values()
        return subscription

    def node(self, name: str, index: int = 0) -> ua.NodeId:
        return ua.NodeId(ua.String(name), ua.Int16(index or self.index))

    async def add(self, name: str, index: int = 0) -> None:
        await self.server.get_objects_node().add_variable(self.node(name, index), name, 0.0)

    async def write(self, name: str, value: float, status: int = 0) -> None:
        reading = ua.DataValue(ua.Variant(value), ua.StatusCode(ua.UInt32(status)))
        await self.server.write_attribute_value(self.node(name), reading)

    async def remove(self, name: str) -> None:
        await self.server.get_node(self.node(name)).delete()


@asynccontextmanager
async def works_at_work() -> AsyncGenerator[Works]:
    works = Works(Server())
    works.server.disable_clock()
    await works.server.init()
    works.server.set_endpoint("opc.tcp://127.0.0.1:0/")
    works.index = await works.server.register_namespace(URI)
    for name in NAMES:
        await works.add(name)
    await works.server.start()
    yield works
    await works.server.stop()


def connector(port: int, timeout: str = f"{TIMEOUT_S} s") -> OpcuaConnector:
    keys = {"kind": "opcua", "endpoint": f"opc.tcp://127.0.0.1:{port}", "timeout": timeout}
    config = OpcuaConnection.model_validate({**keys, "scan": "50 ms", "updates": "subscribe"})
    return OpcuaConnector("dcs", config, Path())


def tags_of(names: Sequence[str] = NAMES, uri: str = URI) -> list[Tag]:
    return [Tag(name, "dcs", "float", NodeAddress(f"nsu={uri};s={name}")) for name in names]


@asynccontextmanager
async def subscribed(
    works: Works, tags: Sequence[Tag], pace: SubscriptionTimes = PACE, port: int = 0
) -> AsyncGenerator[tuple[OpcuaSession, OpcuaSubscription]]:
    session = await connector(port or works.port).open()
    try:
        async with asyncio.timeout(15):
            yield session, await session.subscribe({SCAN_S: tags}, pace)
    finally:
        await session.close()
        service = works.server.iserver.subscription_service
        await service.delete_subscriptions(list(service.subscriptions))  # of a link that is dead


async def first_of(subscription: OpcuaSubscription, count: int = len(NAMES)) -> Sequence[Sample]:
    samples: list[Sample] = []
    while len(samples) < count:
        samples += await subscription.changes()
    return samples


async def loss_of(subscription: OpcuaSubscription) -> tuple[float, str]:
    """How long until it is told, and why."""
    begin = monotonic()
    try:
        while True:
            await subscription.changes()
    except NotConnected as error:
        return monotonic() - begin, error.endpoints["dcs"]
