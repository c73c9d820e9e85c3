"""Checks of a session whose device tells its changes by itself."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from ..model.tags import Tag
from ..model.values import DataValue, Quality, Value
from ..session.protocols import Sample, Subscribes, Subscription
from .rig import Item, Rig, RigFeature
from .suite import SLACK_S, Suite, check_lost, fits, other_value

_SAMPLED_S = 0.05
_ALIVE_S = 2.0  # one sign of life a second is asked for; half as often will do
_TOLD_S = 5.0


class SubscriptionChecks(Suite):
    """What holds for a session that is `Subscribes`."""

    async def test_first_values_are_told(self) -> None:
        """Each tag's present value comes first, with its quality; a device tells all it has."""
        async with self._subscribed() as (rig, told):
            await told.until(lambda: all(told.ends_with(item) for item in rig.items))

    async def test_refused_tag_is_told_once(self) -> None:
        """A tag that the device does not have comes once, bad, and the others are told."""
        async with self._able(Subscribes) as (rig, session):
            assert isinstance(session, Subscribes)
            groups = {_SAMPLED_S: [rig.unknown, *rig.tags]}
            told = _Told(await session.subscribe(groups))
            await told.until(lambda: all(told.ends_with(item) for item in rig.items))
            await told.until(lambda: bool(told.of(rig.unknown)))
            (refused,) = told.of(rig.unknown)
            assert (refused.quality, refused.value) == (Quality.BAD, None)

    async def test_every_change_is_told(self) -> None:
        """A change of any tag is told, in whichever interval it is to be sampled."""
        async with self._subscribed("change") as (rig, told):
            assert rig.change is not None
            await told.until(lambda: all(told.ends_with(item) for item in rig.items))
            changed = _changed(rig)
            await _hold(rig.change, changed)
            await told.until(lambda: all(told.ends_with(item) for item in changed))

    async def test_change_of_quality_is_told(self) -> None:
        """A tag that turns bad is told bad, without a value, and told good when it is again."""
        async with self._subscribed("change", "refuse") as (rig, told):
            assert rig.change is not None
            assert rig.refuse is not None
            await told.until(lambda: all(told.ends_with(item) for item in rig.items))
            changed = _changed(rig)
            for item in changed:
                await rig.refuse(item.tag)
            await told.until(lambda: all(told.ends_refused(item.tag) for item in changed))
            await _hold(rig.change, changed)
            await told.until(lambda: all(told.ends_with(item) for item in changed))

    async def test_changes_come_in_order(self) -> None:
        """Changes of a tag come in the order in which the device had them, none made up."""
        async with self._subscribed("change") as (rig, told):
            assert rig.change is not None
            item = rig.good[0]
            await told.until(lambda: told.ends_with(item))
            one, other = other_value(item.tag, item.value), item.value
            assert not isinstance(other, tuple)
            assert other is not None
            for value in (one, other, one, other):
                await rig.change(item.tag, value)
                await told.until(lambda: told.ends_with(Item(item.tag, value)))  # noqa: B023
            values = [reading.value for reading in told.of(item.tag)]
            assert values == [other, one, other, one, other], f"told were {values}"

    async def test_life_is_shown(self) -> None:
        """A device that has nothing to tell shows within about a second that it lives."""
        async with self._subscribed() as (rig, told):
            await told.until(lambda: all(told.ends_with(item) for item in rig.items))
            try:
                async with asyncio.timeout(_ALIVE_S + SLACK_S):
                    while await told.hear():
                        pass
            except TimeoutError:
                raise AssertionError("no sign of life") from None

    async def test_overflow_is_visible(self) -> None:
        """What is lost because a queue ran over is told: by the counter and by the status."""
        async with self._subscribed("change") as (rig, told):
            assert rig.change is not None
            item = rig.good[0]
            await told.until(lambda: told.ends_with(item))
            if not rig.burst:
                self._skip("the device samples: nothing queues, and nothing can run over")
            assert not isinstance(item.value, tuple)
            assert item.value is not None
            two = (other_value(item.tag, item.value), item.value)
            values = [two[number % 2] for number in range(rig.burst)]
            for value in values:
                await rig.change(item.tag, value)
            await told.until(lambda: told.ends_beyond_overflow(item.tag, values[-1]))
            readings = told.of(item.tag)
            if len(readings) > rig.burst:
                assert [reading.value for reading in readings] == [item.value, *values]
                return
            assert told.overflows > 0, "values are lost, and the counter does not say so"
            flagged = any(reading.status.has_overflow for reading in readings)
            assert flagged, "values are lost, and no status says so"

    async def test_lost_subscription_is_not_connected(self) -> None:
        """Waiting for changes raises `NotConnected` when the device is gone, or is silent."""
        async with self._rigged("link") as rig:
            assert rig.link is not None
            for disturb in (rig.link.cut, rig.link.half_open):
                session = await rig.connector.open()
                if not isinstance(session, Subscribes):
                    await session.close()
                    self._skip("the session is no Subscribes")
                assert isinstance(session, Subscribes)
                told = _Told(await session.subscribe({_SAMPLED_S: rig.tags}))
                await told.until(lambda: all(told.ends_with(i) for i in rig.items))  # noqa: B023
                disturb()
                await check_lost(rig, told.until_lost, rig.timeout_s + 3.0 * _ALIVE_S)
                await session.close()
                rig.link.mend()

    @asynccontextmanager
    async def _subscribed(self, *needs: RigFeature) -> AsyncGenerator[tuple[Rig, "_Told"]]:
        async with self._able(Subscribes, *needs) as (rig, session):
            assert isinstance(session, Subscribes)
            change = {item.tag.name for item in _changed(rig)}
            tags = sorted(rig.tags, key=lambda tag: tag.name not in change)
            fast, slow = tags[::2], tags[1::2]  # some that change in both
            subscription = await session.subscribe({_SAMPLED_S: fast, 2 * _SAMPLED_S: slow})
            yield rig, _Told(subscription)


