"""Connectors that are broken in what they can do more than read, or as a whole."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_NODE_UNKNOWN, Quality, Value
from handwheel.connectors.session.protocols import (
    BrowseEntry,
    Description,
    Encoded,
    Encoder,
    Sample,
    Session,
    Subscription,
)
from handwheel.connectors.testing.fake import FakeConnector, FakeSession, FakeSubscription
from handwheel.connectors.testing.fake_device import FakeDevice, Subscriber

from .defects import LeaksATask, opening


class BrowsesNothing(FakeSession):
    async def browse(self, node: str = "") -> Sequence[BrowseEntry]:
        with suppress(ValueError):
            return await super().browse(node)
        return []


class HasNoRoot(FakeSession):
    async def browse(self, node: str = "") -> Sequence[BrowseEntry]:
        return await super().browse(node) if node else []


class DescribesAll(FakeSession):
    async def describe(self, tags: Sequence[Tag]) -> Mapping[str, Description]:
        return dict.fromkeys((tag.name for tag in tags), Description(is_array=True))


class _Deaf(FakeSubscription):
    """Tells only changes, and never that it lives."""

    async def changes(self) -> Sequence[Sample]:
        while not (samples := await super().changes()):
            pass
        return samples


class _Quiet(FakeSubscription):
    @property
    def overflows(self) -> int:
        return 0


class _Backwards(FakeSubscription):
    """Tells the value before the one that is new."""

    _late: Sequence[Sample] = ()

    async def changes(self) -> Sequence[Sample]:
        told, self._late = self._late, await super().changes()
        return told if len(self._late) == 1 else self._late


class _Shy(FakeSubscription):
    """Keeps to itself what it was refused."""

    async def changes(self) -> Sequence[Sample]:
        samples = await super().changes()
        return [sample for sample in samples if sample[1].status != BAD_NODE_UNKNOWN]


class _Cheerful(FakeSubscription):
    """Tells only what is good, once a tag has been told."""

    def __init__(self, session: FakeSession, subscriber: Subscriber) -> None:
        super().__init__(session, subscriber)
        self._known: set[str] = set()

    async def changes(self) -> Sequence[Sample]:
        samples = await super().changes()
        told = [
            (name, reading)
            for name, reading in samples
            if name not in self._known or reading.quality is Quality.GOOD
        ]
        self._known |= {name for name, _ in samples}
        return told


class TellsOneInterval(FakeSession):
    """After the first values, what stands in the other intervals is forgotten."""

    async def subscribe(self, groups: Mapping[float, Sequence[Tag]]) -> Subscription:
        await self.ask()
        first, *others = groups.values()
        for_once = self.device.subscribe([tag for group in others for tag in group])
        subscriber = self.device.subscribe(first)
        subscriber.add(list(for_once.queue))
        return FakeSubscription(self, subscriber)


def subscribing(subscription: type[FakeSubscription], *, late: bool = False) -> type[FakeConnector]:
    """A connector whose subscriptions are of this class; if late, the first values are lost."""

    class Subscribing(FakeSession):
        async def subscribe(self, groups: Mapping[float, Sequence[Tag]]) -> Subscription:
            await self.ask()
            subscriber = self.device.subscribe([tag for group in groups.values() for tag in group])
            if late:
                subscriber.queue.clear()
            return subscription(self, subscriber)

    Subscribing.__name__ = subscription.__name__
    return opening(Subscribing)


DEAF, QUIET, BACKWARDS = subscribing(_Deaf), subscribing(_Quiet), subscribing(_Backwards)
SHY, LATE = subscribing(_Shy), subscribing(FakeSubscription, late=True)
CHEERFUL = subscribing(_Cheerful)


class _Unrounded:
    def __init__(self, encoder: Encoder) -> None:
        self.identity = encoder.identity
        self._encoder = encoder

    def encode(self, tag: Tag, value: Value) -> Encoded:
        return Encoded(value, self._encoder.encode(tag, value).wire)


class _Lenient(_Unrounded):
    def encode(self, tag: Tag, value: Value) -> Encoded:
        with suppress(ValueError):
            return self._encoder.encode(tag, value)
        return Encoded(value, b"")


class _Anonymous(_Unrounded):
    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.identity = replace(encoder.identity, where="")


def encoding(encoder: type[_Unrounded]) -> type[FakeConnector]:
    """A connector whose sessions have encoders of this class."""

    class Encoding(FakeSession):
        async def encoder(self, tags: Sequence[Tag]) -> Encoder:
            return encoder(await super().encoder(tags))

    Encoding.__name__ = encoder.__name__
    return opening(Encoding)


ANONYMOUS, UNROUNDED, LENIENT = encoding(_Anonymous), encoding(_Unrounded), encoding(_Lenient)


class SharesASession(FakeConnector):
    _session: FakeSession | None = None

    async def open(self) -> Session:
        self._session = self._session or FakeSession(self)
        return self._session


class LeavesAnOpenBehind(FakeConnector):
    async def open(self) -> Session:
        try:
            return await super().open()
        except asyncio.CancelledError:
            LeaksATask.left.append(asyncio.create_task(asyncio.sleep(60.0)))
            raise


class NeverScans(FakeConnector):
    def __init__(self, name: str, device: FakeDevice, **keys: float) -> None:
        del keys
        super().__init__(name, device, scan_s=0.0)


class OpensOnce(FakeConnector):
    _is_used = False

    async def open(self) -> Session:
        if self._is_used:
            raise NotConnected({self.name: "once was enough"})
        self._is_used = True
        return await super().open()


class TellsItsSecret(FakeConnector):
    def __repr__(self) -> str:
        return f"FakeConnector({self.name!r}, password='open sesame')"


class OnlyReads:
    """A session that can do no more than the protocol asks of every one."""

    def __init__(self, session: Session) -> None:
        self.faults: Mapping[str, str] = {}
        self.read = session.read
        self.probe = session.probe
        self.encoder = session.encoder
        self.close = session.close


class OpensThoseThatOnlyRead(FakeConnector):
    async def open(self) -> Session:
        return OnlyReads(await super().open())
