from copy import deepcopy
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from handwheel.agents.lookahead.load import load_twin
from handwheel.agents.lookahead.twin import GROUP, Move, TwinError
from handwheel.evaluation.twins.cw100.twin import CoolingWaterTwin
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.scenario import FaultEvent

from ...plants.served import site_of
from .watched import Watched

TWIN = CoolingWaterTwin()
CHANGE_OVER = (Move("P-101B.run_cmd", 1.0, 0.0), Move("P-101A.run_cmd", 0.0, 60.0))


@pytest.fixture(scope="module")
def healthy() -> Watched:
    plant = Watched.of(TWIN, "cw-100", 7)
    plant.run(700.0)
    return plant


def test_entry_point_of_the_twin_makes_it() -> None:
    (entry,) = entry_points(group=GROUP, name="cw-100")
    assert isinstance(entry.load()(), CoolingWaterTwin)


def test_site_of_the_plant_takes_its_twin(tmp_path: Path) -> None:
    own, problems = load_twin(site_of(tmp_path, PlantEndpoints()))
    assert not problems
    assert own is not None


def test_estimate_of_a_healthy_plant_has_small_residuals(healthy: Watched) -> None:
    found = TWIN.estimate(healthy.windows)
    assert found is not None
    assert len(found.residuals) == 16
    assert max(map(abs, found.residuals.values())) < 0.005


def test_course_of_a_load_cut_ends_where_the_plant_does(healthy: Watched) -> None:
    plant = deepcopy(healthy)
    found = TWIN.estimate(plant.windows)
    assert found is not None
    cut = [Move("FIC-201.sp", 30.0, 0.0)]
    course = TWIN.predict(found.state, cut, 600.0)
    plant.act(cut, 600.0)
    assert course.series["PT-102.pv"][-1] == pytest.approx(plant.end("PT-102.pv"), abs=2.0)
    assert course.series["FT-103.pv"][-1] == pytest.approx(plant.end("FT-103.pv"), abs=0.5)
    assert course.series["TT-202.pv"][-1] == pytest.approx(plant.end("TT-202.pv"), abs=0.1)
    assert course.trip is None


def test_course_of_a_change_over_shows_the_dip_of_the_header(healthy: Watched) -> None:
    found = TWIN.estimate(healthy.windows)
    assert found is not None
    series = TWIN.predict(found.state, CHANGE_OVER, 180.0).series
    assert min(series["PT-102.pv"]) == pytest.approx(323.6, abs=2.0)
    assert {each.name for each in TAGS} | {"E-101.rf", "E-101.duty_hot"} <= series.keys()


def test_course_of_a_change_over_shows_that_the_standby_cavitates_too() -> None:
    plant = Watched.of(TWIN, "cw-100", 7, FaultEvent("F02", 400.0, {"plug": 28.0}))
    plant.run(700.0)
    found = TWIN.estimate(plant.windows)
    assert found is not None
    course = TWIN.predict(found.state, CHANGE_OVER, 600.0)
    assert course.series["VT-101B.pv"][-1] > 5.0
    assert course.series["PT-102.pv"][-1] < 250.0
    assert 60.0 <= course.alarms["VAH-101B"] < 90.0


def test_course_of_a_worn_bearing_trips_the_pump_about_when_the_plant_does() -> None:
    bearing = FaultEvent("F01", 10.0, {"d0": 0.5, "tau": 1200.0})
    plant = Watched.of(TWIN, "cw-100", 7, bearing)
    plant.run(700.0)
    found = TWIN.estimate(plant.windows)
    assert found is not None
    course = TWIN.predict(found.state, (), 240.0)
    plant.act((), 240.0)
    assert course.trip is not None
    assert course.trip[1] == "P-101A tripped by I-02"
    assert course.trip[0] == pytest.approx(plant.trip_s(700.0), abs=30.0)


def test_estimate_is_none_where_a_transmitter_is_bad(healthy: Watched) -> None:
    plant = deepcopy(healthy)
    plant.plant.inject("SENSOR-BAD", {"sensor": "TT-202"})
    plant.run(1.0)
    assert TWIN.estimate(plant.windows) is None


def test_estimate_is_none_where_a_transmitter_is_frozen(healthy: Watched) -> None:
    plant = deepcopy(healthy)
    plant.plant.inject("SENSOR-FREEZE", {"sensor": "LT-101"})
    plant.run(70.0)
    assert TWIN.estimate(plant.windows) is None


def test_course_with_a_write_that_the_model_refuses_is_an_error(healthy: Watched) -> None:
    found = TWIN.estimate(healthy.windows)
    assert found is not None
    with pytest.raises(TwinError, match=r"TIC-202\.op 50 after 10 s: .*in auto"):
        TWIN.predict(found.state, [Move("TIC-202.op", 50.0, 10.0)], 60.0)