class _Told:
    """All that a subscription has told so far."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._samples: list[Sample] = []

    @property
    def overflows(self) -> int:
        return self._subscription.overflows

    async def hear(self) -> Sequence[Sample]:
        samples = await self._subscription.changes()
        assert all(isinstance(reading, DataValue) for _, reading in samples), "a bare value"
        self._samples += samples
        return samples

    async def until_lost(self) -> None:
        while True:
            await self.hear()

    async def until(self, is_so: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(_TOLD_S):
                while not is_so():
                    await self.hear()
        except TimeoutError:
            raise AssertionError(f"what is awaited is not told; told is {self._samples}") from None

    def of(self, tag: Tag) -> Sequence[DataValue]:
        return [reading for name, reading in self._samples if name == tag.name]

    def ends_with(self, item: Item) -> bool:
        readings = self.of(item.tag)
        return bool(readings) and fits(readings[-1], item)

    def ends_refused(self, tag: Tag) -> bool:
        readings = self.of(tag)
        return bool(readings) and readings[-1].quality is Quality.BAD and readings[-1].value is None

    def ends_beyond_overflow(self, tag: Tag, value: Value) -> bool:
        readings = self.of(tag)
        return len(readings) > 1 and readings[-1].value == value


def _changed(rig: Rig) -> Sequence[Item]:
    """Returns each item that can be changed, with another value."""
    return [
        Item(item.tag, other_value(item.tag, item.value))
        for item in rig.good
        if not isinstance(item.value, tuple)
    ]


async def _hold(change: Callable[[Tag, Value], Awaitable[None]], items: Sequence[Item]) -> None:
    for item in items:
        assert not isinstance(item.value, tuple)
        assert item.value is not None
        await change(item.tag, item.value)
