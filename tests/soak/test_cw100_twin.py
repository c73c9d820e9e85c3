"""Courses that the twin of cw-100 foretells against what the plant does, with noise.

`pytest -m soak tests/soak/test_cw100_twin.py -s` prints the tables of docs/reference/twins.md.
"""

from collections.abc import Mapping, Sequence
from random import Random
from time import process_time
from typing import NamedTuple

import pytest

from handwheel.agents.lookahead.twin import Course, Move
from handwheel.evaluation.twins.cw100.twin import CoolingWaterTwin
from handwheel.sim_plant.cw100.process import constants as k
from handwheel.sim_plant.scenario import FaultEvent

from ..evaluation.twins.watched import Watched

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

TWIN = CoolingWaterTwin()
SEEDS = (1001, 1002, 1003)
HOUR_S = 3600.0
CHANGE_OVER = (Move("P-101B.run_cmd", 1.0, 0.0), Move("P-101A.run_cmd", 0.0, 60.0))
ENDS = ("PT-102.pv", "FT-103.pv", "TT-202.pv", "TT-106.pv", "TV-202.pos")
LAST_S = 300.0
"""Length of the end, over which a header that cavitates has a mean."""


class Case(NamedTuple):
    """A course, and how far its end may be from the plant's, in the order of `ENDS`."""

    title: str
    faults: Mapping[str, Mapping[str, float | str]]  # all begin after 10 min
    since_s: float  # from the onset until the twin looks ahead
    moves: Sequence[Move]
    horizon_s: float
    within: tuple[float, ...] = (1.5, 0.4, 0.1, 0.1, 0.6)
    trip_within_s: float = 0.0


def _load(flow: float) -> tuple[Move, ...]:
    return (Move("FIC-201.sp", flow, 0.0),)


# Constants of the plant that the twin has from data sheets
CONSTANTS = (
    "SHUTOFF_HEAD_M", "PUMP_CURVE", "AMPERE_PER_KW", "RISER", "CLEAN_STRAINER", "VALVE_KV",
    "HOT_FILM", "COLD_FILM", "AREA_M2", "EVAPORATION", "PRODUCT_CAPACITY", "WATER_CAPACITY",
    "BASIN_AREA_M2",
)  # fmt: skip
TRUSTED = 0.01

CASES = (
    Case("healthy", {}, 700.0, (), HOUR_S / 2),
    Case("load 40 -> 30 m3/h", {}, 700.0, _load(30.0), HOUR_S / 2),
    Case("load 40 -> 46 m3/h", {}, 700.0, _load(46.0), HOUR_S / 2),
    Case("change-over", {}, 700.0, CHANGE_OVER, HOUR_S / 2),
    Case("F01, nothing done", {"F01": {"tau": HOUR_S}}, 12240.0, (), HOUR_S, trip_within_s=60.0),
    Case("F01, change-over", {"F01": {"tau": HOUR_S}}, 12240.0, CHANGE_OVER, HOUR_S),
    Case("F03 b, load cut", {"F03": {"rf": 3.5e-4}}, 2 * HOUR_S, _load(36.0), HOUR_S),
    Case("F02 x15, change-over", {"F02": {"plug": 15.0}}, 900.0, CHANGE_OVER, HOUR_S / 2),
    Case(
        "F02 x28, change-over", {"F02": {"plug": 28.0}}, 300.0, CHANGE_OVER, HOUR_S / 2,
        within=(8.0, 1.0, 0.3, 0.1, 2.0),
    ),
    Case(
        "F05 with load 46, load cut", {"F05": {}, "D01": {"load": 46.0}}, 1500.0, _load(36.0),
        HOUR_S / 2,
    ),
    Case("F09 leak 3, nothing done", {"F09": {"leak": 3.0}}, HOUR_S, (), HOUR_S),
    Case("F12, load cut by 30 %", {"F12": {}}, 1200.0, _load(28.0), HOUR_S),
    Case("F14, nothing done", {"F14": {"w": 0.85}}, 1500.0, (), HOUR_S / 2),
    Case("D02, nothing done", {"D02": {"twb": 24.0}}, HOUR_S, (), HOUR_S),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[each.title for each in CASES])
def test_course_of_the_twin_ends_where_the_plant_does(case: Case) -> None:
    runs = [_compare(case, seed) for seed in SEEDS]
    worst = [max((each.off[n] for each in runs), key=abs) for n in range(len(ENDS))]
    trips = ", ".join(each.trips for each in runs if each.trips)
    cpu_s = max(each.cpu_s for each in runs)
    shown = " | ".join(f"{each:+.2f}" for each in worst)
    print(f"| {case.title} | {case.horizon_s / 60:g} min | {shown} | {trips} | {cpu_s:.2f} |")
    assert all(abs(one) <= most for one, most in zip(worst, case.within, strict=True)), worst


class Run(NamedTuple):
    """Deviations of one seed."""

    off: Sequence[float]
    trips: str  # foretold and real time, s
    cpu_s: float


def _compare(case: Case, seed: int) -> Run:
    faults = [FaultEvent(name, 600.0, dict(given)) for name, given in case.faults.items()]
    plant = Watched.of(TWIN, "cw-100", seed, *faults)
    plant.run(600.0 + case.since_s)
    begun_s = process_time()
    found = TWIN.estimate(plant.windows)
    assert found is not None
    course = TWIN.predict(found.state, case.moves, case.horizon_s)
    cpu_s = process_time() - begun_s
    now_s = plant.plant.time_s
    plant.act(case.moves, case.horizon_s)
    off = [_end(course, tag) - plant.end(tag, LAST_S) for tag in ENDS]
    real_s = plant.trip_s(now_s)
    if course.trip is None or real_s is None:
        assert course.trip is None
        assert real_s is None
        return Run(off, "", cpu_s)
    assert abs(course.trip[0] - real_s) <= case.trip_within_s
    return Run(off, f"{course.trip[0]:.0f}/{real_s:.0f} s", cpu_s)


@pytest.mark.parametrize("seed", range(1001, 1009))
def test_twin_with_small_residuals_is_right_though_constants_are_off(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Random(seed)
    own = {name: getattr(k, name) * drawn.uniform(0.92, 1.08) for name in CONSTANTS}
    plant = Watched.of(TWIN, "cw-100", seed)
    with monkeypatch.context() as patched:
        for name, value in own.items():
            patched.setattr(k, name, value)
        plant.run(1.5 * HOUR_S)
    found = TWIN.estimate(plant.windows)
    assert found is not None
    course = TWIN.predict(found.state, _load(46.0), HOUR_S / 2)
    with monkeypatch.context() as patched:
        for name, value in own.items():
            patched.setattr(k, name, value)
        plant.act(_load(46.0), HOUR_S / 2)
    off = [_end(course, tag) - plant.end(tag, LAST_S) for tag in ENDS]
    worst = max(map(abs, found.residuals.values()), default=None)
    shown = "none" if worst is None else f"{100.0 * worst:.1f} %"
    print(f"| {seed} | {shown} | {' | '.join(f'{each:+.2f}' for each in off)} |")
    if worst is not None and worst <= TRUSTED:
        assert abs(off[0]) < 5.0
        assert abs(off[1]) < 3.0


def _end(course: Course, tag: str) -> float:
    begin_s = course.times_s[-1] - LAST_S
    last = [
        value
        for at_s, value in zip(course.times_s, course.series[tag], strict=True)
        if at_s > begin_s
    ]
    return sum(last) / len(last)
