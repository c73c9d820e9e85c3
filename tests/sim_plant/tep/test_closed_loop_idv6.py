"""The agent's benchmark: the A feed is lost, and what an answer is worth by its delay."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.sim_plant.tep.plant import TennesseeEastman, create

from .closed_loop import FAULT_AT_H, PRESSURE, RESPONSES, Course, followed

TABLE: dict[str, Any] = read_document(Path(__file__).with_name("idv6.yaml")).data
RICKER: dict[str, Any] = read_document(Path(__file__).with_name("ricker.yaml")).data
TOLERANCE: dict[str, float] = TABLE["tolerance"]
RIDES_H = 60.0

# The cell that every run of the tests looks at: answer, production, delay
QUICK = {("none", 0.0, 0.1)}


def _cells() -> list[Any]:
    cells: list[Any] = []
    for row in TABLE["rows"]:
        answer, production = row["answer"], row.get("production", 0.0)
        for delay, outcome in zip(TABLE["delays"], row["outcome"], strict=False):
            cell = (answer, production, delay)
            marks = () if cell in QUICK else pytest.mark.soak
            cells.append(pytest.param(*cell, outcome, marks=marks))
    return cells


@cache
def _answered(answer: str, production: float, delay_h: float, until_h: float) -> Course:
    at_h = FAULT_AT_H + delay_h
    return followed(
        create(None), 6, until_h, [(at_h, lambda plant: RESPONSES[answer](plant, production))]
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("answer", "production", "delay", "outcome"), _cells())
def test_the_outcome_after_the_loss_of_the_a_feed(
    answer: str, production: float, delay: float, outcome: str
) -> None:
    course = _answered(answer, production, delay, FAULT_AT_H + RIDES_H)
    kind, *numbers = outcome.split()
    if kind == "T":
        tolerance = float(numbers[1]) if len(numbers) > 1 else TOLERANCE["hours"]
        assert course.tripped_h == pytest.approx(float(numbers[0]), abs=tolerance)
        return
    assert course.tripped_h is None, course.tripped_by
    if numbers:
        assert course.high[0] == pytest.approx(float(numbers[0]), abs=TOLERANCE["pressure"])


def test_without_an_answer_the_stripper_runs_empty_and_the_pressure_alarm_is_too_late() -> None:
    course = _answered("none", 0.0, 0.1, FAULT_AT_H + RIDES_H)
    # Recomputed from the equations: 7.48 h; the answer of 7 h is too late, see the table
    assert course.tripped_h == pytest.approx(7.5, abs=0.1)
    assert course.tripped_by == "stripper level low"
    assert course.alarms == {"LAL-1501", "PAH-1101"}


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_the_papers_answer_at_once_ends_where_rickers_recording_ends() -> None:
    course = _answered("ratios", 20.8, 0.0, 50.0)
    assert course.tripped_h is None
    for value, recorded in zip(course.xmv, RICKER["answered"], strict=True):
        assert value == pytest.approx(recorded, abs=RICKER["tolerance"]["xmv"])


def _with_override(plant: TennesseeEastman) -> None:
    plant.write("PIC-1102.mode", 1)
    RESPONSES["ratios"](plant, float(plant.measurements()["PRODUCTION.sp"]))


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_the_override_finds_a_production_that_rides_as_in_rickers_recording() -> None:
    plant = create(None)
    course = followed(plant, 6, 50.0, [(FAULT_AT_H + 1.0, _with_override)])
    assert course.tripped_h is None
    # His override walks the production from 22.9 to 20.8 m3/h at 2950 kPa; ours, with a tuning
    # of our own, ends at 20.1
    assert plant.state.readings[PRESSURE] == pytest.approx(2950.0, abs=1.0)
    assert course.high[0] < 2975.0
    assert plant.state.readings[16] == pytest.approx(20.8, abs=0.8)
