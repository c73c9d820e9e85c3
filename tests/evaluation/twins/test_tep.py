from copy import deepcopy
from importlib.metadata import entry_points

import pytest

from handwheel.agents.lookahead.twin import GROUP, Move
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, DataValue
from handwheel.evaluation.twins.tep.twin import TennesseeEastmanTwin
from handwheel.sim_plant.scenario import FaultEvent

from .watched import Watched

TWIN = TennesseeEastmanTwin()


@pytest.fixture(scope="module")
def lost_feed() -> Watched:
    plant = Watched.of(TWIN, "tep", 7, FaultEvent("IDV6", 900.0))
    plant.run(1900.0)
    return plant


def test_entry_point_of_the_twin_makes_it() -> None:
    (entry,) = entry_points(group=GROUP, name="tep")
    assert isinstance(entry.load()(), TennesseeEastmanTwin)


def test_estimate_after_a_lost_feed_has_small_residuals_and_goes_on_without_it(
    lost_feed: Watched,
) -> None:
    found = TWIN.estimate(lost_feed.windows)
    assert found is not None
    assert max(map(abs, found.residuals.values())) < 0.04
    assert found.assumptions[-1].startswith("Stream 1 goes on without 100%")


def test_course_of_the_answer_to_a_lost_feed_follows_the_plant(lost_feed: Watched) -> None:
    plant = deepcopy(lost_feed)
    found = TWIN.estimate(plant.windows)
    assert found is not None
    moves = [Move("AIC-A.mode", 0.0, 0.0), Move("PRODUCTION.sp", 20.8, 60.0)]
    course = TWIN.predict(found.state, moves, 1200.0)
    plant.act(moves, 1200.0)
    assert course.series["PIAZ-1101.pv"][-1] == pytest.approx(plant.end("PIAZ-1101.pv"), abs=3.0)
    assert course.series["LIAZ-1501.pv"][-1] == pytest.approx(plant.end("LIAZ-1501.pv"), abs=2.0)
    assert course.series["PRODUCTION.working"][-1] == pytest.approx(
        plant.end("PRODUCTION.working"), abs=0.01
    )
    assert course.trip is None


@pytest.mark.parametrize(
    ("tag", "reading"),
    [
        ("LIAZ-1501.pv", DataValue(50.0, BAD_SENSOR_FAILURE, None, None, 0.0)),
        ("ESD.active", DataValue(1.0, GOOD, None, None, 0.0)),
    ],
)
def test_estimate_is_none_where_a_transmitter_is_bad_or_the_plant_is_shut_down(
    lost_feed: Watched, tag: str, reading: DataValue
) -> None:
    windows, values = deepcopy(lost_feed.windows), lost_feed.plant.measurements()
    good = {each: DataValue(values[each], GOOD, None, None, 0.0) for each in TWIN.tags}
    windows.observe(good | {tag: reading}, windows.now_s + 1.0)
    assert TWIN.estimate(windows) is None


def test_estimate_is_none_before_half_an_hour() -> None:
    plant = Watched.of(TWIN, "tep", 7)
    plant.run(120.0)
    assert TWIN.estimate(plant.windows) is None
