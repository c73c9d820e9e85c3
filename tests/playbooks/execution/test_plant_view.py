"""Plant as runs see it: its scans, its trends, and the runs that a scan wakes."""

from itertools import pairwise

import pytest

from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    BAD_WAITING,
    GOOD,
    DataValue,
    StatusCode,
    Value,
)
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.tools.conditions import Truth, parse_condition

from ...plants.devices.opcua_server import tag_of

CLOCK, TAG = "SIM-CLOCK.pv", "VT-101A.pv"


def seen(tag: str, value: Value | None, status: StatusCode = GOOD) -> dict[str, DataValue]:
    return {tag: DataValue(value, status, None, None, 0.0)}


def observed(*times_s: float, trends: tuple[str, ...] = ()) -> PlantView:
    view = PlantView.of((), CLOCK, trends)
    for number, at_s in enumerate(times_s):
        view.observe(seen(CLOCK, at_s) | seen(TAG, at_s / 10.0), float(number))
    return view


def test_the_longest_of_the_latest_scans_counts() -> None:
    for times_s, scan_s in [
        ((100.0,), 0.0), ((100.0, 101.0, 103.0), 2.0), ((100.0, 50.0, 51.0), 1.0),
        ((0.0, 90.0, 91.0, 92.0, 93.0), 90.0), ((0.0, 90.0, 91.0, 92.0, 93.0, 94.0, 95.0), 1.0),
    ]:  # fmt: skip
        view = observed(*times_s)
        assert (view.scan_s, view.scans) == (scan_s, len(times_s)), times_s


async def test_a_long_trend_keeps_its_course_in_few_points() -> None:
    view = observed(*map(float, range(5000)), trends=(TAG,))
    points = await view.trend(TAG, 1e9, 60)
    assert len(points) <= 60
    assert points[-1] == (0.0, 499.9)
    assert points[0][0] < -4800.0
    assert all(at_s == pytest.approx(10.0 * value - 4999.0) for at_s, value in points)
    gaps = [after[0] - before[0] for before, after in pairwise(points)]
    assert max(gaps) < 5 * min(gaps)
    anew = observed(1000.0, 1001.0, 3.0, 4.0, 4.0, trends=(TAG,))  # with its plant
    assert await anew.trend(TAG, 1e9, 60) == [(-1.0, 0.3), (0.0, 0.4)]


async def test_a_trend_is_of_good_numbers_of_its_time_only() -> None:
    view = PlantView.of((), "", (TAG,))
    for at_s, reading in enumerate((
        seen(TAG, 1.0), seen(TAG, 2.0, BAD_NO_COMMUNICATION), seen(TAG, None), seen(TAG, True), {},
        seen(TAG, 3.0), seen(TAG, 4),
    )):  # fmt: skip
        view.observe(reading, float(at_s))
    assert await view.trend(TAG, 100.0, 60) == [(-6.0, 1.0), (-1.0, 3.0), (0.0, 4.0)]
    assert await view.trend(TAG, 1.0, 60) == [(-1.0, 3.0), (0.0, 4.0)]
    assert await view.trend("another", 100.0, 60) == []


HIGH = parse_condition("VT-101A.pv > 5", {TAG: tag_of(TAG)})


def test_a_waiting_run_is_woken_when_what_it_asked_for_changes() -> None:
    view = PlantView.of((), "")
    for at_s, value, is_woken in [
        (0.0, 4.0, False), (1.0, 4.5, False), (2.0, 6.0, True), (3.0, 7.0, False), (4.0, 4.0, True),
    ]:  # fmt: skip
        assert view.observe(seen(TAG, value), at_s) == ({"U-1"} if is_woken else set())
        if at_s == 0.0 or is_woken:
            snapshot = view.snapshot()
            assert snapshot.truth(HIGH) is (Truth.TRUE if value > 5.0 else Truth.FALSE)
            view.await_change("U-1", snapshot)


def test_a_waiting_run_is_woken_at_the_time_that_it_asked_for() -> None:
    view = PlantView.of((), "")
    view.observe(seen(TAG, 6.0), 100.0)
    snapshot = view.snapshot()
    assert not snapshot.is_past(101.5)
    view.await_change("U-1", snapshot)
    assert [view.observe(seen(TAG, 6.0), at_s) for at_s in (101.0, 102.0)] == [set(), {"U-1"}]


def test_a_condition_lasts_since_it_was_first_asked_for_without_a_break() -> None:
    view, lasted = PlantView.of((), ""), list[float | None]()
    for at_s, value in enumerate([6.0, 6.0, 4.0, 6.0, None, 6.0, 6.0, 6.0]):
        status = BAD_NO_COMMUNICATION if value is None else GOOD
        view.observe(seen(TAG, value, status), float(at_s))
        snapshot = view.snapshot()
        lasted.append(snapshot.lasts_s(HIGH, is_true=True, since_s=0.0))
        view.await_change("U-1", snapshot)
    assert lasted == [0.0, 1.0, None, 0.0, None, 0.0, 1.0, 2.0]
    assert view.snapshot().lasts_s(HIGH, is_true=True, since_s=6.5) == 0.5
    # A time of another process may lie ahead, and must not put it off.
    assert view.snapshot().lasts_s(HIGH, is_true=True, since_s=1e6) == 2.0
    view.await_change("U-1", None)
    view.observe(seen(TAG, 6.0), 8.0)
    assert view.snapshot().lasts_s(HIGH, is_true=True, since_s=0.0) == 0.0


def test_no_time_counts_from_before_the_first_scan() -> None:
    view = PlantView.of((), "")
    before = view.snapshot()
    assert before.lasts_s(HIGH, is_true=False, since_s=0.0) == 0.0
    view.await_change("U-1", before)
    assert view.observe(seen(TAG, None, BAD_NO_COMMUNICATION), 5e6) == {"U-1"}
    assert view.snapshot().lasts_s(HIGH, is_true=False, since_s=0.0) == 0.0


def test_a_plant_is_seen_once_no_value_is_still_to_come() -> None:
    view, seen_at = PlantView.of((), ""), list[bool]()
    for at_s, status in enumerate([BAD_WAITING, BAD_WAITING, BAD_NO_COMMUNICATION, BAD_WAITING]):
        seen_at.append(view.is_seen)
        view.observe(seen(TAG, None, status), float(at_s))
    assert [*seen_at, view.is_seen] == [False, False, False, True, True]
