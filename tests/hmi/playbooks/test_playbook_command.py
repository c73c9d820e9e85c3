"""`playbooks lint` and `playbooks show`, as an engineer uses them, and what `check` says."""

import json
from pathlib import Path

import pytest

from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...command_line import handwheel
from ...plants.served import site_of
from ...playbooks.sample_playbook import GOOD, changed, written

CHANGEOVER = "cw/pump-bearing-changeover"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site_of(tmp_path, PlantEndpoints(1, 2, gate=3))
    (tmp_path / "playbooks").mkdir()
    return tmp_path


def _lint(folder: Path, *words: str) -> tuple[int, list[str]]:
    done = handwheel("playbooks", "lint", *words, cwd=folder)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_a_good_playbook_has_no_problems(folder: Path) -> None:
    written(folder / "playbooks", GOOD)
    assert _lint(folder, "playbooks/p.yaml") == (0, ["1 playbook: no problems"])
    assert _lint(folder, "test/start-standby") == (0, ["1 playbook: no problems"])


def test_a_warning_is_no_error(folder: Path) -> None:
    written(folder / "playbooks", changed(("tests: [tests/t.yaml]\n", "")))
    assert _lint(folder, "playbooks/p.yaml") == (0, [
        "playbooks/p.yaml:2:1: no-test warning: it has no tests",
        "1 playbook: 0 errors, 1 warning",
    ])  # fmt: skip


def test_every_fault_is_told_with_its_place_and_marked(folder: Path) -> None:
    text = changed(("> 300 kPa", "> 300 degC"), ("    on_fail: {then: hold}\n", ""))
    written(folder / "playbooks", text)
    written(folder / "playbooks", "a: 1\na: 2\n", "q.yaml")
    code, lines = _lint(folder, "playbooks")
    assert code == 1
    assert [line.partition(": step")[0] for line in lines] == [
        "playbooks/p.yaml:33:5: no-on-fail error",
        "  - id: settle",
        "    ^",
        "playbooks/p.yaml:34:32: unit-mismatch error",
        '  wait: {until: "PT-102.pv > 300 degC", within: 2 min}',
        "                             ^",
        "playbooks/q.yaml:2:1: duplicate-key error: a: stands here twice, first in line 1",
        "  a: 2",
        "  ^",
        "2 playbooks: 3 errors, 0 warnings",
    ]


def test_faults_are_told_to_programs_too(folder: Path) -> None:
    written(folder / "playbooks", changed(("> 300 kPa", "> 300 degC")))
    done = handwheel("playbooks", "lint", "playbooks", "--json", cwd=folder)
    (found,) = json.loads(done.stdout)
    assert done.returncode == 1
    assert (found["code"], found["step"], found["line"], found["column"]) == (
        "unit-mismatch", "settle", 34, 32,
    )  # fmt: skip


def test_lint_when_asked_for_sarif_names_rule_and_place(folder: Path) -> None:
    written(folder / "playbooks", changed(("> 300 kPa", "> 300 degC")), "ä b.yaml")
    done = handwheel("playbooks", "lint", "playbooks", "--format", "sarif", cwd=folder)
    (run,) = json.loads(done.stdout)["runs"]
    (result,) = run["results"]
    (location,) = result["locations"]
    assert done.returncode == 1
    assert (result["ruleId"], result["level"]) == ("unit-mismatch", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "unit-mismatch"
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "playbooks/%C3%A4%20b.yaml"},
        "region": {"startLine": 34, "startColumn": 32},
    }
    assert location["logicalLocations"][0]["fullyQualifiedName"].endswith(", step settle")


def test_a_rule_when_explained_shows_both_samples(folder: Path) -> None:
    code, lines = _lint(folder, "--explain", "dead-band")
    assert (code, lines[0]) == (
        0, "dead-band: A trigger may fire again while its condition is still true, or nearly."
    )  # fmt: skip
    assert lines[3:] == [
        "Wrong, in a playbook:", "", '    rearm: "duty.vibration < 1.2 * high"', "",
        "Right:", "", '    rearm: "duty.vibration < 0.8 * high"',
    ]  # fmt: skip
    for words, says in (
        (["--explain", "dead-bnad"], "did you mean 'dead-band'?"),
        (["--explain", "dead-band", "--format", "sarif", "--json"], "not both"),
        ([], "name a file, a folder or"),
    ):
        done = handwheel("playbooks", "lint", *words, cwd=folder)
        assert done.returncode == 2
        assert says in done.stderr


def test_an_unknown_path_is_a_wrong_use(folder: Path) -> None:
    done = handwheel("playbooks", "lint", "cw/nothing", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("handwheel: cw/nothing: there is no such file, folder or playb")
    assert CHANGEOVER in done.stderr


def test_a_playbook_is_shown_in_eighty_columns(folder: Path) -> None:
    done = handwheel("playbooks", "show", CHANGEOVER, cwd=folder)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, lines)) <= 80
    squeezed = [" ".join(line.split()) for line in lines]
    for part in (
        "bound duty = P-101A, standby = P-101B, vib_high = 5 mm/s",
        "also duty = P-101B, standby = P-101A",
        "started by VAH-101A.active",
        "asks: Standby healthy? Vibration {VT-101B.pv}, header {PT-102.pv}",
        "order 'Inspect the bearings of P-101A' for P-101A, corrective,",
        "approval 1 operator, not the requester, within 15 min 00 s, else hold",
        "approval 2 operator, not the requester, within 10 min 00 s, else hold",
        "write P-101B.run_cmd = true",
        "undo if P-101A.running: P-101B.run_cmd = false",
        "safe state if TT-202.pv > 54 degC: FIC-201.sp = 30 m3/h",
        "at most 6 writes, 30 min 00 s",
    ):
        assert part in squeezed


def test_a_playbook_is_shown_to_programs_too(folder: Path) -> None:
    done = handwheel("playbooks", "show", CHANGEOVER, "--json", cwd=folder)
    said = json.loads(done.stdout)
    assert said["segments"] == ["start-standby", "stop-duty"]
    assert said["roles"] == {"duty": "P-101A", "standby": "P-101B"}
    assert [step["kind"] for step in said["steps"]] == ["write", "wait", "write", "write", "order"]


def test_one_that_does_not_fit_the_site_is_not_shown(folder: Path) -> None:
    written(folder / "playbooks", changed(("> 300 kPa", "> 300 degC")))
    for path in ("playbooks/p.yaml", "test/start-standby"):
        done = handwheel("playbooks", "show", path, cwd=folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert ":34:32: test/start-standby, step settle: " in done.stderr


def test_check_reports_errors_of_playbooks_and_no_warnings(folder: Path) -> None:
    assert handwheel("check", cwd=folder).returncode == 0
    written(folder / "playbooks", changed(("tests: [tests/t.yaml]\n", "")))
    assert handwheel("check", cwd=folder).returncode == 0
    written(folder / "playbooks", changed(("> 300 kPa", "> 300 degC")))
    done = handwheel("check", cwd=folder)
    assert done.returncode == 2
    assert "playbooks/p.yaml:34:32: test/start-standby, step settle: " in done.stderr
