"""Checks of reading, with one value, quality and time per tag."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from time import monotonic

from ..errors import NotConnected
from ..model.tags import Tag
from ..model.values import BAD_NODE_UNKNOWN, Array, DataValue, Quality, StatusCode, Value
from ..session.protocols import Session
from .rig import Item, Rig
from .suite import Suite, check_readings, other_value, read_exactly

_TYPES = {"float": float, "int": int, "enum": int, "bool": bool, "string": str}
_STALL_S = 0.1  # the goal is 5 ms; the rest is for a busy machine
_WAY_S = 0.005
_REFUSALS = 10  # a cached value must not outlive them


class ReadingChecks(Suite):
    """Rules of every read."""

    async def test_one_value_per_tag(self) -> None:
        """Any number of tags in any order gives the device's value for each."""
        async with self._opened() as (rig, session):
            assert await session.read([]) == {}, "readings of nothing"
            random = Random(7)  # the same orders each time
            for count in (len(rig.items), 1, 2, len(rig.items)):
                some = random.sample(rig.items, count)
                await read_exactly(session, some)
                await read_exactly(session, some[::-1])

    async def test_values_are_typed(self) -> None:
        """A reading is a `DataValue` with a `StatusCode` and a value of the tag's type."""
        async with self._opened() as (rig, session):
            readings = await session.read([*rig.tags, rig.unknown])
            for tag in (*rig.tags, rig.unknown):
                _check_types(tag, readings[tag.name])

    async def test_unknown_item_is_isolated(self) -> None:
        """An unknown tag reads `BadNodeIdUnknown`, and the others are delivered."""
        async with self._opened() as (rig, session):
            tags = [rig.tags[0], rig.unknown, *rig.tags[1:]]
            for _ in range(2):  # the second time it may be cached
                readings = await session.read(tags)
                _check_unknown(rig.unknown, readings)
                check_readings(readings, rig.items)
            _check_unknown(rig.unknown, await session.read([rig.unknown]))

    async def test_refused_item_is_isolated(self) -> None:
        """A refused tag is bad and has no value, and the others are delivered."""
        async with self._opened("refuse") as (rig, session):
            assert rig.refuse is not None
            await read_exactly(session, rig.items)
            first, *others = rig.good
            await rig.refuse(first.tag)
            for _ in range(_REFUSALS):
                readings = await session.read([first.tag, *(item.tag for item in others)])
                refused = readings[first.tag.name]
                is_bad = refused.quality is Quality.BAD and refused.value is None
                assert is_bad, f"refused, but {refused}"
                check_readings(readings, others)

    async def test_bad_quality_is_a_value(self) -> None:
        """A bad value is returned with the device's status code, not raised."""
        async with self._opened("bad") as (rig, session):
            await read_exactly(session, _of(rig, Quality.BAD))

    async def test_uncertain_quality_is_a_value(self) -> None:
        """An uncertain value is returned with the device's status code."""
        async with self._opened("uncertain") as (rig, session):
            await read_exactly(session, _of(rig, Quality.UNCERTAIN))

    async def test_information_bits_are_kept(self) -> None:
        """A status code keeps its limit and information bits."""
        async with self._opened("information") as (rig, session):
            await read_exactly(session, [item for item in rig.items if item.has_information])

    async def test_times_are_of_the_device(self) -> None:
        """A source time is the device's, and the device's clock is later."""
        async with self._opened("times") as (rig, session):
            timed = {item.tag.name: item for item in rig.items if item.source_time is not None}
            for _ in range(2):  # the second time it may be cached
                readings = await session.read(rig.tags)
                check_readings(readings, list(timed.values()))
                for name, item in timed.items():
                    assert item.source_time is not None
                    server_time = readings[name].server_time
                    is_later = server_time is None or server_time > item.source_time
                    assert is_later, f"{name}: answered at {server_time}, when it was sampled"

    async def test_times_are_utc(self) -> None:
        """Source and server times are aware UTC or `None`, and none lies far ahead."""
        async with self._opened() as (rig, session):
            for name, reading in (await session.read(rig.tags)).items():
                for time in (reading.source_time, reading.server_time):
                    if time is not None:
                        assert isinstance(time, datetime), f"{name}: {time!r}"
                        assert time.utcoffset() == timedelta(0), f"{name}: {time} is not UTC"
                        assert time < datetime.now(UTC) + timedelta(days=366), f"{name}: {time}"

    async def test_ages_begin_with_arrival(self) -> None:
        """A reading arrived during its request, and its age begins there.

        It begins earlier only where the device renews every source time in its cycle.
        """
        async with self._opened() as (rig, session):
            asked_s = monotonic()
            readings = await session.read([*rig.tags, rig.unknown])
            now_s = monotonic()
            for name, reading in readings.items():
                assert asked_s <= reading.received_s <= now_s, f"{name}: not received in the read"
                age_s = reading.age_s(now_s)
                assert age_s >= 0.0, f"{name}: younger than nothing"
                is_by_source = rig.connector.has_cyclic_stamps
                assert is_by_source or age_s <= now_s - asked_s, f"{name}: unchanged is not old"

    async def test_changed_value_is_read(self) -> None:
        """Each read asks the device. No value is cached."""
        async with self._opened("change") as (rig, session):
            assert rig.change is not None
            await read_exactly(session, rig.items)
            item = rig.good[0]
            assert not isinstance(item.value, tuple)
            value = other_value(item.tag, item.value)
            await rig.change(item.tag, value)
            await read_exactly(session, [Item(item.tag, value), *rig.good[1:]])

    async def test_concurrent_reads_keep_apart(self) -> None:
        """Concurrent reads on one session get their own values."""
        async with self._opened() as (rig, session):
            await asyncio.gather(*(_again(session, [item], 4) for item in rig.good))
            halves = (rig.items[::2], rig.items[1::2], rig.items)
            await asyncio.gather(*(_again(session, items, 4) for items in halves))

    async def test_cancelled_read_is_clean(self) -> None:
        """After a cancelled read the next gives the right values or `NotConnected`."""
        async with self._rigged("link") as rig:
            for after_s in (0.0, _WAY_S, 3.0 * _WAY_S):
                session = await rig.connector.open()
                rig.wire.delay(2.0 * _WAY_S)  # so that answers come after the cancellation
                await _cancel(session, rig.good[:1], after_s)
                for item in rig.good[1:4]:
                    if not await _is_right_or_lost(session, item):
                        break
                rig.wire.mend()
                await session.close()

    async def test_loop_stays_free(self) -> None:
        """Reading blocks the event loop for 5 ms as a goal and 100 ms at most."""
        async with self._opened() as (rig, session):
            longest_s = [await _longest_stall(session, rig) for _ in range(3)]
            assert min(longest_s) < _STALL_S, f"the loop stood still for {min(longest_s):.3f} s"


