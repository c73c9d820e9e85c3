"""What a supervisor tells and keeps: states, gated calls, intervals, gaps, signs of life."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue
from handwheel.connectors.session.protocols import Sample, Session, Subscription
from handwheel.connectors.session.supervisor import Connection, ConnectionState, Gap

from ...plants.devices.misbehaving import eventually
from ...plants.devices.scripted import Device

FAST = Tag("A.pv", "dcs", "float", NodeAddress("s=A"))
SLOW = replace(FAST, name="B.pv", scan_s=3600.0)


def _good(value: float = 1.0, received_s: float | None = None) -> DataValue:
    return DataValue(value, GOOD, None, None, monotonic() if received_s is None else received_s)


class _Device(Device):
    """A connector and its one session, which do as the test says from one moment to the next."""

    def __init__(self, *, is_subscribed: bool = False, scan_s: float = 0.01) -> None:
        super().__init__({"A.pv": 1.0}, scan_s=scan_s, is_subscribed=is_subscribed)
        self.is_there = True
        self.reads: list[tuple[str, ...]] = []
        self.leaves_out = ""
        self.takes_s = 0.0
        self.probes = self.asked = self.fails_at = 0
        self.opened = self.closed = 0
        self.overflows = 0
        self.told: asyncio.Queue[Sequence[Sample]] = asyncio.Queue()
        self.groups: Mapping[float, Sequence[str]] = {}

    def _ask(self) -> None:
        self.asked += 1
        if self.asked == self.fails_at:
            raise ValueError("unexpected")
        if not self.is_there:
            raise NotConnected({"dcs": "gone"})

    async def open(self) -> Session:
        self._ask()
        self.opened += 1
        return self

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        if self.takes_s:
            await asyncio.sleep(self.takes_s)
        self._ask()
        self.reads.append(tuple(tag.name for tag in tags))
        return {tag.name: _good() for tag in tags if tag.name != self.leaves_out}

    async def probe(self) -> None:
        self.probes += 1
        self._ask()

    async def subscribe(self, groups: Mapping[float, Sequence[Tag]]) -> Subscription:
        self._ask()
        self.groups = {scan_s: tuple(tag.name for tag in tags) for scan_s, tags in groups.items()}
        return self

    async def changes(self) -> Sequence[Sample]:
        samples = await self.told.get()
        self._ask()
        return samples

    async def close(self) -> None:
        self.closed += 1


class _Heard:
    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.gaps: list[tuple[str, Gap]] = []

    def arrived(self, samples: Sequence[Sample]) -> None:
        self.samples += samples

    def gap(self, connection: str, gap: Gap) -> None:
        self.gaps.append((connection, gap))


@asynccontextmanager
async def _connected(connection: Connection) -> AsyncGenerator[Connection]:
    async with asyncio.timeout(50), connection:
        await connection.ready(10.0)
        yield connection


async def _after(connection: Connection, scans: int) -> None:
    enough = connection.scans + scans
    await eventually(lambda: connection.scans >= enough)


async def test_a_part_that_fails_degrades_the_connection_and_no_more() -> None:
    device = _Device()
    async with _connected(Connection(device, [FAST])) as connection:
        seen = [(connection.state, connection.reason)]
        for device.faults in ({"unit 3": "no answer", "2 tags": "refused"}, {}):
            await _after(connection, scans=2)
            seen.append((connection.state, connection.reason))
            assert connection.is_connected
            assert connection.latest()["A.pv"].status == GOOD
    told = (ConnectionState.DEGRADED, "unit 3: no answer; 2 tags: refused")
    assert seen == [(ConnectionState.CONNECTED, ""), told, (ConnectionState.CONNECTED, "")]
    assert not connection.is_connected


async def test_a_call_waits_for_the_connection_or_fails_with_the_reason() -> None:
    device = _Device()
    device.is_there = False
    async with asyncio.timeout(50), Connection(device, [FAST]) as connection:
        with pytest.raises(NotConnected) as caught:
            await connection.ready(0.2)
        assert caught.value.endpoints == {"dcs": "gone"}
        waiting = asyncio.create_task(connection.ready(10.0))
        await asyncio.sleep(0)
        device.is_there = True
        assert await waiting is device
        device.is_there = False
        await eventually(lambda: not connection.is_connected)
        with pytest.raises(NotConnected):
            await connection.ready(0.0)


async def _asked(device: _Device, more_than: int) -> None:
    await eventually(lambda: device.asked > more_than)


async def test_an_unexpected_error_ends_a_session_but_not_the_supervisor() -> None:
    for fails_at in (1, 2, 3):  # in opening, in the first scan, in a later one
        device = _Device()
        device.fails_at = fails_at
        async with asyncio.timeout(50), Connection(device, [FAST]) as connection:
            await _asked(device, fails_at + 2)
            await connection.ready(10.0)
            assert connection.latest()["A.pv"].status == GOOD
            assert (device.closed, len(connection.gaps)) == (fails_at > 1, fails_at > 2)
        assert device.closed == device.opened


async def test_each_interval_is_read_for_itself_and_all_of_them_at_first() -> None:
    device = _Device()
    async with _connected(Connection(device, [SLOW, FAST])) as connection:
        await eventually(lambda: len(device.reads) > 10)
        assert device.reads[:2] == [("A.pv",), ("B.pv",)]
        assert set(device.reads[2:]) == {("A.pv",)}
        assert {each.status for each in connection.latest().values()} == {GOOD}


async def test_a_new_fault_makes_what_is_read_seldom_read_at_once() -> None:
    device = _Device()
    async with _connected(Connection(device, [SLOW, FAST])) as connection:
        device.leaves_out = "B.pv"  # as a unit does that is found to be silent
        await _after(connection, scans=2)
        assert connection.latest()["B.pv"].status == GOOD  # nobody knows yet
        device.faults = {"unit 3": "no answer"}
        await eventually(lambda: connection.latest()["B.pv"].status == BAD_NO_COMMUNICATION)
        assert connection.latest()["A.pv"].status == GOOD
        assert connection.latest()["B.pv"].value is None
        assert device.reads.count(("B.pv",)) == 2


async def test_scans_that_take_too_long_are_told() -> None:
    device = _Device()
    async with _connected(Connection(device, [FAST])) as connection:
        device.takes_s = 0.05
        await eventually(lambda: connection.state is ConnectionState.DEGRADED)
        assert connection.reason == "each 0.01 s: a scan takes 0.1 s"
        device.takes_s = 0.0
        await eventually(lambda: connection.state is ConnectionState.CONNECTED)


async def test_a_gap_begins_with_the_last_scan_and_not_when_it_is_noticed() -> None:
    device = _Device()
    async with _connected(Connection(device, [FAST])) as connection:
        device.takes_s = 0.3
        device.is_there = False
        before = datetime.now(UTC)
        await eventually(lambda: bool(connection.gaps))
        assert (datetime.now(UTC) - before).total_seconds() > 0.25
        assert (connection.gaps[0].start - before).total_seconds() < 0.1


async def test_a_device_that_is_read_seldom_is_asked_whether_it_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("handwheel.connectors.session.supervisor.KEEP_ALIVE_S", 0.02)
    device = _Device()
    async with _connected(Connection(device, [SLOW])) as connection:
        await eventually(lambda: device.probes > 3)
        assert (device.reads, connection.state) == ([("B.pv",)], ConnectionState.CONNECTED)
        device.is_there = False
        await eventually(lambda: bool(connection.gaps))
        assert connection.latest()["B.pv"].status == BAD_NO_COMMUNICATION


@pytest.mark.parametrize("is_subscribed", [False, True])
async def test_listeners_hear_every_reading_the_loss_and_the_gap(*, is_subscribed: bool) -> None:
    device, heard = _Device(is_subscribed=is_subscribed), _Heard()
    async with _connected(Connection(device, [FAST], [heard])) as connection:
        assert [name for name, _ in heard.samples[:1]] == ["A.pv"]
        device.is_there = False
        device.told.put_nowait([])
        await eventually(lambda: bool(heard.gaps))
        (name, begun), (_, lost) = heard.gaps[0], heard.samples[-1]
        assert (name, begun.end, begun.reason) == ("dcs", None, "gone")
        assert (lost.status, lost.value) == (BAD_NO_COMMUNICATION, 1.0)
        device.is_there = True
        await eventually(lambda: len(heard.gaps) == 2)
        _, ended = heard.gaps[1]
        assert ended == replace(begun, end=ended.end)
        assert ended.end is not None
        assert begun.start < ended.end <= datetime.now(UTC)
        assert list(connection.gaps) == [ended]


async def test_changes_come_in_order_and_what_was_lost_of_them_is_counted() -> None:
    device, heard = _Device(is_subscribed=True, scan_s=0.5), _Heard()
    async with _connected(Connection(device, [FAST, SLOW], [heard])) as connection:
        await eventually(lambda: bool(device.groups))
        assert device.groups == {0.5: ("A.pv",), 3600.0: ("B.pv",)}
        first = len(heard.samples)
        device.overflows = 3
        device.told.put_nowait([("A.pv", _good(each)) for each in (5.0, 6.0, 7.0)])
        await eventually(lambda: len(heard.samples) == first + 3)
        assert [reading.value for _, reading in heard.samples[first:]] == [5.0, 6.0, 7.0]
        assert connection.latest()["A.pv"].value == 7.0
        assert connection.overflows == 3
        device.is_there = False  # the next session counts from 0 again, and nothing is forgotten
        device.told.put_nowait([])
        await eventually(lambda: bool(connection.gaps))
        device.is_there, device.overflows = True, 2
        await connection.ready(10.0)
        device.told.put_nowait([])
        await eventually(lambda: connection.overflows == 5)


async def test_a_session_is_closed_at_whatever_moment_of_its_loss_one_leaves() -> None:
    for moment in range(40):
        device = _Device(scan_s=0.0)
        async with _connected(Connection(device, [FAST])) as connection, AsyncExitStack() as stack:
            device.is_there = False
            if moment % 2:  # somebody waits to be told
                news = connection._changed  # pyright: ignore[reportPrivateUsage]
                await stack.enter_async_context(news)
            task = connection._task  # pyright: ignore[reportPrivateUsage]
            assert task is not None
            for _ in range(moment // 2):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.sleep(0)
        assert device.closed >= device.opened == 1, moment


async def test_what_is_told_is_also_read_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handwheel.connectors.session.supervisor._REREAD_S", 0.0)
    device = _Device(is_subscribed=True)
    async with _connected(Connection(device, [FAST])) as connection:
        await eventually(lambda: bool(device.groups))
        device.leaves_out = "A.pv"  # lost without a word
        device.told.put_nowait([])
        await eventually(lambda: len(device.reads) > 1)
        await eventually(lambda: connection.latest()["A.pv"].status == BAD_NO_COMMUNICATION)


class _Watched(_Device):
    lived_s, compared = 0.0, 0

    def last_alive_s(self, scan_s: float) -> float:
        return self.lived_s if scan_s == self.scan_s else 0.0

    def compare(self, readings: Mapping[str, DataValue]) -> None:
        self.compared += len(readings)


async def test_each_interval_lives_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    device = _Watched(is_subscribed=True)
    async with _connected(Connection(device, [FAST, SLOW])) as connection:
        await eventually(lambda: bool(device.groups))
        slow, device.lived_s = connection.latest()["B.pv"], monotonic() + 100.0
        device.told.put_nowait([])
        await eventually(lambda: connection.latest()["A.pv"].received_s == device.lived_s)
        assert connection.latest()["B.pv"] == slow
        monkeypatch.setattr("handwheel.connectors.session.supervisor._REREAD_S", 0.0)
        device.told.put_nowait([])
        await eventually(lambda: device.compared == 2)


async def test_a_device_that_does_not_tell_changes_is_not_taken_for_one_that_has_none() -> None:
    deaf = Device({"A.pv": 1.0}, scan_s=0.01, is_subscribed=True)
    async with asyncio.timeout(50), Connection(deaf, [FAST]) as connection:
        await eventually(lambda: bool(connection.gaps))
        assert connection.gaps[0].reason == "script: it reports no changes"
        assert connection.latest()["A.pv"].status == BAD_NO_COMMUNICATION
