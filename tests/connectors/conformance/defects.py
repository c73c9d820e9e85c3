"""Connectors that are broken in one way each, for the conformance kit to find."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_NODE_UNKNOWN, GOOD, DataValue, Quality, StatusCode
from handwheel.connectors.session.protocols import Session
from handwheel.connectors.testing.fake import FakeConnector, FakeSession
from handwheel.connectors.testing.fake_device import BAD_NOT_READABLE

Readings = Mapping[str, DataValue]
Change = Callable[[DataValue], DataValue]
Leftovers = list[asyncio.Task[None] | int]


def opening(session: type[FakeSession]) -> type[FakeConnector]:
    """A connector that opens sessions of this class."""

    class Opening(FakeConnector):
        async def open(self) -> Session:
            opened = session(self)
            await opened.ask()
            return opened

    Opening.__name__ = session.__name__
    return Opening


def reading(change: Change) -> type[FakeConnector]:
    """A connector that makes something else of each reading."""

    class Reading(FakeSession):
        async def read(self, tags: Sequence[Tag]) -> Readings:
            return {name: change(each) for name, each in (await super().read(tags)).items()}

    Reading.__name__ = change.__name__
    return opening(Reading)


def bare(reading: DataValue) -> DataValue:
    value: object = reading.value
    return value  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


def as_float(reading: DataValue) -> DataValue:
    value = reading.value
    return reading._replace(value=float(value)) if type(value) is int else reading


def hiding(quality: Quality) -> Change:
    def hide(reading: DataValue) -> DataValue:
        if reading.quality is not quality or reading.status == BAD_NODE_UNKNOWN:
            return reading
        return reading._replace(value=reading.value or 0.0, status=GOOD)

    return hide


def naive(reading: DataValue) -> DataValue:
    time_ = reading.source_time
    return reading._replace(source_time=time_ and time_.replace(tzinfo=None))


def by_wall_clock(reading: DataValue) -> DataValue:
    return reading._replace(received_s=time.time())


def other_code(reading: DataValue) -> DataValue:
    is_unknown = reading.status == BAD_NODE_UNKNOWN
    return reading.with_status(GOOD.__class__(0x80000000)) if is_unknown else reading


def sampled_now(reading: DataValue) -> DataValue:
    now = datetime.now(UTC)
    return reading._replace(source_time=now, server_time=now)


def old_by_its_source(reading: DataValue) -> DataValue:
    return reading._replace(server_time=reading.source_time and datetime.now(UTC))


def without_information(reading: DataValue) -> DataValue:
    return reading.with_status(StatusCode(reading.status & 0xFFFF0000))


class Drops(FakeSession):
    async def read(self, tags: Sequence[Tag]) -> Readings:
        return dict(list((await super().read(tags)).items())[:-1])


class Swaps(FakeSession):
    async def read(self, tags: Sequence[Tag]) -> Readings:
        readings = await super().read(tags)
        return dict(zip(readings, [*readings.values()][::-1], strict=True))


class RefusesAll(FakeSession):
    async def read(self, tags: Sequence[Tag]) -> Readings:
        readings = await super().read(tags)
        refused = [each for each in readings.values() if each.status == BAD_NOT_READABLE]
        return dict.fromkeys(readings, refused[0]) if refused else readings


class Caches(FakeSession):
    def __init__(self, connector: FakeConnector) -> None:
        super().__init__(connector)
        self._known: dict[str, DataValue] = {}

    async def read(self, tags: Sequence[Tag]) -> Readings:
        self._known = {**await super().read(tags), **self._known}
        return {tag.name: self._known[tag.name] for tag in tags}


class SharesABuffer(FakeSession):
    _asked: Sequence[Tag] = ()

    async def read(self, tags: Sequence[Tag]) -> Readings:
        self._asked = tags
        await self.ask()
        others = [*self._asked, *tags]
        return {
            tag.name: self.device.reading_of(other)
            for tag, other in zip(tags, others, strict=False)
        }


class TakesWhatComesNext(FakeSession):
    """A cancelled read leaves its answer behind, for the next one."""

    def __init__(self, connector: FakeConnector) -> None:
        super().__init__(connector)
        self._answers: list[Sequence[DataValue]] = []

    async def read(self, tags: Sequence[Tag]) -> Readings:
        self._answers.append([self.device.reading_of(tag) for tag in tags])
        await self.ask()
        return dict(zip((tag.name for tag in tags), self._answers.pop(0), strict=False))


class Blocks(FakeSession):
    async def read(self, tags: Sequence[Tag]) -> Readings:
        time.sleep(0.11)  # noqa: ASYNC251
        return await super().read(tags)


class ValueErrorOnLoss(FakeSession):
    async def read(self, tags: Sequence[Tag]) -> Readings:
        try:
            return await super().read(tags)
        except NotConnected as error:
            raise ValueError(str(error)) from error


class KeepsOnLoss(FakeSession):
    async def read(self, tags: Sequence[Tag]) -> Readings:
        with suppress(NotConnected):
            return await super().read(tags)
        return {tag.name: self.device.reading_of(tag) for tag in tags}


class SwallowsLoss(FakeSession):
    async def ask(self) -> None:
        with suppress(NotConnected):
            await super().ask()


class NamesNobody(FakeSession):
    async def ask(self) -> None:
        try:
            await super().ask()
        except NotConnected as error:
            raise NotConnected({"": str(error)}) from None


class HasNoTimeout(FakeSession):
    async def ask(self) -> None:
        while not self.device.is_responding:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await super().ask()


class ProbesNothing(FakeSession):
    async def probe(self) -> None:
        return


class Writes(FakeSession):
    async def probe(self) -> None:
        self.device.writes.append(b"who is there?")


class LeaksATask(FakeSession):
    left: Leftovers = []  # noqa: RUF012 - the test ends it

    async def close(self) -> None:
        self.left.append(asyncio.create_task(asyncio.sleep(60.0)))


class LeaksADescriptor(FakeSession):
    left: Leftovers = []  # noqa: RUF012

    async def close(self) -> None:
        self.left.append(os.open(os.devnull, os.O_RDONLY))


class ClosesWhenItLikes(FakeSession):
    async def close(self) -> None:
        while not self.device.is_responding:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await super().close()


class StaysOpen(FakeSession):
    async def close(self) -> None:
        return


class IsAlwaysAtFault(FakeSession):
    def __init__(self, connector: FakeConnector) -> None:
        super().__init__(connector)
        self.faults = {"unit 3": "asleep"}
