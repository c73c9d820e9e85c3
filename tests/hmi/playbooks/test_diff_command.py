"""`playbooks diff` in the plant's words."""

import json
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site, load_site
from handwheel.hmi.playbooks.documents.differences import Version, difference_text, differences
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.language.libraries import library_folder
from handwheel.playbooks.language.loader import parse_playbook

from ...plants.served import site_of
from ...playbooks.sample_playbook import GOOD, changed, written
from ..command_in_process import Said

WRITE = ("write: {FIC-201.sp: 30 m3/h}", "write: {FIC-201.sp: 28 m3/h}")


WORDS = (
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
    ("    wait: {until: \"PT-102.pv > 300 kPa\", within: 2 min}\n",
     "    manual: {role: operator, instructions: [Look], within: 2 min, on_timeout: hold}\n",
     "sign-off of step settle added: role: operator; within: 2 minutes; on time-out: the run is "
     "held"),
    ("role: operator, prompt", "role: shift-supervisor, prompt",
     "hold point of step start: role: operator → shift-supervisor"),
    ("    - {alarm: VAH-101A}\n", "", "trigger VAH-101A gone, was: starts a run when: active"),
)  # fmt: skip
KEYS = (  # of the change-over, which has nearly every key
    ("id: cw/pump", "id: cw/pumps"), ("version: 1.0.0", "version: 1.0.1"),
    ("title: High", "title: Too high"), ("plant: cw-100", ""),
    ("owner: rotating", "owner: other"), ('"ISO 10816-7", ', ""), ("class: pump, ", ""),
    ('"standby != duty"', '"duty != standby"'), ("min: 3", "min: 2"), ("max: 8", "max: 9"),
    ("VAH-101A, bind", "TAH-111A, bind"), ("for: 60 s", "for: 61 s"), ("0.8 *", "0.7 *"),
    ("PUMPS-101, E-101", "PUMPS-101, E-101, S-101"), ("id: bearing,", "id: bearings,"),
    ("suggest: cw/strainer-blocked", "suggest: none"), ("LT-101.pv > 30", "LT-101.pv > 31"),
    ("grace: 5 s", "grace: 6 s"), ("on_violation: rollback", "on_violation: hold"),
    ("role: operator, not", "role: shift-supervisor, not"), (", safe_state]", "]"),
    ("within: 15 min", "within: 16 min"),
    ("on_timeout: hold", "on_timeout: stop"), ("title: Start the", "title: Start a"),
    ("{FIC-201.sp: 30 m3/h}", "{FIC-201.sp: 29 m3/h}"),
    ('expect: ["standby.running", ', "expect: ["), (".. 390 kPa", ".. 391 kPa"),
    ("speed > 50 %", "speed > 51 %"), ("within: 30 s}", "within: 31 s}"),
    ('if: "duty.running", write', "write"), ("0, then: rollback", "0, then: hold"),
    ("< 15 kPa", "< 16 kPa"), ("hold: 30 s, within: 3", "hold: 31 s, within: 3"),
    ("within: 3 min", "within: 4 min"), ("Standby healthy?", "Standby well?"),
    ("within: 10 min", "within: 11 min"), ("vibration < 8 mm/s", "vibration < 7 mm/s"),
    ("hold: 10 s", "hold: 9 s"), ("notify: maintenance-planner", "notify: anna"),
    ("asset: duty, class", "asset: standby, class"), ("corrective", "inspection"),
    ("priority: 2", "priority: 3"), ("due: 7 d", "due: 8 d"), ("Inspect the", "Inspect"),
    ("last: 24 h", "last: 25 h"), (", {trace: self}", ""), ("Keep water", "Keep the water"),
    ("> 54 degC", "> 53 degC"), ("after: 10 min", "after: 11 min"),
    ("to: shift-supervisor", "to: anna"), ("max_writes: 6", "max_writes: 7"),
    ("max_duration: 30 min", "max_duration: 31 min"), ("id: settle", "id: settled"),
    ("policy: reject", "policy: queue"), ("policy: reject", "policy: reject, max: 2"),
    ("policy: reject", "policy: reject, priority: 2"),
    ("  any:\n", "  any:\n    - {manual: true}\n"),
    ("  any:\n", "  any:\n    - {schedule: {at: '06:00', days: [mon]}}\n"),
    ("limits:", "deadline: {from: trigger, within: 2 h}\nlimits:"),
    ("limits:", 'achieves: "PT-102.pv > 300 kPa"\nlimits:'),
    ("type: quantity, unit: mm/s", "type: quantity, check: 'vib_high < 9 mm/s', unit: mm/s"),
)  # fmt: skip


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


def _version(site: Site, text: str) -> Version:
    playbook = parse_playbook(text)
    return Version(playbook, [bind(playbook, site)])


def test_a_change_is_told_in_the_plants_words(folder: Path) -> None:
    site = load_site(folder)
    for old, new, line in WORDS:
        found = differences(_version(site, GOOD), _version(site, changed((old, new))))
        lines = list(map(difference_text, found))
        assert line in lines, lines


def test_a_change_of_any_key_is_a_difference(folder: Path) -> None:
    site = load_site(folder)
    text = (library_folder() / "cw/pump-bearing-changeover.yaml").read_text(encoding="utf-8")
    before, missed = _version(site, text), list[str]()
    for old, new in KEYS:
        assert old in text, old
        after = _version(site, text.replace(old, new, 1))
        missed += [] if differences(before, after) else [old]
    assert missed == []


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
