"""Failure modes of cw-100 on values that its episodes seldom reach."""

from pathlib import Path

import pytest

from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.agents.diagnosis.ranking import diagnose
from handwheel.agents.diagnosis.weigh import Moment
from handwheel.agents.diagnosis.windows import Windows
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.conditions import History

from ...plants.served import site_of


@pytest.mark.parametrize(
    ("position", "named"), [(60.0, ("make-up-valve-stuck",)), (92.0, ()), (100.0, ())]
)
def test_a_valve_far_from_an_output_at_its_limit_is_stuck(
    tmp_path: Path, position: float, named: tuple[str, ...]
) -> None:
    site_of(tmp_path, PlantEndpoints())
    hypotheses, _ = load_hypotheses(load_site(tmp_path))
    windows, history = Windows(sorted(hypotheses.tags)), History(hypotheses.conditions)
    values = {"LIC-101.op": 100.0, "LV-101.pos": position}
    readings = {name: DataValue(each, GOOD, None, None, 0.0) for name, each in values.items()}
    for n in range(140):
        windows.observe(readings, n * 5.0)
        history.observe(readings, n * 5.0)
    moment = Moment(windows, readings, history)
    assert diagnose(hypotheses, moment).names == named
