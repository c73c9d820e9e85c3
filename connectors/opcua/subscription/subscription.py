"""Subscriptions to changes of an OPC UA server, in which no loss stays unnoticed."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from time import monotonic
from typing import cast

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from ...model.tags import Tag
from ...model.values import BAD_NODE_UNKNOWN, DataValue, StatusCode
from ...session.protocols import Sample
from ..codec import decode
from ..services import UNREADABLE
from ..tag_reader import count_reasons
from .last_notified import LastNotified
from .monitored_items import MonitoredItems, SubscriptionContext, SubscriptionTimes
from .notifications import changes_of
from .publish_requests import Published, PublishRequests
from .stall_detector import StallDetector

_SPARE_REQUESTS = 9  # beside one for each interval: a round trip may take seconds
_DECODED_AT_ONCE = 100  # about 1 ms
_ELEMENTS_A_CHANGE = 10  # of an array, in the time of one change
_RETURNED_AT_ONCE = 1_000
_CHECKS = 4  # in the time of one keep-alive


class OpcuaSubscription:
    """The changes of one session's tags. See `Subscription`.

    Each interval is a subscription of its own at the server. A refused tag is asked for again from
    time to time. `overflows` counts lost values or whole messages. See `Session.faults` for
    `faults`.
    """

    def __init__(self, context: SubscriptionContext, times: SubscriptionTimes) -> None:
        self.overflows = 0
        self.faults: Mapping[str, str] = {}
        self._context = context
        self._times = times
        self._items: dict[int, MonitoredItems] = {}
        self._count = 0
        self._waiting: deque[Sample] = deque()
        self._incomplete: list[MonitoredItems] = []  # those that have lost a message
        self._marked: set[str] = set()  # tags whose next sample gets the overflow bit
        self._last_notified = LastNotified()
        self._changed: set[str] = set()  # since the last read of incomplete items was sent
        self._stall_detector = StallDetector(times.stall_s)
        self._is_alive = False
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._checked_s = 0.0
        self._probed_s = 0.0
        self._retry_at_s = 0.0

    async def open(self, groups: Mapping[float, Sequence[Tag]]) -> None:
        """Subscribes. See `Subscribes.subscribe`."""
        try:
            for scan_s, tags in groups.items():
                await self._open_group(scan_s, tags)
            self._start_publishing()
            for items in self._items.values():
                self._waiting += await items.monitor(list(items.tags))
        except BaseException as error:
            await self.close()
            if isinstance(error, (OSError, TimeoutError, UaError, *UNREADABLE)):
                raise self._context.services.lost(error) from None
            raise
        self._note_faults()

    async def _open_group(self, scan_s: float, tags: Sequence[Tag]) -> None:
        handles = dict(enumerate(tags, self._count))
        self._count += len(tags)
        items = MonitoredItems(self._context, scan_s, handles, self._times)
        await items.open()
        self._items[items.subscription] = items

    def _start_publishing(self) -> None:
        publishing = PublishRequests(
            self._context.services.client, len(self._items) + _SPARE_REQUESTS
        )
        self._stall_detector = StallDetector(self._times.stall_s)
        for each in (self._stall_detector.run(), self._take_all(publishing)):
            task = asyncio.create_task(each)
            task.add_done_callback(lambda _: self._arrived.set())
            self._tasks.append(task)
        self._checked_s = self._probed_s = monotonic()

    async def _take_all(self, publishing: PublishRequests) -> None:
        async with aclosing(publishing.follow()) as all_published:
            async for published in all_published:
                await self._take(published)

    async def _take(self, published: Published) -> None:
        self._stall_detector.check()
        items = self._items.get(published.subscription)
        if items is None:
            return
        items.silent_s, items.last_alive_s = 0.0, monotonic()
        if published.lost:
            self.overflows += published.lost
            self._marked.update(tag.name for tag in items.tags.values())
            self._incomplete.append(items)
        notification, now_s = published.notification, monotonic()
        work = 0
        for handle, value in changes_of(notification):
            self._add_change(items, handle, value, now_s)
            work += _work(value)
            if work >= _DECODED_AT_ONCE:
                work = 0
                await asyncio.sleep(0)
        self._is_alive = True
        self._arrived.set()
        if notification.ended is not None:
            raise UaError(f"the server has ended a subscription: {notification.ended.name}")

    def _add_change(
        self, items: MonitoredItems, handle: int, value: ua.DataValue, now_s: float
    ) -> None:
        tag = items.tags.get(handle)
        if tag is None:
            return
        reading = decode(tag, value, now_s)
        if value.StatusCode is not None and StatusCode(value.StatusCode.value).has_overflow:
            self.overflows += 1
            reading = reading.with_overflow()  # decoding may have replaced the status
        if reading.status == BAD_NODE_UNKNOWN:
            items.refused[handle] = BAD_NODE_UNKNOWN  # such an item may never report again
        self._last_notified.note(tag.name, reading)
        self._changed.add(tag.name)
        if len(self._waiting) >= self._times.capacity:
            name, _ = self._waiting.popleft()
            self.overflows += 1
            self._marked.add(name)
        self._waiting.append((tag.name, reading))

    async def changes(self) -> Sequence[Sample]:
        """Waits for the next changes. See `Subscription.changes`."""
        await asyncio.sleep(0)  # many changes must not block other tasks
        while True:
            self._raise_if_silent()
            await self._probe_slow()
            await self._read_incomplete()
            await self._retry()
            with self._context.services.translated():
                self._stall_detector.check()
            if self._waiting:
                return self._take_waiting()
            self._raise_if_ended()
            if self._is_alive:
                self._is_alive = False
                return []
            self._arrived.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._times.keep_alive_s / _CHECKS):
                    await self._arrived.wait()

    def _take_waiting(self) -> list[Sample]:
        self._is_alive = False
        count = min(len(self._waiting), _RETURNED_AT_ONCE)
        samples = [self._waiting.popleft() for _ in range(count)]
        if self._marked:
            samples = [self._with_mark(sample) for sample in samples]
        return samples

    def _with_mark(self, sample: Sample) -> Sample:
        name, reading = sample
        if name not in self._marked:
            return sample
        self._marked.discard(name)
        return name, reading.with_overflow()

    def _raise_if_ended(self) -> None:
        for task in self._tasks:
            if task.done():
                with self._context.services.translated():
                    task.result()

    def _raise_if_silent(self) -> None:
        now_s = monotonic()
        # In a longer time this process stood still, and the server was not silent.
        passed_s = min(now_s - self._checked_s, 2 * self._times.keep_alive_s / _CHECKS)
        self._checked_s = now_s
        for items in self._items.values():
            items.silent_s += passed_s
            if items.silent_s > items.silence_limit_s:
                silent = f"no sign of life for {items.silence_limit_s:g} s"
                raise self._context.services.lost(UaError(silent))

    async def _read_incomplete(self) -> None:
        """Reads the tags that may have changed in a lost message."""
        while self._incomplete:
            items = self._incomplete.pop()
            self._changed.clear()
            readings = await self._context.read(list(items.tags.values()))
            for name, reading in readings.items():
                if name not in self._changed:  # otherwise the reading is older
                    self._last_notified.note(name, reading)
                    self._waiting.append((name, reading))

    async def _probe_slow(self) -> None:
        """Probes a server whose signs of life are too rare."""
        slow = [items for items in self._items.values() if items.is_slow]
        if not slow or monotonic() - self._probed_s < self._times.keep_alive_s:
            return
        self._probed_s = monotonic()
        await self._context.probe()
        for items in slow:
            items.last_alive_s = max(items.last_alive_s, self._probed_s)
        self._is_alive = True

    def last_alive_s(self, scan_s: float) -> float:
        """Returns the last sign of life. See `ReportsHealth.last_alive_s`."""
        return max(items.last_alive_s for items in self._items.values() if items.scan_s == scan_s)

    def compare(self, readings: Mapping[str, DataValue]) -> None:
        """Compares readings with reported changes. See `ReportsHealth.compare`."""
        missed = set(self._last_notified.find_missed(readings))
        for items in self._items.values():
            for handle, tag in items.tags.items():
                reading = readings.get(tag.name)
                if reading is None or handle in items.refused:
                    continue
                if reading.status == BAD_NODE_UNKNOWN:
                    items.refused[handle] = BAD_NODE_UNKNOWN
                    self._retry_at_s = 0.0
                elif tag.name in missed:
                    items.stale_handles.add(handle)
                    self.overflows += 1
                    self._marked.add(tag.name)
                    self._retry_at_s = 0.0

    async def _retry(self) -> None:
        if monotonic() < self._retry_at_s:
            return
        refused = [items for items in self._items.values() if items.refused or items.stale_handles]
        try:
            if any(BAD_NODE_UNKNOWN in items.refused.values() for items in refused):
                await self._context.learn()
            for items in refused:
                self._waiting += await items.monitor([*items.refused, *items.stale_handles])
        except (OSError, TimeoutError, UaError, *UNREADABLE) as error:
            raise self._context.services.lost(error) from None
        self._note_faults()

    def _note_faults(self) -> None:
        self._retry_at_s = monotonic() + self._times.retry_s
        all_items = self._items.values()
        faults = count_reasons(why.name for items in all_items for why in items.refused.values())
        for items in all_items:
            faults |= items.faults
        self.faults = faults

    async def close(self) -> None:
        """Ends its tasks. The server's subscriptions end with the session."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _work(value: ua.DataValue) -> int:
    """Returns the decoding effort, in changes of a single value."""
    raw = cast(object, value.Value.Value) if value.Value is not None else None
    return 1 + len(cast(list[object], raw)) // _ELEMENTS_A_CHANGE if isinstance(raw, list) else 1
