import pytest

from handwheel.agents.lookahead.twin import Estimate, Move, Twin, TwinError
from handwheel.evaluation.twins.cstr import StirredTankTwin
from handwheel.evaluation.twins.quadtank import QuadrupleTankTwin
from handwheel.sim_plant.scenario import FaultEvent

from .watched import Watched

TANKS, REACTOR = QuadrupleTankTwin(), StirredTankTwin()


@pytest.fixture(scope="module")
def reactor() -> Watched:
    plant = Watched.of(REACTOR, "cstr", 7)
    plant.run(400.0)
    return plant


def estimate(twin: Twin, plant: Watched) -> Estimate:
    found = twin.estimate(plant.windows)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "fault",
    [
        FaultEvent("Q01", 100.0, {"pump": "P-101", "lost": 0.3}),
        FaultEvent("Q02", 100.0, {"tank": "T-103", "share": 0.15}),
        FaultEvent("Q03", 100.0, {"tank": "T-103", "area": 0.02}),
    ],
    ids=["pump", "plugged", "leak"],
)
def test_course_of_a_faulty_tank_ends_where_the_plant_does(fault: FaultEvent) -> None:
    plant = Watched.of(TANKS, "quadtank", 7, fault)
    plant.run(300.0)
    moves = [Move("SC-102.sp", 2.8, 0.0)]
    course = TANKS.predict(estimate(TANKS, plant).state, moves, 600.0)
    plant.act(moves, 600.0)
    for level in ("LT-101.pv", "LT-102.pv", "LT-103.pv", "LT-104.pv"):
        assert course.series[level][-1] == pytest.approx(plant.end(level), abs=0.2)


def test_estimates_of_steady_small_plants_have_small_residuals(reactor: Watched) -> None:
    tanks = Watched.of(TANKS, "quadtank", 7)
    tanks.run(400.0)
    for found in (estimate(TANKS, tanks), estimate(REACTOR, reactor)):
        assert found.residuals
        assert max(map(abs, found.residuals.values())) < 0.01


def test_course_of_the_reactor_in_auto_ends_at_its_set_point(reactor: Watched) -> None:
    moves = [Move("TIC-101.sp", 353.0, 0.0)]
    course = REACTOR.predict(estimate(REACTOR, reactor).state, moves, 300.0)
    assert course.series["TT-101.pv"][-1] == pytest.approx(353.0, abs=0.1)
    assert course.trip is None


def test_course_of_the_reactor_in_manual_is_told_to_be_unknown(reactor: Watched) -> None:
    moves = [Move("TIC-101.mode", 0.0, 0.0)]
    with pytest.raises(TwinError, match=r"not known: the tank is unstable"):
        REACTOR.predict(estimate(REACTOR, reactor).state, moves, 300.0)


def test_course_that_ends_before_it_diverges_is_known(reactor: Watched) -> None:
    moves = [Move("TIC-101.mode", 0.0, 0.0)]
    course = REACTOR.predict(estimate(REACTOR, reactor).state, moves, 10.0)
    assert course.series["TT-101.pv"][-1] == pytest.approx(350.0, abs=1.0)


def test_estimate_of_a_tank_without_a_good_level_is_none() -> None:
    plant = Watched.of(TANKS, "quadtank", 7, FaultEvent("SENSOR-BAD", 1.0, {"sensor": "LT-102"}))
    plant.run(200.0)
    assert TANKS.estimate(plant.windows) is None
