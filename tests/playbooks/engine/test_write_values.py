"""Values of a step's writes: fixed from what was there before the step."""

from pathlib import Path

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.engine.requests.write_values import fix_values

from ..sample_playbook import changed, loaded

_TWO = (
    ("write: {standby.run_cmd: true}",
     'write: {FIC-201.sp: 30 m3/h, PIC-102.sp: "300 kPa + FIC-201.sp * 1 kPa / 1 m3/h"}'),
    ("undo: {write: {standby.run_cmd: false}}", "undo: none"),
)  # fmt: skip


def test_a_value_computed_from_what_its_step_writes_is_the_earlier_one(
    tmp_path: Path, site: Site
) -> None:
    plan = bind(loaded(tmp_path, changed(*_TWO)), site)
    readings = {"FIC-201.sp": DataValue(40.0, GOOD, None, None, 0.0)}
    fixed = fix_values(plan, plan.steps, readings, {}).writes["start", "PIC-102.sp"]
    assert fixed.value == 340.0
    assert fixed.reads == ()  # the run itself changes it before
