import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from handwheel.agents.lookahead.fmi import load
from handwheel.agents.lookahead.fmi.unit import Variable
from handwheel.agents.lookahead.load import load_twin
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.twin_spec import TwinSpec
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ....plants.served import site_of

VARIABLES = {
    "feed": Variable("real", is_input=True, is_settable=True),
    "pressure": Variable("real", is_input=True, is_settable=True),
    "level": Variable("real", is_input=False, is_settable=True),
    "flow": Variable("real", is_input=False, is_settable=False),
    "profile": Variable("other", is_input=False, is_settable=False),
}
WRONG = """
schema: fmi-map/1
inputs:
  FIC-1.sp: {variable: flow}
  FIC-2.sp: {variable: feed, scale: 0}
start:
  LT-1.pv: {variable: flow}
  LT-2.pv: {variable: feed}
constants: {volume: 2.0}
outputs:
  PT-1.pv: {variable: profile}
trips: [I-1.active]
"""
PROBLEMS = """\
map.yaml:3:1: inputs: the unit's input pressure is neither here nor in constants
map.yaml:4:3: inputs.FIC-1.sp: flow is no input of the unit; a value that is set once is in start
map.yaml:5:3: inputs.FIC-2.sp: scale is 0, so that the tag sets nothing
map.yaml:7:3: start.LT-1.pv: flow cannot be set at the start of the unit
map.yaml:7:3: start.LT-1.pv: flow is set twice
map.yaml:8:3: start.LT-2.pv: feed is set twice
map.yaml:9:13: constants.volume: the unit has no variable volume
map.yaml:11:3: outputs.PT-1.pv: profile is no single number or truth value
map.yaml:12:9: trips.0: I-1.active is no output"""


def test_map_with_many_faults_has_each_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def variables(path: Path) -> dict[str, Variable]:
        return VARIABLES

    monkeypatch.setattr(load, "read_unit", variables)
    monkeypatch.chdir(tmp_path)
    Path("map.yaml").write_text(WRONG)
    with pytest.raises(ConfigError) as error:
        load.load_unit(Path("unit.fmu"), Path("map.yaml"))
    assert str(error.value) == PROBLEMS


def test_unit_of_a_site_without_fmpy_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fmpy", None)
    site_of(tmp_path, PlantEndpoints())
    (tmp_path / "unit.yaml").write_text(
        "schema: fmi-map/1\noutputs: {PT-102.pv: {variable: pressure}}\n"
    )
    file = tmp_path / "site.yaml"
    lines = [each for each in file.read_text().splitlines() if not each.startswith("twin:")]
    lines.append("twin: {fmu: unit.fmu, map: unit.yaml, trust: 2 %}\n")
    file.write_text("\n".join(lines))
    own, problems = load_twin(load_site(tmp_path))
    assert own is None
    (problem,) = problems
    assert "unit.fmu: it needs fmpy, which is not installed: install handwheel[fmi]" in str(problem)


@pytest.mark.parametrize(
    "named", [{}, {"model": "cw-100", "fmu": "a", "map": "b"}, {"fmu": "a"}, {"map": "b"}]
)
def test_half_a_twin_or_two_are_refused(named: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="give either model, or fmu and map"):
        TwinSpec.model_validate({**named, "trust": "2 %"})
