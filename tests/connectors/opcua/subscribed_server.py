"""A server that a test writes to, and subscriptions to it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from time import monotonic

from asyncua import ua
from asyncua.server.internal_subscription import InternalSubscription

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.opcua.connector import OpcuaSession
from handwheel.connectors.opcua.subscription.monitored_items import SubscriptionTimes
from handwheel.connectors.opcua.subscription.subscription import OpcuaSubscription
from handwheel.connectors.session.protocols import Sample

from ...plants.devices.opcua_server import URI, LoopbackServer, session_with, tag_of

NAMES = ("A", "B", "C")
SCAN_S = 0.05
PACE = SubscriptionTimes(keep_alive_s=0.2, retry_s=0.2)
TIMEOUT_S = 0.8  # with the keep-alive, silence is a loss after 1 s
KEYS = {"timeout": f"{TIMEOUT_S} s", "scan": "50 ms", "updates": "subscribe"}


class Works(LoopbackServer):
    """A server with a few variables, which the test writes."""

    async def fill(self) -> None:
        for name in NAMES:
            await self.add(name)

    @property
    def subscription(self) -> InternalSubscription:
        """The only one that there is."""
        (subscription,) = self.server.iserver.subscription_service.subscriptions.values()
        return subscription

    async def add(self, name: str, index: int = 0) -> None:
        await self.server.get_objects_node().add_variable(self.node(name, index), name, 0.0)

    async def write(self, name: str, value: float, status: int = 0) -> None:
        reading = ua.DataValue(ua.Variant(value), ua.StatusCode(ua.UInt32(status)))
        await self.server.write_attribute_value(self.node(name), reading)

    async def remove(self, name: str) -> None:
        await self.server.get_node(self.node(name)).delete()


def tags_of(names: Sequence[str] = NAMES, uri: str = URI) -> list[Tag]:
    return [tag_of(name, uri=uri) for name in names]


@asynccontextmanager
async def subscribed(
    works: Works, tags: Sequence[Tag], pace: SubscriptionTimes = PACE, port: int = 0
) -> AsyncGenerator[tuple[OpcuaSession, OpcuaSubscription]]:
    async with session_with(port or works.port, **KEYS) as session, asyncio.timeout(50):
        yield session, await session.subscribe({SCAN_S: tags}, pace)
    service = works.server.iserver.subscription_service
    await service.delete_subscriptions(list(service.subscriptions))  # of a link that is dead


@asynccontextmanager
async def second_interval_ends(works: Works) -> AsyncGenerator[OpcuaSubscription]:
    """A subscription to A, and at twice the interval to B, which the server gives up."""
    async with session_with(works.port, **KEYS) as session:
        first, second = tags_of(["A", "B"])
        subscription = await session.subscribe({SCAN_S: [first], 2 * SCAN_S: [second]}, PACE)
        await first_of(subscription, 2)
        service = works.server.iserver.subscription_service
        await service.delete_subscriptions([max(service.subscriptions)])
        yield subscription


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
