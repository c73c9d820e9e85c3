"""`playbooks diff` in the plant's words."""

import json
from pathlib import Path

import pytest

from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...plants.served import site_of
from ...playbooks.sample_playbook import GOOD, changed, written
from ..command_in_process import Said

WRITE = ("write: {FIC-201.sp: 30 m3/h}", "write: {FIC-201.sp: 28 m3/h}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site_of(tmp_path, PlantEndpoints(1, 2, gate=3))
    monkeypatch.chdir(tmp_path)
    written(tmp_path, GOOD, "old.yaml")
    return tmp_path


def _told(said: Said, folder: Path, *pairs: tuple[str, str]) -> tuple[int, list[str]]:
    written(folder, changed(*pairs), "new.yaml")
    code, out, wrong = said("playbooks", "diff", "old.yaml", "new.yaml")
    assert wrong == ""
    return code, out.splitlines()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("default: 5.0 mm/s", "default: 6.0 mm/s", "parameter high: default: 5.0 → 6.0 mm/s"),
        ("    undo: {write: {standby.run_cmd: false}}", "    undo: none",
         "step start: undo: by a write → none"),
        ("rate(duty.vibration, 30 min) > 0.1 mm/s/h", "rate(duty.vibration, 1 h) > 0.1 mm/s/h",
         "evidence for shakes: condition: rate(duty.vibration, 30 min) > 0.1 mm/s/h → "
         "rate(duty.vibration, 1 h) > 0.1 mm/s/h"),
        ("held(standby.available, 30 s)", "standby.available",
         "permissive ready: condition: held(standby.available, 30 s) → standby.available"),
        ("  - id: settle", "  - {id: tell, notify: {to: anna, text: hm}}\n  - id: settle",
         "step tell added: title: tell; tells: anna; text: hm"),
        ("role: operator, prompt", "role: shift-supervisor, prompt",
         "hold point of step start: role: operator → shift-supervisor"),
        ("    - {alarm: VAH-101A}\n", "", "trigger VAH-101A gone, was: starts a run when: active"),
    ],
)  # fmt: skip
def test_a_change_is_told_in_the_plants_words(
    folder: Path, said: Said, old: str, new: str, line: str
) -> None:
    code, lines = _told(said, folder, (old, new))
    assert (code, line in lines) == (1, True), lines


def test_a_write_that_changed_comes_first(folder: Path, said: Said) -> None:
    code, lines = _told(said, folder, ("version: 1.0.0", "version: 1.1.0"), WRITE)
    assert (code, lines) == (1, [
        "safe state step less-load: writes FIC-201.sp: 30 → 28 m3/h",
        "playbook: version: 1.0.0 → 1.1.0",
    ])  # fmt: skip
    found = json.loads(said("playbooks", "diff", "old.yaml", "new.yaml", "--json")[1])
    assert [(each["is_write"], each["kind"]) for each in found] == [
        (True, "changed"), (False, "changed"),
    ]  # fmt: skip


def test_layout_is_no_difference(folder: Path, said: Said) -> None:
    code, lines = _told(said, folder, ("> 280 kPa", ">280  kPa"))
    assert (code, lines[0].startswith("no difference; comments or layout")) == (0, True)
    assert said("playbooks", "diff", "old.yaml", "old.yaml")[:2] == (0, "no difference\n")


def test_the_errors_of_both_files_are_told_at_once(folder: Path, said: Said) -> None:
    written(folder, changed(("> 280 kPa", "> 280 degC")), "new.yaml")
    code, out, wrong = said("playbooks", "diff", "nothing.yaml", "new.yaml")
    assert (code, out) == (2, "")
    assert "nothing.yaml: there is no such file" in wrong
    assert "new.yaml:23:25:" in wrong
