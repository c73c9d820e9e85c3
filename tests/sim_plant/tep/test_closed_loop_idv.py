"""The operating modes and all twenty disturbances in closed loop."""

from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.documents import read_document
from handwheel.sim_plant.tep.plant import TennesseeEastman, create

from .closed_loop import LEVEL, PRESSURE, TEMPERATURE, disturbed, followed

TABLE: dict[str, Any] = read_document(Path(__file__).with_name("idv48.yaml")).data
TOLERANCE: dict[str, float] = TABLE["tolerance"]
VALVES = (3, 4, 6, 10, 11)


@pytest.mark.timeout(120)
def test_100_hours_without_a_fault_bring_all_valves_back() -> None:
    plant = create(None)
    before = list(plant.state.process.xmv)
    course = followed(plant, 0, 100.0, ())
    assert course.tripped_h is None
    assert course.xmv == pytest.approx(before, abs=0.002)
    assert (course.low[0], course.high[0]) == pytest.approx((2705.0, 2705.0), abs=0.1)


def _holds(mode: str, hours: float) -> None:
    plant: TennesseeEastman = create(None)
    plant.start(mode)
    start = plant.state.process.xmeas[PRESSURE : TEMPERATURE + 1]
    course = followed(plant, 0, hours, ())
    assert course.tripped_h is None, course.tripped_by
    assert not course.alarms
    for index, width in ((PRESSURE, 10.0), (LEVEL, 0.5), (TEMPERATURE, 0.05)):
        low, high = course.low[index - PRESSURE], course.high[index - PRESSURE]
        assert start[index - PRESSURE] - width < low <= high < start[index - PRESSURE] + width


@pytest.mark.parametrize("mode", "123456")
def test_each_mode_is_held(mode: str) -> None:
    _holds(mode, 4.0)


@pytest.mark.soak
@pytest.mark.timeout(120)
@pytest.mark.parametrize("mode", "123456")
def test_each_mode_is_held_for_a_day(mode: str) -> None:
    _holds(mode, 24.0)


@pytest.mark.soak
@pytest.mark.timeout(120)
@pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: f"IDV{row['idv']}")
def test_outcome_and_extremes_of_a_disturbance(row: dict[str, Any]) -> None:
    course = disturbed(1, row["idv"], 48.0)
    if "trips" in row:
        assert course.tripped_h == pytest.approx(row["trips"], abs=TOLERANCE["hours"])
        assert course.tripped_by == row["by"]
    else:
        assert course.tripped_h is None, course.tripped_by
    for index, (key, name) in enumerate((("p", "pressure"), ("l", "level"), ("t", "temperature"))):
        if key in row:
            low, high = row[key]
            width = TOLERANCE[name]
            below = TOLERANCE["low_pressure_of_1"] if (row["idv"], key) == (1, "p") else width
            assert course.low[index] == pytest.approx(low, abs=below), name
            assert course.high[index] == pytest.approx(high, abs=width), name
    for valve, end in zip(VALVES, row.get("ends", ()), strict=False):
        width = TOLERANCE["xmv_11" if valve == 11 else "xmv"]
        assert course.xmv[valve - 1] == pytest.approx(end, abs=width), valve
