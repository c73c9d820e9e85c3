"""Process time, while the plant's clock is read, is lost, and begins anew."""

import pytest

from handwheel.connectors.model.process_clock import ProcessClock
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    GOOD,
    DataValue,
    StatusCode,
    Value,
)

CLOCK = "SIM-CLOCK.pv"


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
