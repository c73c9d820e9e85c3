"""Checks of a session whose device reports changes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from ..model.tags import Tag
from ..model.values import DataValue, Quality, Value
from ..session.protocols import Sample, Subscribes, Subscription
from .rig import Item, Rig, RigFeature
from .suite import SLACK_S, Suite, check_lost, fits, other_value

_SAMPLED_S = 0.05
_ALIVE_S = 2.0  # one sign of life a second is requested; half as often is accepted
_TOLD_S = 5.0


class SubscriptionChecks(Suite):
    """Rules of a session that is `Subscribes`."""

    async def test_first_values_are_told(self) -> None:
        """Each tag's present value comes first, with its quality."""
        async with self._subscribed() as (rig, changes):
            await changes.until(lambda: all(changes.ends_with(item) for item in rig.items))

    async def test_refused_tag_is_told_once(self) -> None:
        """An unknown tag comes once, bad, and the others are reported."""
        async with self._able(Subscribes) as (rig, session):
            assert isinstance(session, Subscribes)
            groups = {_SAMPLED_S: [rig.unknown, *rig.tags]}
            changes = _Changes(await session.subscribe(groups))
            await changes.until(lambda: all(changes.ends_with(item) for item in rig.items))
            await changes.until(lambda: bool(changes.of(rig.unknown)))
            (refused,) = changes.of(rig.unknown)
            assert (refused.quality, refused.value) == (Quality.BAD, None)

    async def test_every_change_is_told(self) -> None:
        """A change of any tag is reported, in any sampling interval."""
        async with self._subscribed("change") as (rig, changes):
            assert rig.change is not None
            await changes.until(lambda: all(changes.ends_with(item) for item in rig.items))
            changed = _changed(rig)
            await _hold(rig.change, changed)
            await changes.until(lambda: all(changes.ends_with(item) for item in changed))

    async def test_change_of_quality_is_told(self) -> None:
        """A tag that turns bad is reported bad without a value, and good when it recovers."""
        async with self._subscribed("change", "refuse") as (rig, changes):
            assert rig.change is not None
            assert rig.refuse is not None
            await changes.until(lambda: all(changes.ends_with(item) for item in rig.items))
            changed = _changed(rig)
            for item in changed:
                await rig.refuse(item.tag)
            await changes.until(lambda: all(changes.ends_refused(item.tag) for item in changed))
            await _hold(rig.change, changed)
            await changes.until(lambda: all(changes.ends_with(item) for item in changed))

    async def test_changes_come_in_order(self) -> None:
        """Changes of a tag come in the device's order, and none is invented."""
        async with self._subscribed("change") as (rig, changes):
            assert rig.change is not None
            item = rig.good[0]
            await changes.until(lambda: changes.ends_with(item))
            one, other = other_value(item.tag, item.value), item.value
            assert not isinstance(other, tuple)
            assert other is not None
            for value in (one, other, one, other):
                await rig.change(item.tag, value)
                await changes.until(lambda: changes.ends_with(Item(item.tag, value)))  # noqa: B023
            values = [reading.value for reading in changes.of(item.tag)]
            assert values == [other, one, other, one, other], f"reported were {values}"

    async def test_life_is_shown(self) -> None:
        """An idle device shows a sign of life within about a second."""
        async with self._subscribed() as (rig, changes):
            await changes.until(lambda: all(changes.ends_with(item) for item in rig.items))
            try:
                async with asyncio.timeout(_ALIVE_S + SLACK_S):
                    while await changes.receive():
                        pass
            except TimeoutError:
                raise AssertionError("no sign of life") from None

    async def test_overflow_is_visible(self) -> None:
        """Values lost to a full queue show in the counter and in the status."""
        async with self._subscribed("change") as (rig, changes):
            assert rig.change is not None
            item = rig.good[0]
            await changes.until(lambda: changes.ends_with(item))
            if not rig.burst:
                self._skip("the device samples: nothing queues, and nothing can run over")
            assert not isinstance(item.value, tuple)
            assert item.value is not None
            two = (other_value(item.tag, item.value), item.value)
            values = [two[number % 2] for number in range(rig.burst)]
            for value in values:
                await rig.change(item.tag, value)
            await changes.until(lambda: changes.ends_beyond_overflow(item.tag, values[-1]))
            readings = changes.of(item.tag)
            if len(readings) > rig.burst:
                assert [reading.value for reading in readings] == [item.value, *values]
                return
            assert changes.overflows > 0, "values are lost, and the counter does not show it"
            flagged = any(reading.status.has_overflow for reading in readings)
            assert flagged, "values are lost, and no status shows it"

    async def test_lost_subscription_is_not_connected(self) -> None:
        """Waiting for changes raises `NotConnected` when the device is gone or silent."""
        async with self._rigged("link") as rig:
            for disturb in (rig.wire.cut, rig.wire.half_open):
                session = await rig.connector.open()
                if not isinstance(session, Subscribes):
                    await session.close()
                    self._skip("the session is no Subscribes")
                assert isinstance(session, Subscribes)
                changes = _Changes(await session.subscribe({_SAMPLED_S: rig.tags}))
                await changes.until(lambda: all(changes.ends_with(i) for i in rig.items))  # noqa: B023
                disturb()
                await check_lost(rig, changes.until_lost, rig.timeout_s + 3.0 * _ALIVE_S)
                await session.close()
                rig.wire.mend()

    @asynccontextmanager
    async def _subscribed(self, *needs: RigFeature) -> AsyncGenerator[tuple[Rig, "_Changes"]]:
        async with self._able(Subscribes, *needs) as (rig, session):
            assert isinstance(session, Subscribes)
            change = {item.tag.name for item in _changed(rig)}
            tags = sorted(rig.tags, key=lambda tag: tag.name not in change)
            fast, slow = tags[::2], tags[1::2]  # some that change in both
            subscription = await session.subscribe({_SAMPLED_S: fast, 2 * _SAMPLED_S: slow})
            yield rig, _Changes(subscription)


class _Changes:
    """All changes that a subscription has reported so far."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._samples: list[Sample] = []

    @property
    def overflows(self) -> int:
        return self._subscription.overflows

    async def receive(self) -> Sequence[Sample]:
        samples = await self._subscription.changes()
        assert all(isinstance(reading, DataValue) for _, reading in samples), "a bare value"
        self._samples += samples
        return samples

    async def until_lost(self) -> None:
        while True:
            await self.receive()

    async def until(self, is_so: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(_TOLD_S):
                while not is_so():
                    await self.receive()
        except TimeoutError:
            raise AssertionError(
                f"the expected change is not reported; reported are {self._samples}"
            ) from None

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
    """Returns each changeable item with another value."""
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
