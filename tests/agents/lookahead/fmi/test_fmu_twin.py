"""Units that `pythonfmu` and `pythonfmu3` build, and one of OpenModelica that `gemseo-fmu` has.

`pip install handwheel[fmi] pythonfmu pythonfmu3` and `pip install --no-deps gemseo-fmu` run them.
"""

from importlib.util import find_spec
from math import exp
from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.fmi.load import load_unit
from handwheel.agents.lookahead.fmi.twin import FmuTwin
from handwheel.agents.lookahead.twin import Move, TwinError
from handwheel.agents.testing import TwinConformance, steady_windows
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, DataValue

pytest.importorskip("fmpy", reason="the extra fmi is not installed")

# A tank of first order: level' = (gain · feed - level) / lag, empty while the feed is tripped.
TANK = """
from {package} import {slave}, {causality}, {variability}, {initial}, {real}, {boolean}

class Tank({slave}):
    def __init__(self, **given):
        super().__init__(**given)
        self.level, self.feed, self.gain, self.lag, self.high = 1.0, 0.0, 2.0, 10.0, False
        parameter = dict(causality={causality}.parameter, variability={variability}.tunable)
        output = dict(causality={causality}.output)
        exact = dict(initial={initial}.exact)
        {independent}
        self.register_variable({real}("level", **output, **exact))
        self.register_variable({real}("feed", causality={causality}.input))
        self.register_variable({real}("gain", **parameter))
        self.register_variable({real}("lag", **parameter))
        self.register_variable({boolean}("high", **output, variability={variability}.discrete))

    def do_step(self, time, step):
        self.level += step / self.lag * (self.gain * self.feed - self.level)
        self.high = self.level > 3.0
        return True
"""
WORDS: dict[str, dict[str, str]] = {
    "pythonfmu": {"slave": "Fmi2Slave", "real": "Real", "independent": "self.time = 0.0"},
    "pythonfmu3": {
        "slave": "Fmi3Slave",
        "real": "Float64",
        "independent": (
            "self.time = 0.0; self.register_variable(Float64('time', "
            "causality=Fmi3Causality.independent, variability=Fmi3Variability.continuous))"
        ),
    },
}
PLACES = ("causality", "variability", "initial")
MAP = """
schema: fmi-map/1
step: 0.1 s
settle: 5 s
inputs:
  FIC-1.sp: {variable: feed, scale: 60}      # l/min and l/s
start:
  LT-1.pv: {variable: level, scale: 10}
constants: {gain: 2.0, lag: 10.0}
outputs:
  LT-1.pv: {variable: level, scale: 10, span: 100}
  LAH-1.active: {variable: high}
trips: [LAH-1.active]
"""


