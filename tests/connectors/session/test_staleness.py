"""When a reading is stale and when a lost connection is tried again, on a scripted clock."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import inf

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    BAD_NODE_UNKNOWN,
    BAD_WAITING,
    GOOD,
    UNCERTAIN_LAST_USABLE,
    DataValue,
    StatusCode,
    Value,
)
from handwheel.connectors.session import scan_groups, supervisor
from handwheel.connectors.session.backoff import SessionPauses
from handwheel.connectors.session.protocols import Session
from handwheel.connectors.session.scan_groups import ScanGroup, aged
from handwheel.connectors.session.supervisor import Connection

from ...plants.devices.scripted import Device

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TAG = Tag("A.pv", "dcs", "float", NodeAddress("s=A"))
SHAKY = StatusCode(0x40940000)


def _reading(
    value: Value | None = 1.0, status: StatusCode = GOOD, on_device_s: float = 0.0
) -> DataValue:
    return DataValue(value, status, NOON, NOON + timedelta(seconds=on_device_s), 100.0)


def test_a_reading_ages_by_its_arrival_and_where_stamps_are_cyclic_by_its_source() -> None:
    cases: list[tuple[DataValue, float, StatusCode]] = [
        (_reading(), 1.5, GOOD),
        (_reading(), 1.5001, BAD_NO_COMMUNICATION),
        (_reading(on_device_s=1.0), 0.5, GOOD),
        (_reading(on_device_s=1.0), 0.5001, UNCERTAIN_LAST_USABLE),
        (_reading(on_device_s=3600.0), 0.0, UNCERTAIN_LAST_USABLE),
        (_reading(on_device_s=-3600.0), 1.5, GOOD),
        (_reading(on_device_s=1.0), 1.5001, BAD_NO_COMMUNICATION),
        (_reading(status=SHAKY, on_device_s=3600.0), 0.0, SHAKY),
        (_reading(None, BAD_NODE_UNKNOWN, 3600.0), 9.0, BAD_NODE_UNKNOWN),
        (DataValue(1.0, GOOD, NOON, None, 100.0), 1.5, GOOD),  # stamps on change
        (DataValue(1.0, GOOD, NOON, None, 100.0), 1.5001, BAD_NO_COMMUNICATION),
        (DataValue(1.0, GOOD, None, None, 100.0), 1.5, GOOD),
    ]
    for reading, since_s, status in cases:
        assert aged(reading, 100.0 + since_s, 1.5) == reading.with_status(status)


class _Clock:
    """Monotonic time that passes only in sleeps, which it notes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        self.slept: list[float] = []
        self._pass = asyncio.sleep
        monkeypatch.setattr(supervisor, "monotonic", lambda: self.now_s)
        monkeypatch.setattr(asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0.0:
            self.now_s += seconds
            self.slept.append(seconds)
        await self._pass(0)


class _Script(Device):
    """A connector with a list of events: refused, or a session that is lost after so long."""

    def __init__(
        self, clock: _Clock, *events: float | None, scan_s: float = 0.0, is_cyclic: bool = False
    ) -> None:
        super().__init__(scan_s=scan_s, has_cyclic_stamps=is_cyclic)
        self.played = asyncio.Event()
        self._clock = clock
        self._events = list(events)
        self._lasts_s: float | None = None

    async def open(self) -> Session:
        if not self._events:
            self.played.set()
            await asyncio.Event().wait()
        self._lasts_s = self._events.pop(0)
        if self._lasts_s is None:
            raise NotConnected({self.name: "refused"})
        self._is_new = True
        return self

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        if not self._is_new:
            assert self._lasts_s is not None
            if self._lasts_s == inf:
                await asyncio.Event().wait()
            self._clock.now_s += self._lasts_s
            raise NotConnected({self.name: "lost"})
        self._is_new = False
        return {tag.name: _reading(on_device_s=1.0) for tag in tags}


@pytest.mark.parametrize("is_cyclic", [False, True])
async def test_a_connection_counts_three_of_its_scans(
    is_cyclic: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Clock(monkeypatch)
    script = _Script(clock, inf, scan_s=1.0, is_cyclic=is_cyclic)
    async with Connection(script, [TAG]) as connection:
        await connection.next_scan()
        statuses: list[StatusCode] = []
        for clock.now_s in (101.99, 102.01, 102.99, 103.01):
            statuses.append(connection.latest()[TAG.name].status)
    doubted = UNCERTAIN_LAST_USABLE if is_cyclic else GOOD
    assert statuses == [GOOD, doubted, doubted, BAD_NO_COMMUNICATION]


REFUSED = [0.5, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 1.5, 3.0, 6.0, 10.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("events", "pauses"),
    [
        ([None] * 13, REFUSED),
        ([0.0] * 5, [0.25, 0.5, 0.75, 0.75, 0.75]),
        ([0.0, 0.0, 8.0, 11.0, 0.0], [0.25, 0.5, 0.75, 0.25, 0.5]),
        ([0.0, None, None, 0.0, None], [0.25, 0.5, 0.75, 0.5, 0.5]),
    ],
    ids=["refused", "short sessions", "a long session", "both"],
)
async def test_attempts_move_apart_and_so_do_sessions_that_end_soon(
    events: Sequence[float | None], pauses: Sequence[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Clock(monkeypatch)
    script = _Script(clock, *events)
    async with Connection(script, [TAG]), asyncio.timeout(50):
        await script.played.wait()
    assert clock.slept == [pytest.approx(pause + 0.05, abs=0.0501) for pause in pauses]


def test_a_short_outage_is_over_at_most_850_ms_after_the_return() -> None:
    for at_random_s in (0.0, 0.1):
        pauses_s = [each + at_random_s for each in REFUSED]
        attempts_s = list(accumulate(pauses_s, initial=SessionPauses().after(inf)))
        for back_s in (0.01 * each for each in range(500)):
            waited_s = next(each for each in attempts_s if each >= back_s) - back_s
            assert waited_s <= 0.85 + 1e-9


def test_what_is_told_stands_as_long_as_the_device_shows_that_it_lives() -> None:
    assert scan_groups.KEEP_ALIVE_S == 1.0  # and three signs of life may be missing
    for is_subscribed, since_life_s, status in [
        *((False, 2.0, GOOD), (False, 2.01, BAD_NO_COMMUNICATION)),
        *((True, 3.0, GOOD), (True, 3.01, BAD_NO_COMMUNICATION)),
    ]:
        group = ScanGroup(0.1, [TAG], 0.0, is_subscribed=is_subscribed)
        assert group.latest(9.0, has_cyclic_stamps=False)["A.pv"].status == BAD_WAITING
        group.update({"A.pv": _reading()}, 100.0)
        life_s = 100.0
        if is_subscribed:
            group.note_alive(life_s := 700.0)
        reading = group.latest(life_s + since_life_s, has_cyclic_stamps=False)["A.pv"]
        assert (reading.status, reading.received_s) == (status, life_s)
        newer = DataValue(2.0, GOOD, None, None, life_s + 1.0)
        group.apply_changes([("A.pv", newer), ("Z.pv", newer)])
        assert group.latest(life_s + 1.1, has_cyclic_stamps=False) == {"A.pv": newer}
        assert group.mark_bad() == [("A.pv", newer.with_status(BAD_NO_COMMUNICATION))]
