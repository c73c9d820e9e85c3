"""What the twin of tep foretells against what the plant does, with noise.

`pytest -m soak tests/soak/test_tep_twin.py -s` prints the table of docs/reference/tep.md.
"""

from pathlib import Path
from time import process_time

import pytest

from handwheel.agents.lookahead.margins import margins
from handwheel.agents.lookahead.prediction import Prediction
from handwheel.agents.lookahead.twin import Course, Move, TwinError
from handwheel.connectors.model.site import load_site
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.twins.tep.twin import TennesseeEastmanTwin
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.language.loader import load_library
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.scenario import FaultEvent

from ..evaluation.twins.watched import Watched

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

TWIN = TennesseeEastmanTwin()
HOUR_S = 3600.0
ONSET_S = 1800.0
HORIZON_S = 12 * HOUR_S
TRUST = 0.04
PRESSURE = "PIAZ-1101.pv"
NOTHING, PRODUCTION, FULL = "nothing", "production 20.8 m3/h alone", "tep/a-feed-loss"


def _moves(response: str, plant: Plant) -> list[Move]:
    """Returns the writes of a response now, the ratios as the playbook moves them."""
    cut = Move("PRODUCTION.sp", 20.8, 0.0)
    if response != FULL:
        return [cut] if response == PRODUCTION else []
    values = plant.measurements()
    lost, other = float(values["RATIO-1.sp"]), float(values["RATIO-4.sp"])
    manual, auto = 0.0, 1.0
    writes = (
        ("AIC-A.mode", manual), ("AIC-AC.mode", manual), ("RATIO-4.sp", other + lost),
        ("RATIO-1.sp", 0.0), ("AIC-AC.mode", auto),
    )  # fmt: skip
    return [cut, *(Move(tag, value, 0.0) for tag, value in writes)]


def _real(plant: Plant, moves: list[Move]) -> tuple[float | None, str, float]:
    """Returns the trip of the plant after now, its cause, and the highest pressure."""
    for each in moves:
        plant.write(each.tag, each.value)
    begin_s, highest = plant.time_s, 0.0
    for _ in range(round(HORIZON_S)):
        plant.step()
        if (trip := plant.first_trip()) is not None:
            return trip[0] - begin_s, trip[1], highest
        highest = max(highest, float(plant.measurements()[PRESSURE]))
    return None, "", highest


def _watched(seed: int, fault: str, since_s: float) -> Watched:
    plant = Watched.of(TWIN, "tep", seed, *([FaultEvent(fault, ONSET_S)] if fault else []))
    plant.run(ONSET_S + since_s)
    return plant


def _copy(watched: Watched, seed: int) -> Plant:
    plant = create_plant("tep", seed)
    plant.restore(watched.plant.snapshot())
    return plant


@pytest.mark.parametrize(("delay_h", "seed"), [(1.0, 11), (3.0, 12)])
def test_courses_after_a_lost_feed_trip_and_ride_as_the_plant_does(
    delay_h: float, seed: int
) -> None:
    watched = _watched(seed, "IDV6", delay_h * HOUR_S)
    begun_s = process_time()
    found = TWIN.estimate(watched.windows)
    estimate_s = process_time() - begun_s
    assert found is not None
    residual = max(map(abs, found.residuals.values()))
    for response in (NOTHING, PRODUCTION, FULL):
        plant = _copy(watched, seed)
        moves = _moves(response, plant)
        begun_s = process_time()
        course = TWIN.predict(found.state, moves, HORIZON_S)
        cpu_s = process_time() - begun_s
        trip_s, cause, highest = _real(plant, moves)
        own = course.trip
        print(
            f"| {delay_h:g} h, seed {seed} | {response} | {_trip(own and own[0], own and own[1])} "
            f"| {_trip(trip_s, cause)} | {max(course.series[PRESSURE]):.0f} / {highest:.0f} "
            f"| {residual:.1%} | {estimate_s:.1f} + {cpu_s:.1f} |"
        )
        assert (own is None) == (trip_s is None) == (response == FULL)
        if own is not None and trip_s is not None:
            assert own[0] == pytest.approx(trip_s, abs=0.3 * HOUR_S)
    assert residual < TRUST


def _trip(at_s: float | None, cause: str | None) -> str:
    return "rides" if at_s is None else f"{at_s / HOUR_S:.2f} h, {cause}"


@pytest.mark.parametrize("fault", ["", "IDV7"])
def test_course_of_a_plant_that_its_loops_hold_stays_where_the_plant_does(fault: str) -> None:
    watched = _watched(11, fault, 3 * HOUR_S)
    found = TWIN.estimate(watched.windows)
    assert found is not None
    course = TWIN.predict(found.state, (), HORIZON_S)
    trip_s, _, highest = _real(_copy(watched, 11), [])
    assert (trip_s, course.trip) == (None, None)
    assert max(course.series[PRESSURE]) == pytest.approx(highest, abs=10.0)


@pytest.mark.parametrize("fault", ["IDV1", "IDV4", "IDV5"])
def test_estimate_is_refused_where_a_disturbance_is_not_measured(fault: str) -> None:
    with pytest.raises(TwinError, match="departs from the plant"):
        TWIN.estimate(_watched(11, fault, 3 * HOUR_S).windows)


def test_a_trusted_twin_forbids_less_production_alone_and_clears_the_answer(tmp_path: Path) -> None:
    write_site(tmp_path / "site", create_plant("tep"), PlantEndpoints())
    site = load_site(tmp_path / "site")
    playbooks, _ = load_library(site)
    plan = bind(next(each for each in playbooks if each.id == FULL), site, {}, {})
    watched = _watched(13, "IDV6", HOUR_S)
    found = TWIN.estimate(watched.windows)
    assert found is not None
    residual = max(map(abs, found.residuals.values()))

    def course(response: str) -> Course:
        return TWIN.predict(found.state, _moves(response, watched.plant), HORIZON_S)

    without = course(NOTHING)
    verdicts = {
        response: Prediction(
            "tep", HORIZON_S, without, one, margins(plan, site.tags, (without, one), 0.0),
            residual, TRUST, (),
        )
        for response in (PRODUCTION, FULL)
        for one in (course(response),)
    }  # fmt: skip
    assert verdicts[PRODUCTION].forbids
    assert verdicts[FULL].clears