def _check_unknown(tag: Tag, readings: Mapping[str, DataValue]) -> None:
    reading = readings.get(tag.name)
    is_unknown = reading is not None and (reading.value, reading.status) == (None, BAD_NODE_UNKNOWN)
    assert is_unknown, f"the device does not have it, but {reading}"


def _check_types(tag: Tag, reading: object) -> None:
    assert isinstance(reading, DataValue), f"{tag.name}: a bare {reading!r}"
    assert isinstance(reading.status, StatusCode), f"{tag.name}: status {reading.status!r}"
    assert isinstance(reading.received_s, float), f"{tag.name}: received {reading.received_s!r}"
    assert _is_of(tag, reading.value), f"{tag.name}: a {tag.kind} is {reading.value!r}"
    assert reading.value is not None or reading.quality is not Quality.GOOD, f"{tag.name}: nothing"


def _is_of(tag: Tag, value: Value | Array | None) -> bool:
    if value is None:
        return True
    if isinstance(value, tuple) != tag.is_array:
        return False
    each_value = value if isinstance(value, tuple) else (value,)
    return all(type(each) is _TYPES[tag.kind] for each in each_value)


def _of(rig: Rig, quality: Quality) -> Sequence[Item]:
    return [item for item in rig.items if item.status.quality is quality]


async def _again(session: Session, items: Sequence[Item], times: int) -> None:
    for _ in range(times):
        await read_exactly(session, items)


async def _cancel(session: Session, items: Sequence[Item], after_s: float) -> None:
    task = asyncio.ensure_future(session.read([item.tag for item in items]))
    await asyncio.sleep(after_s)
    task.cancel()
    await asyncio.wait([task], timeout=5.0)
    assert task.done(), "a read that is cancelled goes on"
    assert task.cancelled() or task.exception() is None, f"cancelled, it raised {task.exception()}"


async def _is_right_or_lost(session: Session, item: Item) -> bool:
    try:
        await read_exactly(session, [item])
    except NotConnected:
        return False
    return True


async def _longest_stall(session: Session, rig: Rig) -> float:
    gaps_s: list[float] = []

    async def tick() -> None:
        last_s = monotonic()
        while True:
            await asyncio.sleep(0)
            gaps_s.append(monotonic() - last_s)
            last_s = monotonic()

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)  # it ticks from here on
    await session.read(rig.tags)
    await asyncio.sleep(0)
    ticking.cancel()
    await asyncio.wait([ticking])
    return max(gaps_s)
