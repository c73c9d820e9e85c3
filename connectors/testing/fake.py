"""A connector whose device is in memory, as an example and for tests above it."""

import asyncio
import json
from collections.abc import Mapping, Sequence

from ..errors import NotConnected
from ..model.coercion import coerce
from ..model.tags import Tag
from ..model.values import DataValue, Value
from ..session.protocols import (
    BrowseEntry,
    Description,
    DeviceIdentity,
    Encoded,
    Encoder,
    Sample,
    Session,
    Subscription,
)
from ..session.scan_groups import KEEP_ALIVE_S
from .fake_device import FakeDevice, HeldValue, Subscriber

_ROOT = "s=Device"


class FakeConnector:
    """Opens sessions with a `FakeDevice`. See `Connector`.

    Args:
        name: The connection's name.
        device: May be shared with other connectors.
        timeout_s: Time limit of an answer, seconds.
        is_subscribed: Whether changes are to be reported.
        keep_alive_s: Interval of a subscription's signs of life, seconds.
    """

    def __init__(
        self,
        name: str,
        device: FakeDevice,
        *,
        scan_s: float = 0.5,
        timeout_s: float = 3.0,
        is_subscribed: bool = False,
        keep_alive_s: float = KEEP_ALIVE_S,
    ) -> None:
        self.name = name
        self.where = f"memory://{name}"
        self.scan_s = scan_s
        self.has_cyclic_stamps = False
        self.is_subscribed = is_subscribed
        self.device = device
        self.timeout_s = timeout_s
        self.keep_alive_s = keep_alive_s

    async def open(self) -> Session:
        """Calls the device. See `Connector.open`."""
        session = FakeSession(self)
        await session.ask()
        return session

    def lost(self, error: OSError) -> NotConnected:
        """Translates an error of the device."""
        late = f"no answer within {self.timeout_s:g} s"
        reason = late if isinstance(error, TimeoutError) else str(error)
        return NotConnected({self.name: f"{self.where}: {reason}"})


class FakeSession:
    """One session with a `FakeDevice`. See `Session`, `Browses`, `Describes`, `Subscribes`."""

    def __init__(self, connector: FakeConnector) -> None:
        self.connector = connector
        self.device = connector.device
        self.faults: Mapping[str, str] = {}
        self._loss = self.device.loss
        self._is_closed = False

    async def ask(self) -> None:
        """Makes one request.

        Raises:
            NotConnected: The session is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connector's `timeout_s`.
        """
        try:
            if self._is_closed:
                raise ConnectionError("the session is closed")
            await self.device.answer(self._loss, self.connector.timeout_s)
        except OSError as error:
            self._loss = -1  # lost for good
            raise self.connector.lost(error) from None

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads the tags in one request. See `Session.read`."""
        await self.ask()
        return {tag.name: self.device.reading_of(tag) for tag in tags}

    async def probe(self) -> None:
        """Asks for a sign of life. See `Session.probe`."""
        await self.ask()

    async def encoder(self, tags: Sequence[Tag]) -> Encoder:
        """Asks for the nodes' types. See `Session.encoder`."""
        await self.ask()
        held = {tag.name: self.device.nodes.get(str(tag.address)) for tag in tags}
        return FakeEncoder(self.connector.where, {tag.name: tag for tag in tags}, held)

    async def browse(self, node: str = "") -> Sequence[BrowseEntry]:
        """Returns the folder and its nodes. See `Browses.browse`."""
        await self.ask()
        if node == "":
            return [BrowseEntry(_ROOT, "Device", "object")]
        if node == _ROOT:
            return [
                BrowseEntry(each, each.partition("=")[2], "variable") for each in self.device.nodes
            ]
        if node not in self.device.nodes:
            raise ValueError(f"there is no node {node}")
        return []

    async def describe(self, tags: Sequence[Tag]) -> Mapping[str, Description]:
        """Returns the type of each node. See `Describes.describe`."""
        await self.ask()
        held = {tag.name: self.device.nodes.get(str(tag.address)) for tag in tags}
        return {
            name: Description(type=each.type, is_array=isinstance(each.value, tuple))
            for name, each in held.items()
            if each is not None
        }

    async def subscribe(self, groups: Mapping[float, Sequence[Tag]]) -> Subscription:
        """Subscribes to changes. See `Subscribes.subscribe`."""
        await self.ask()
        tags = [tag for group in groups.values() for tag in group]
        return FakeSubscription(self, self.device.subscribe(tags))

    async def close(self) -> None:
        """Ends it. See `Session.close`."""
        self._is_closed = True


class FakeSubscription:
    """Changes of a `FakeDevice`. See `Subscription`."""

    def __init__(self, session: FakeSession, subscriber: Subscriber) -> None:
        self._session = session
        self._subscriber = subscriber

    @property
    def overflows(self) -> int:
        """Number of lost changes. See `Subscription.overflows`."""
        return self._subscriber.overflows

    async def changes(self) -> Sequence[Sample]:
        """Waits for changes or the next sign of life. See `Subscription.changes`."""
        try:
            async with asyncio.timeout(self._session.connector.keep_alive_s):
                await self._subscriber.changed.wait()
        except TimeoutError:
            pass  # nothing has changed
        await self._session.ask()  # fails if the device is gone
        samples = list(self._subscriber.queue)
        self._subscriber.queue.clear()
        self._subscriber.changed.clear()
        return samples


class FakeEncoder:
    """Encodes writes as JSON against `held` values, `None` for no node. See `Encoder`."""

    def __init__(
        self, where: str, tags: Mapping[str, Tag], held: Mapping[str, HeldValue | None]
    ) -> None:
        self._where = where
        self._tags = tags
        self._held = held

    @property
    def identity(self) -> DeviceIdentity:
        """Identity of the device to be written to."""
        return DeviceIdentity("fake", self._where, "in memory", is_loopback=True, is_simulator=True)

    def encode(self, tag: Tag, value: Value) -> Encoded:
        """Encodes one write. See `Encoder.encode`."""
        if self._tags.get(tag.name) != tag:
            raise ValueError("is not a tag that the device was asked about")
        held = self._held[tag.name]
        if held is None or not tag.writable:
            raise ValueError("is not writable")
        coerced = coerce(tag, held.type, value)
        return Encoded(coerced, json.dumps([str(tag.address), coerced]).encode())
