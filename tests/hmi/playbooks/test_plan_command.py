"""`playbooks plan` on a plant that stands still, and without one."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...plants.served import frames_of, plant_process, site_of
from ...playbooks.sample_playbook import GOOD, changed, written
from ..command_in_process import Said, said_by

CHANGEOVER = "cw/pump-bearing-changeover"


@pytest.fixture(scope="module")
def frame_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("frames") / "log"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, frame_log: Path) -> Generator[Path]:
    folder = tmp_path_factory.mktemp("site")
    with plant_process("--speed", "0", "--no-noise", "--frame-log", str(frame_log)) as plant:
        site_of(folder, plant.link)
        yield folder


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], site: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.chdir(site)
    return said_by(capsys)


def _plan(said: Said, *words: str) -> dict[str, Any]:
    code, out, _ = said("playbooks", "plan", *words, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_plan_when_the_plant_is_read_tells_each_truth(said: Said, site: Path) -> None:
    code, out, wrong = said("playbooks", "plan", CHANGEOVER)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, wrong) == (0, "")
    for line in (
        "start-standby P-101B.run_cmd false → true R2",
        "undo start-standby P-101B.run_cmd → false R2",
        "inhibit P-101A.mode remote → maintenance R2",
        "safe state trim-load FIC-201.sp 40 → 30 m3/h R2",
        "false VAH-101A.active is false",
        "false for 1 min 00 s: VT-101A.pv > 5 mm/s [VT-101A.pv is 1.1271 mm/s]",
        "true header: PT-102.pv > 300 kPa and PT-102.pv < 420 kPa [PT-102.pv is 350 kPa]",
        "work-order work order for P-101A: Inspect the bearings of P-101A",
        "request 1 for start-standby, settle",
        "request 2 for stop-duty, inhibit, work-order",
        "- no trigger is true",
        "- evidence for bearing is false",
        "- evidence for trend needs history",
        "- permissive steady needs history",
        "- no gate is running: nothing can be approved",
    ):
        assert line in lines, out
    assert not (site / "var").exists()  # nothing is filed anywhere


def test_a_plan_when_a_text_shows_computed_tags_fills_their_values_in(said: Said) -> None:
    _, out, _ = said("playbooks", "plan", "cw/exchanger-fouling")
    shown = " ".join(out.split())
    assert "Back-flush E-101 in service: fouling 0 m2K/W, water valve 57.53 %" in shown
    assert "{" not in out


def test_a_plan_tells_class_and_people_of_each_request(said: Said) -> None:
    found = _plan(said, CHANGEOVER)
    first, second = found["requests"]
    assert (first["class"], first["quorum"], first["within_s"]) == ("R3", 2, 900.0)
    assert f"{CHANGEOVER} 1.0.0" in first["unreleased"]
    assert second["hold_point"].startswith("Standby healthy? Vibration 0.")
    assert found["would_start"] is False


def test_a_write_that_is_so_already_is_not_asked(said: Said, frame_log: Path) -> None:
    words = "--role", "duty=P-101B", "--role", "standby=P-101A", "--param", "vib_high=6 mm/s"
    found = _plan(said, CHANGEOVER, *words)
    assert found["parameters"]["vib_high"] == "6 mm/s"
    commands = {each["step"]: each for each in found["writes"] if each["part"] == "step"}
    assert [name for name, each in commands.items() if each["already"]] == [
        "start-standby", "stop-duty",
    ]  # fmt: skip
    assert [each["steps"][0] for each in found["requests"]] == ["stop-duty"]
    assert frames_of(frame_log) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--role", "duty=P-101X"), "14:50: "),
        (("--role", "dooty=P-101A"), "there is no role 'dooty'; known: duty, standby"),
        (("--role", "duty"), "write ROLE=EQUIPMENT"),
        (("--param", "vib_high=9 mm/s"), "lies above max, 8 mm/s"),
    ],
)
def test_a_role_that_does_not_fit_is_refused(said: Said, words: tuple[str, ...], says: str) -> None:
    code, out, wrong = said("playbooks", "plan", CHANGEOVER, *words)
    assert (code, out, says in wrong) == (2, "", True), wrong


def test_a_ramp_is_planned_and_judged_write_by_write(said: Said, site: Path) -> None:
    text = changed(
        ("write: {standby.run_cmd: true}", "write: {LIC-101.sp: 55 %}\n    ramp: {rate: 10 %/min}"),
        ("{write: {standby.run_cmd: false}}", '{write: {LIC-101.sp: "before(LIC-101.sp)"}}'),
        ("key: [PUMPS-101", "key: [T-101, PUMPS-101"),
    )
    written(site, text, "ramp.yaml")
    _, out, wrong = said("playbooks", "plan", "ramp.yaml")
    shown = " ".join(out.split())
    assert "LIC-101.sp 70 → 55 % in 3 writes, at most 10 %/min, takes 2 min 22 s R2" in shown, (
        f"{out}{wrong}"
    )
    found = _plan(said, "ramp.yaml")
    ramp, undo = found["writes"][:2]
    assert [each["value"] for each in ramp["ramp"]["writes"]] == [65.0, 60.0, 55.0]
    assert (ramp["denials"], undo["denials"], undo["part"]) == ([], [], "undo")


def test_what_the_policy_denies_is_the_answer_no(said: Said, site: Path) -> None:
    text = changed(("write: {FIC-201.sp: 30 m3/h}", "write: {FIC-201.sp: 29 m3/h}"))
    step = "    write: {standby.run_cmd: true}\n"
    text = text.replace(step, "    write: {PIC-102.sp: 400 kPa}\n").replace(
        "{write: {standby.run_cmd: false}}", "{write: {PIC-102.sp: 350 kPa}}"
    )
    written(site, text)
    code, out, _ = said("playbooks", "plan", "p.yaml")
    assert (code, "  - PIC-102.sp: " in out) == (1, True), out


def test_every_error_of_a_file_and_a_lost_plant_are_told(
    said: Said, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = changed(("    on_fail: {then: rollback}\n", ""), ("    on_fail: {then: hold}\n", ""))
    written(site, bare, "q.yaml")
    code, _, wrong = said("playbooks", "plan", "q.yaml")
    assert (code, wrong.count("has no on_fail")) == (2, 2)
    site_of(tmp_path / "lost", PlantEndpoints(1, 2, gate=3))
    written(site, GOOD)
    monkeypatch.chdir(tmp_path / "lost")
    code, _, wrong = said("playbooks", "plan", str(site / "p.yaml"))
    assert (code, wrong.count("not reachable: ")) == (3, 2)