@pytest.fixture(scope="module", params=["pythonfmu", "pythonfmu3"])
def tank(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FmuTwin:
    builder: Any = pytest.importorskip(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    version = request.param.removeprefix("pythonfmu") or "2"
    words = {each: f"Fmi{version}{each.capitalize()}" for each in PLACES}
    words |= {"package": request.param, "boolean": "Boolean"} | WORDS[request.param]
    source = folder / f"tank_of_{request.param}.py"  # both load in this process by its name
    source.write_text(TANK.format(**words))
    builder.FmuBuilder.build_FMU(str(source), dest=str(folder))
    (folder / "tank.yaml").write_text(MAP)
    return load_unit(folder / "Tank.fmu", folder / "tank.yaml")


def windows_of(twin: FmuTwin, values: dict[str, float]) -> Windows:
    found = Windows(twin.tags)
    for n in range(200):
        readings = {tag: DataValue(each, GOOD, None, None, 0.0) for tag, each in values.items()}
        found.observe(readings, float(n))
    return found


class TestConformance(TwinConformance):
    horizon_s = 40.0
    move = Move("FIC-1.sp", 120.0, 10.0)

    @pytest.fixture(autouse=True)
    def _of_a_unit(self, tank: FmuTwin) -> None:
        self._tank = tank

    def twin(self) -> FmuTwin:
        return self._tank

    def windows(self) -> Windows:
        return steady_windows({"LT-1.pv": 20.0, "FIC-1.sp": 60.0})


def test_course_of_a_unit_begins_at_the_measured_values_and_follows_the_moves(
    tank: FmuTwin,
) -> None:
    found = tank.estimate(windows_of(tank, {"LT-1.pv": 20.0, "FIC-1.sp": 60.0}))
    assert found is not None
    assert found.residuals["LT-1.pv"] == pytest.approx(0.0, abs=1e-6)
    course = tank.predict(found.state, [Move("FIC-1.sp", 120.0, 10.0)], 40.0)
    levels = course.series["LT-1.pv"]
    assert levels[0] == pytest.approx(20.0, abs=1e-6)
    assert levels[-1] == pytest.approx(40.0 - 20.0 * exp(-3.0), abs=0.2)
    assert course.series["FIC-1.sp"][-1] == 120.0
    assert course.trip is not None
    assert course.trip[0] == pytest.approx(17.0, abs=0.3)
    assert course.trip[1] == "LAH-1.active"
    assert course.alarms["LAH-1"] == pytest.approx(17.0, abs=0.3)


def test_estimate_of_a_unit_is_none_for_a_bad_reading(tank: FmuTwin) -> None:
    windows = windows_of(tank, {"LT-1.pv": 20.0, "FIC-1.sp": 60.0})
    bad = DataValue(20.0, BAD_SENSOR_FAILURE, None, None, 0.0)
    windows.observe({"LT-1.pv": bad, "FIC-1.sp": DataValue(60.0, GOOD, None, None, 0.0)}, 200.0)
    assert tank.estimate(windows) is None


def test_course_of_a_unit_without_the_input_of_a_move_is_an_error(tank: FmuTwin) -> None:
    state = {"start": {"LT-1.pv": 20.0}, "inputs": {"FIC-1.sp": 60.0}}
    with pytest.raises(TwinError, match=r"does not take SC-9\.sp"):
        tank.predict(state, [Move("SC-9.sp", 1.0, 0.0)], 10.0)


def test_course_of_a_unit_that_diverges_is_an_error(tank: FmuTwin) -> None:
    state = {"start": {"LT-1.pv": 20.0}, "inputs": {"FIC-1.sp": float("inf")}}
    with pytest.raises(TwinError, match=r"the unit (diverges|fails)"):
        tank.predict(state, [], 10.0)


def test_unit_of_openmodelica_comes_to_rest_where_its_spring_does(tmp_path: Path) -> None:
    found = find_spec("gemseo_fmu")
    if found is None or found.origin is None:
        pytest.skip("gemseo-fmu, which has units of OpenModelica, is not installed")
    (tmp_path / "mass.yaml").write_text(
        "schema: fmi-map/1\nstep: 0.1 s\ninputs: {FIC-1.op: {variable: f}}\n"
        "constants: {mass.m: 100.0, damper.d: 200.0, spring.c: 100.0}\n"
        'outputs: {ZT-1.pv: {variable: "y"}}\n'
    )
    unit = Path(found.origin).parent / "problems" / "fmu_files" / "linux" / "Mass_Damper.fmu"
    twin = load_unit(unit, tmp_path / "mass.yaml")
    course = twin.predict(
        {"start": {}, "inputs": {"FIC-1.op": 0.0}}, [Move("FIC-1.op", 10.0, 5.0)], 60.0
    )
    assert course.series["ZT-1.pv"][-1] == pytest.approx(-0.5 + 10.0 / 100.0, abs=1e-3)


def test_file_that_is_no_unit_is_told(tmp_path: Path) -> None:
    (tmp_path / "unit.fmu").write_text("no archive")
    (tmp_path / "unit.yaml").write_text(MAP)
    with pytest.raises(ConfigError, match=r"unit\.fmu: it is no unit"):
        load_unit(tmp_path / "unit.fmu", tmp_path / "unit.yaml")
