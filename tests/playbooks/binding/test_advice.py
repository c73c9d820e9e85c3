"""Binding of an advice on set points, and what is wrong with one."""

from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind_triggers
from handwheel.playbooks.language.libraries import library_folder

from ..sample_playbook import changed, findings_of, loaded

TEXT = (library_folder() / "cw" / "energy-advice.yaml").read_text("utf-8")
WRONG = {
    ("fan_power * (SC", "0.1 * (SC"): "unit-mismatch",
    ('minimise: "0.53 kW/A', 'minimise: "1 kW < 0.53 kW/A'): "wrong-value",
    ("by: [header, basin]", "by: [header, basis]"): "unknown-name",
    ("max: 380 kPa}", "}"): "wrong-value",
    ("{PIC-102.sp: header}", "{PIC-102.sp: header - 1 kPa}"): "wrong-value",
    ("least_gain: 0.2 kW", "least_gain: 0.2 kPa"): "unit-mismatch",
    ("least_gain: 0.2 kW", "least_gain: 0 kW"): "wrong-value",
    ("every: 4 h", "every: 30 min"): "wrong-value",
}


def test_advice_has_its_set_points_with_their_bands(tmp_path: Path, site: Site) -> None:
    (plan,) = bind_triggers(loaded(tmp_path, TEXT), site)
    assert plan.advice is not None
    found = [
        (each.parameter, each.tag.name, each.low, each.high) for each in plan.advice.set_points
    ]
    assert found == [
        ("header", "PIC-102.sp", 320.0, 380.0), ("basin", "TIC-106.sp", 23.0, 29.0),
    ]  # fmt: skip
    assert plan.advice.objective.unit == "kW"
    assert {"IT-101A.pv", "SC-106.pv"} <= plan.tags


def test_advice_alone_starts_a_playbook(tmp_path: Path, site: Site) -> None:
    text = changed(("trigger:\n  any:\n    - {manual: true}\n", ""), text=TEXT)
    assert len(bind_triggers(loaded(tmp_path, text), site)) == 1


@pytest.mark.parametrize(("change", "code"), WRONG.items(), ids=lambda each: str(each)[:40])
def test_advice_that_is_wrong_is_found_at_its_place(
    tmp_path: Path, site: Site, change: tuple[str, str], code: str
) -> None:
    found = findings_of(tmp_path, changed(change, text=TEXT), site)
    assert code in {each.code for each in found if each.is_error}, found
    assert all(each.line for each in found)


def test_advice_without_invariants_is_an_error(tmp_path: Path, site: Site) -> None:
    begin, end = TEXT.index("invariants:"), TEXT.index("approval:")
    found = findings_of(tmp_path, TEXT[:begin] + TEXT[end:], site)
    assert [each.code for each in found if each.is_error] == ["wrong-value"]
