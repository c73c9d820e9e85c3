"""Process time, the course of tags, and whoever waits for the next scan."""

import asyncio
from itertools import pairwise

import pytest

from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    GOOD,
    DataValue,
    StatusCode,
    Value,
)
from handwheel.playbooks.run.plant_view import PlantView, ProcessClock

CLOCK, TAG = "SIM-CLOCK.pv", "VT-101A.pv"


def seen(tag: str, value: Value | None, status: StatusCode = GOOD) -> dict[str, DataValue]:
    return {tag: DataValue(value, status, None, None, 0.0)}


def test_it_goes_on_at_its_pace_while_the_plants_clock_is_lost() -> None:
    for lost in [{}, seen(CLOCK, 99.0, BAD_NO_COMMUNICATION), seen(CLOCK, True)]:
        clock = ProcessClock(CLOCK)
        for second in range(60):
            clock.tick(seen(CLOCK, 1000.0 + 10.0 * second), float(second))
        assert clock.now_s == 1590.0, lost
        passed = [clock.tick(lost, 59.0 + each) - 1590.0 for each in (1.0, 2.0, 30.0)]
        assert passed == pytest.approx([10.0, 20.0, 300.0], rel=0.01), lost
        assert clock.tick(seen(CLOCK, 1900.0), 90.0) == 1900.0, lost


def test_without_a_plants_clock_or_before_it_is_seen_time_goes_on() -> None:
    machine, clock = ProcessClock(), ProcessClock(CLOCK)
    assert [machine.tick({}, each) for each in (5.0, 7.5)] == [5.0, 7.5]
    assert [clock.tick({}, each) for each in (100.0, 101.0, 103.0)] == [0.0, 1.0, 3.0]
    assert clock.tick(seen(CLOCK, 5000.0), 104.0) == 5000.0
    assert clock.tick({}, 105.0) == 5001.0  # that was no pace


def test_a_plant_that_begins_anew_turns_no_clock_back() -> None:
    clock = ProcessClock(CLOCK)
    for second in range(30):
        clock.tick(seen(CLOCK, 5000.0 + second), float(second))
    passed = [clock.tick(seen(CLOCK, at_s), 30.0 + at_s) - 5029.0 for at_s in (0.0, 1.0, 2.0)]
    assert passed == pytest.approx([1.0, 2.0, 3.0])
    assert clock.shown_s == 2.0
    assert clock.tick({}, 33.0) - 5029.0 == pytest.approx(4.0)


async def observed(*times_s: float, trends: tuple[str, ...] = ()) -> PlantView:
    view = PlantView.of((), CLOCK, trends)
    for number, at_s in enumerate(times_s):
        await view.observe(seen(CLOCK, at_s) | seen(TAG, at_s / 10.0), float(number))
    return view


async def test_the_longest_of_the_latest_scans_counts() -> None:
    for times_s, scan_s in [
        ((100.0,), 0.0), ((100.0, 101.0, 103.0), 2.0), ((100.0, 50.0, 51.0), 1.0),
        ((0.0, 90.0, 91.0, 92.0, 93.0), 90.0), ((0.0, 90.0, 91.0, 92.0, 93.0, 94.0, 95.0), 1.0),
    ]:  # fmt: skip
        view = await observed(*times_s)
        assert (view.scan_s, view.scans) == (scan_s, len(times_s)), times_s


async def test_a_long_trend_keeps_its_course_in_few_points() -> None:
    view = await observed(*map(float, range(5000)), trends=(TAG,))
    points = await view.trend(TAG, 1e9, 60)
    assert len(points) <= 60
    assert points[-1] == (0.0, 499.9)
    assert points[0][0] < -4800.0
    assert all(at_s == pytest.approx(10.0 * value - 4999.0) for at_s, value in points)
    gaps = [after[0] - before[0] for before, after in pairwise(points)]
    assert max(gaps) < 5 * min(gaps)
    anew = await observed(1000.0, 1001.0, 3.0, 4.0, 4.0, trends=(TAG,))  # with its plant
    assert await anew.trend(TAG, 1e9, 60) == [(-1.0, 0.3), (0.0, 0.4)]


async def test_a_trend_is_of_good_numbers_of_its_time_only() -> None:
    view = PlantView.of((), "", (TAG,))
    for at_s, reading in enumerate((
        seen(TAG, 1.0), seen(TAG, 2.0, BAD_NO_COMMUNICATION), seen(TAG, None), seen(TAG, True), {},
        seen(TAG, 3.0), seen(TAG, 4),
    )):  # fmt: skip
        await view.observe(reading, float(at_s))
    assert await view.trend(TAG, 100.0, 60) == [(-6.0, 1.0), (-1.0, 3.0), (0.0, 4.0)]
    assert await view.trend(TAG, 1.0, 60) == [(-1.0, 3.0), (0.0, 4.0)]
    assert await view.trend("another", 100.0, 60) == []


async def test_everybody_who_waits_is_woken_by_the_next_scan() -> None:
    view = await observed(1.0)
    waiters = [asyncio.create_task(view.next_scan()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in waiters)
    await view.observe(seen(CLOCK, 2.0), 1.0)
    await asyncio.wait_for(asyncio.gather(*waiters), 1.0)
