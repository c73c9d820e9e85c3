"""Process and controllers together, against recordings and figures of other programs."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import stdev
from typing import Any, NamedTuple

import pytest

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.sim_plant.tep.plant import TennesseeEastman, create

from .closed_loop import LEVEL, PRESSURE, TEMPERATURE, Course, disturbed, followed

RICKER: dict[str, Any] = read_document(Path(__file__).with_name("ricker.yaml")).data
TOLERANCE: dict[str, float] = RICKER["tolerance"]


# When two of the five stand where they stand at 50 h; the soak runs all to 50 h
SETTLED_H = {4: 4.0, 5: 4.0}


def _recordings() -> Iterator[Any]:
    for each in RICKER["recordings"]:
        if each["idv"] in SETTLED_H:
            yield pytest.param(each, SETTLED_H[each["idv"]])
        yield pytest.param(each, 50.0, marks=pytest.mark.soak)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("recording", "hours"), list(_recordings()))
def test_extremes_and_ends_are_those_of_rickers_recordings(
    recording: dict[str, Any], hours: float
) -> None:
    course = disturbed(None, recording["idv"], hours)
    assert course.tripped_h is None
    for number, recorded in zip(RICKER["valves"], recording["ends"], strict=True):
        assert course.xmv[number - 1] == pytest.approx(recorded, abs=TOLERANCE["xmv"]), number
    low_tolerance = recording.get("low_tolerance", TOLERANCE["pressure"])
    assert course.high[0] == pytest.approx(recording["high"], abs=TOLERANCE["pressure"])
    assert course.low[0] == pytest.approx(recording["low"], abs=low_tolerance)


TABLE: dict[str, Any] = read_document(Path(__file__).with_name("idv48.yaml")).data
ROWS: list[dict[str, Any]] = TABLE["rows"]
QUIET = ROWS[0]
VALVES = (3, 4, 6, 10, 11)
SEED = 1  # of the figures under `here`


@pytest.mark.timeout(300)
@pytest.mark.parametrize("hours", [1.0, pytest.param(100.0, marks=pytest.mark.soak)])
def test_hours_without_a_fault_bring_all_valves_back(hours: float) -> None:
    plant = create(None)
    before = list(plant.state.process.xmv)
    course = followed(plant, 0, hours, ())
    assert course.tripped_h is None
    assert course.xmv == pytest.approx(before, abs=0.002)
    assert (course.low[0], course.high[0]) == pytest.approx((2705.0, 2705.0), abs=0.1)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "mode", ["1", "6", *(pytest.param(each, marks=pytest.mark.soak) for each in "2345")]
)
@pytest.mark.parametrize("hours", [1.0, pytest.param(24.0, marks=pytest.mark.soak)])
def test_each_mode_is_held(mode: str, hours: float) -> None:
    plant: TennesseeEastman = create(None)
    plant.start(mode)
    start = plant.state.process.xmeas[PRESSURE : TEMPERATURE + 1]
    course = followed(plant, 0, hours, ())
    assert course.tripped_h is None, course.tripped_by
    assert not course.alarms
    for index, width in ((PRESSURE, 10.0), (LEVEL, 0.5), (TEMPERATURE, 0.05)):
        low, high = course.low[index - PRESSURE], course.high[index - PRESSURE]
        assert start[index - PRESSURE] - width < low <= high < start[index - PRESSURE] + width


Figures = dict[tuple[str, int], float]  # what is measured (or XMV) and which end or valve of it


def _figures(row: Mapping[str, Any]) -> Figures:
    """Returns what a row (or its part `here`) says in numbers."""
    figures = {
        (key, index): float(value)
        for key in ("p", "l", "t", "deviation")
        for index, value in enumerate(row.get(key, ()))
    }
    ends = zip(VALVES, row.get("ends", ()), strict=False)
    return figures | {("xmv_11" if valve == 11 else "xmv", valve): end for valve, end in ends}


class _Band(NamedTuple):
    figure: tuple[str, int]
    value: float
    width: float


def _bands(row: dict[str, Any]) -> Iterator[_Band]:
    """What a run must show: each change to half of it, or to the noise where that is more.

    Of what is also measured `here`, the other program's figure is only the outer bound.
    """
    for source, noise in ((row, TABLE["noise"]), (row.get("here", {}), TABLE["noise_here"])):
        quiet = _figures(QUIET if source is row else QUIET["here"])
        for figure, value in _figures(source).items():
            key, _ = figure
            width: float = TABLE["widest"].get(key, float("inf"))
            if source is not row or key not in row.get("here", {}):
                width = min(width, max(noise[key], abs(value - quiet[figure]) / 2.0))
            yield _Band(figure, value, width)


def _misses(bands: Iterator[_Band], seen: Figures) -> list[_Band]:
    return [each for each in bands if abs(seen[each.figure] - each.value) > each.width]


def _seen(course: Course) -> Figures:
    bounds = list(zip(course.low, course.high, strict=True))
    return _figures(
        dict(zip(("p", "l", "t"), bounds, strict=True))
        | {"ends": [course.xmv[valve - 1] for valve in VALVES]}
        | {"deviation": [stdev(each) for each in zip(*course.stripper, strict=True)]}
    )


def test_a_run_without_a_disturbance_passes_no_row_of_one_that_is_seen() -> None:
    for row in ROWS[1:]:
        here = {key: QUIET["here"][key] for key in row.get("here", {})}
        undisturbed = _figures(QUIET | here)
        assert bool(_misses(_bands(row), undisturbed)) != row.get("unseen", False), row["idv"]


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"IDV{row['idv']}")
def test_outcome_and_extremes_of_a_disturbance(row: dict[str, Any]) -> None:
    course = disturbed(SEED, row["idv"], 48.0)
    if "trips" in row:
        assert course.tripped_h == pytest.approx(row["trips"], abs=TABLE["widest"]["hours"])
        assert course.tripped_by == row["by"]
    else:
        assert course.tripped_h is None, course.tripped_by
    assert _misses(_bands(row), _seen(course)) == []
