"""Changes that an OPC UA server tells: none is lost in silence, and neither is the server."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from time import monotonic

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from ..session import Sample
from ..tags import Tag
from ..values import BAD_NODE_UNKNOWN, DataValue, StatusCode
from .codec import decode
from .monitored import MonitoredItems, Pace, Source
from .notifications import changes_of
from .publishing import Published, Publishing
from .refusals import counted
from .services import UNREADABLE

_SPARE_REQUESTS = 9  # beside one for each interval: a round trip may take seconds
_DECODED_AT_ONCE = 100  # about 1 ms
_HANDED_OVER_AT_ONCE = 1_000
_OVERFLOW = 0x0480  # information of a data value, and in it Overflow; Part 4, 7.39.1
_LOOKS = 4  # in the time of one keep-alive


class OpcuaSubscription:
    """The changes of one session's tags; see `Subscription`.

    Each interval is a subscription of its own at the server. A tag that the server refuses is
    asked for again from time to time.

    Args:
        source: The session.
        pace: Its times.

    Attributes:
        overflows: How many values, or whole messages, were lost.
    """

    def __init__(self, source: Source, pace: Pace) -> None:
        self.overflows = 0
        self._source = source
        self._pace = pace
        self._items: dict[int, MonitoredItems] = {}
        self._tags: dict[int, Tag] = {}
        self._waiting: deque[Sample] = deque()
        self._unsure: list[MonitoredItems] = []  # which have lost a message
        self._marked: set[str] = set()  # tags whose next sample is to tell of a loss
        self._is_alive = False
        self._news = asyncio.Event()
        self._following: asyncio.Task[None] | None = None
        self._looked_s = 0.0
        self._retry_at_s = 0.0

    async def open(self, groups: Mapping[float, Sequence[Tag]]) -> None:
        """Subscribes; see `Subscribes.subscribe`.

        Raises:
            NotConnected: The session is lost, or it subscribes to nothing.
        """
        try:
            for scan_s, tags in groups.items():
                await self._open_group(scan_s, tags)
            self._follow()
            for items in self._items.values():
                self._waiting += await items.watch(list(items.tags))
        except BaseException as error:
            await self.close()
            if isinstance(error, (OSError, TimeoutError, UaError, *UNREADABLE)):
                raise self._source.services.lost(error) from None
            raise
        self._settle()

    async def _open_group(self, scan_s: float, tags: Sequence[Tag]) -> None:
        first = len(self._tags)
        handles = dict(enumerate(tags, first))
        items = MonitoredItems(self._source, scan_s, handles, self._pace)
        await items.open()
        self._tags |= handles
        self._items[items.subscription] = items

    def _follow(self) -> None:
        publishing = Publishing(self._source.services.client, len(self._items) + _SPARE_REQUESTS)
        self._following = asyncio.create_task(self._take_all(publishing))
        self._following.add_done_callback(lambda _: self._news.set())
        self._looked_s = monotonic()

    async def _take_all(self, publishing: Publishing) -> None:
        async with aclosing(publishing.follow()) as all_published:
            async for published in all_published:
                await self._take(published)

    async def _take(self, published: Published) -> None:
        items = self._items.get(published.subscription)
        if items is None:
            return
        items.silent_s = 0.0
        if published.lost:
            self.overflows += published.lost
            self._marked.update(tag.name for tag in items.tags.values())
            self._unsure.append(items)
        notification, now_s = published.notification, monotonic()
        for count, (handle, value) in enumerate(changes_of(notification), 1):
            self._keep(handle, value, notification.time, now_s)
            if count % _DECODED_AT_ONCE == 0:
                await asyncio.sleep(0)
        self._is_alive = True
        self._news.set()
        if notification.ended is not None:
            raise UaError(f"the server has ended a subscription: {notification.ended.name}")

    def _keep(self, handle: int, value: ua.DataValue, time: datetime | None, now_s: float) -> None:
        tag = self._tags.get(handle)
        if tag is None:
            return
        reading = decode(tag, value, time, now_s)
        if value.StatusCode is not None and StatusCode(value.StatusCode.value).has_overflow:
            self.overflows += 1
            reading = _marked(reading)  # whatever else is wrong with it
        if len(self._waiting) >= self._pace.room:
            name, _ = self._waiting.popleft()
            self.overflows += 1
            self._marked.add(name)
        self._waiting.append((tag.name, reading))

    async def changes(self) -> Sequence[Sample]:
        """Waits for the next changes; see `Subscription.changes`."""
        await asyncio.sleep(0)  # a flood of changes must not keep others from running
        while True:
            self._raise_if_silent()
            await self._read_unsure()
            await self._retry()
            if self._waiting:
                return self._hand_over()
            self._raise_if_ended()
            if self._is_alive:
                self._is_alive = False
                return []
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.keep_alive_s / _LOOKS):
                    await self._news.wait()

    def _hand_over(self) -> list[Sample]:
        self._is_alive = False
        count = min(len(self._waiting), _HANDED_OVER_AT_ONCE)
        samples = [self._waiting.popleft() for _ in range(count)]
        if self._marked:
            samples = [self._with_mark(sample) for sample in samples]
        return samples

    def _with_mark(self, sample: Sample) -> Sample:
        name, reading = sample
        if name not in self._marked:
            return sample
        self._marked.discard(name)
        return name, _marked(reading)

    def _raise_if_ended(self) -> None:
        assert self._following is not None
        if self._following.done():
            try:
                self._following.result()
            except (OSError, TimeoutError, UaError, *UNREADABLE) as error:
                raise self._source.services.lost(error) from None

    def _raise_if_silent(self) -> None:
        now_s = monotonic()
        # A longer time is one in which this process has not looked: no silence of the server.
        passed_s = min(now_s - self._looked_s, 2 * self._pace.keep_alive_s / _LOOKS)
        self._looked_s = now_s
        for items in self._items.values():
            items.silent_s += passed_s
            if items.silent_s > items.silence_limit_s:
                silent = f"no sign of life for {items.silence_limit_s:g} s"
                raise self._source.services.lost(UaError(silent))

    async def _read_unsure(self) -> None:
        """Reads what may have changed in a message that is lost: no other would tell of it."""
        while self._unsure:
            items = self._unsure.pop()
            readings = await self._source.read(list(items.tags.values()))
            self._waiting += readings.items()

    async def _retry(self) -> None:
        if monotonic() < self._retry_at_s:
            return
        refused = [items for items in self._items.values() if items.refused]
        try:
            if any(BAD_NODE_UNKNOWN in items.refused.values() for items in refused):
                await self._source.learn()
            for items in refused:
                self._waiting += await items.watch(list(items.refused))
        except (OSError, TimeoutError, UaError, *UNREADABLE) as error:
            raise self._source.services.lost(error) from None
        self._settle()

    def _settle(self) -> None:
        """Tells what the server refuses or does otherwise, and when to ask again."""
        self._retry_at_s = monotonic() + self._pace.retry_s
        all_items = self._items.values()
        faults = counted(why.name for items in all_items for why in items.refused.values())
        for items in all_items:
            faults |= items.faults
        self._source.tell(faults)

    async def close(self) -> None:
        """Ends its task; the session's end ends the subscriptions at the server."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)


def _marked(reading: DataValue) -> DataValue:
    return reading.with_status(StatusCode(reading.status | _OVERFLOW))
