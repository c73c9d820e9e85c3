"""Changes that an OPC UA server tells: none is lost in silence, and neither is the server."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from time import monotonic
from typing import cast

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from ...model.tags import Tag
from ...model.values import BAD_NODE_UNKNOWN, DataValue, StatusCode
from ...session.protocols import Sample
from ..wire.codec import decode
from ..wire.notifications import changes_of
from ..wire.publish_requests import Published, PublishRequests
from ..wire.refused_tags import count_reasons
from ..wire.services import UNREADABLE
from .last_notified import LastNotified
from .monitored_items import MonitoredItems, SubscriptionContext, SubscriptionTimes
from .stall_detector import StallDetector

_SPARE_REQUESTS = 9  # beside one for each interval: a round trip may take seconds
_DECODED_AT_ONCE = 100  # about 1 ms
_ELEMENTS_A_CHANGE = 10  # of an array, in the time of one change
_HANDED_OVER_AT_ONCE = 1_000
_OVERFLOW = 0x0480  # information of a data value, and in it Overflow; Part 4, 7.39.1
_LOOKS = 4  # in the time of one keep-alive


class OpcuaSubscription:
    """The changes of one session's tags. See `Subscription`.

    Each interval is a subscription of its own at the server. A tag that the server refuses is
    asked for again from time to time.

    Args:
        source: The session.
        pace: Its times.

    Attributes:
        overflows: How many values, or whole messages, were lost.
    """

    def __init__(self, source: SubscriptionContext, pace: SubscriptionTimes) -> None:
        self.overflows = 0
        self._source = source
        self._pace = pace
        self._items: dict[int, MonitoredItems] = {}
        self._count = 0
        self._waiting: deque[Sample] = deque()
        self._unsure: list[MonitoredItems] = []  # which have lost a message
        self._marked: set[str] = set()  # tags whose next sample is to tell of a loss
        self._told = LastNotified()
        self._changed: set[str] = set()  # since the last read of what is unsure was sent
        self._attention = StallDetector(pace.away_s)
        self._is_alive = False
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._looked_s = 0.0
        self._probed_s = 0.0
        self._retry_at_s = 0.0

    async def open(self, groups: Mapping[float, Sequence[Tag]]) -> None:
        """Subscribes. See `Subscribes.subscribe`.

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
        handles = dict(enumerate(tags, self._count))
        self._count += len(tags)
        items = MonitoredItems(self._source, scan_s, handles, self._pace)
        await items.open()
        self._items[items.subscription] = items

    def _follow(self) -> None:
        publishing = PublishRequests(
            self._source.services.client, len(self._items) + _SPARE_REQUESTS
        )
        self._attention = StallDetector(self._pace.away_s)
        for each in (self._attention.keep(), self._take_all(publishing)):
            task = asyncio.create_task(each)
            task.add_done_callback(lambda _: self._news.set())
            self._tasks.append(task)
        self._looked_s = self._probed_s = monotonic()

    async def _take_all(self, publishing: PublishRequests) -> None:
        async with aclosing(publishing.follow()) as all_published:
            async for published in all_published:
                await self._take(published)

    async def _take(self, published: Published) -> None:
        self._attention.check()
        items = self._items.get(published.subscription)
        if items is None:
            return
        items.silent_s, items.last_alive_s = 0.0, monotonic()
        if published.lost:
            self.overflows += published.lost
            self._marked.update(tag.name for tag in items.tags.values())
            self._unsure.append(items)
        notification, now_s = published.notification, monotonic()
        work = 0
        for handle, value in changes_of(notification):
            self._keep(items, handle, value, notification.time, now_s)
            work += _work(value)
            if work >= _DECODED_AT_ONCE:
                work = 0
                await asyncio.sleep(0)
        self._is_alive = True
        self._news.set()
        if notification.ended is not None:
            raise UaError(f"the server has ended a subscription: {notification.ended.name}")

    def _keep(
        self,
        items: MonitoredItems,
        handle: int,
        value: ua.DataValue,
        time: datetime | None,
        now_s: float,
    ) -> None:
        tag = items.tags.get(handle)
        if tag is None:
            return
        reading = decode(tag, value, time, now_s)
        if value.StatusCode is not None and StatusCode(value.StatusCode.value).has_overflow:
            self.overflows += 1
            reading = _marked(reading)  # whatever else is wrong with it
        if reading.status == BAD_NODE_UNKNOWN:
            items.refused[handle] = BAD_NODE_UNKNOWN  # such an item may never speak again
        self._told.take(tag.name, reading)
        self._changed.add(tag.name)
        if len(self._waiting) >= self._pace.room:
            name, _ = self._waiting.popleft()
            self.overflows += 1
            self._marked.add(name)
        self._waiting.append((tag.name, reading))

    async def changes(self) -> Sequence[Sample]:
        """Waits for the next changes. See `Subscription.changes`."""
        await asyncio.sleep(0)  # a flood of changes must not keep others from running
        while True:
            self._raise_if_silent()
            await self._probe_slow()
            await self._read_unsure()
            await self._retry()
            with self._source.services.translated():
                self._attention.check()
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
        for task in self._tasks:
            if task.done():
                with self._source.services.translated():
                    task.result()

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
            self._changed.clear()
            readings = await self._source.read(list(items.tags.values()))
            for name, reading in readings.items():
                if name not in self._changed:  # else what has been read is older
                    self._told.take(name, reading)
                    self._waiting.append((name, reading))

    async def _probe_slow(self) -> None:
        """Asks for a sign of life where the server gives none soon enough."""
        slow = [items for items in self._items.values() if items.is_slow]
        if not slow or monotonic() - self._probed_s < self._pace.keep_alive_s:
            return
        self._probed_s = monotonic()
        await self._source.probe()
        for items in slow:
            items.last_alive_s = max(items.last_alive_s, self._probed_s)
        self._is_alive = True

    def last_alive_s(self, scan_s: float) -> float:
        """Returns when the server last spoke of an interval. See `ReportsHealth.last_alive_s`."""
        return max(items.last_alive_s for items in self._items.values() if items.scan_s == scan_s)

    def compare(self, readings: Mapping[str, DataValue]) -> None:
        """Takes what was read. See `ReportsHealth.compare`."""
        missed = set(self._told.missed(readings))
        for items in self._items.values():
            for handle, tag in items.tags.items():
                reading = readings.get(tag.name)
                if reading is None or handle in items.refused:
                    continue
                if reading.status == BAD_NODE_UNKNOWN:
                    items.refused[handle] = BAD_NODE_UNKNOWN
                    self._retry_at_s = 0.0
                elif tag.name in missed:
                    items.lifeless.add(handle)
                    self.overflows += 1
                    self._marked.add(tag.name)
                    self._retry_at_s = 0.0

    async def _retry(self) -> None:
        if monotonic() < self._retry_at_s:
            return
        refused = [items for items in self._items.values() if items.refused or items.lifeless]
        try:
            if any(BAD_NODE_UNKNOWN in items.refused.values() for items in refused):
                await self._source.learn()
            for items in refused:
                self._waiting += await items.watch([*items.refused, *items.lifeless])
        except (OSError, TimeoutError, UaError, *UNREADABLE) as error:
            raise self._source.services.lost(error) from None
        self._settle()

    def _settle(self) -> None:
        """Tells what the server refuses or does otherwise, and when to ask again."""
        self._retry_at_s = monotonic() + self._pace.retry_s
        all_items = self._items.values()
        faults = count_reasons(why.name for items in all_items for why in items.refused.values())
        for items in all_items:
            faults |= items.faults
        self._source.tell(faults)

    async def close(self) -> None:
        """Ends its task; the session's end ends the subscriptions at the server."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _work(value: ua.DataValue) -> int:
    """Returns how much there was to decode, in changes of a single value."""
    raw = cast(object, value.Value.Value) if value.Value is not None else None
    return 1 + len(cast(list[object], raw)) // _ELEMENTS_A_CHANGE if isinstance(raw, list) else 1


def _marked(reading: DataValue) -> DataValue:
    return reading.with_status(StatusCode(reading.status | _OVERFLOW))
