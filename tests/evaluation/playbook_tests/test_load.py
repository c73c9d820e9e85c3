"""Files of tests: every problem at its place, with the word that was meant."""

from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.evaluation.playbook_tests.load import is_tests_file, load_cases
from handwheel.playbooks.language.libraries import library_folder

UNKNOWN = """\
schema: playbook-test/1
playbook: cw/pump-bearing-changeover
cases:
  - name: one
    plant: {model: cw-100, faults: [{id: F91}, {id: F01, tua: 1 h}, {id: F16, pump: P-101C}]}
    approvals: [{step: stop-dutty, decision: approve, by: rosa}]
    run_for: 6 h
    expect:
      trace: [start-standby, setle]
      always: ["PT-102.pv > 310 kpa", "TT-202.p < 50 degC", "PT-102.pv > 31000 kPa"]
      eventually: [{that: "P-101B.speed", within: 7 h}]
      writes: [{P-101A.run_cmd: 3}, {P-101A.mode: maintenence}, {FIC-201.sp: 30}]
      workorders: [{asset: P-101Z}]
      blocked_by: [suctoin]
  - name: one
    plant: {model: tep}
    run_for: 6 h
    expect: {writes: 0}
"""
MISSPELT = """\
schema: playbook-test/1
playbook: cw/pump-bearing-changeover
cases:
  - {name: one, run_for: 6, expect: {}}
  - {name: two, run_for: 6 min, expct: {final: complete}}
  - {name: three, run_for: 6 min, plant: {sed: 3}, expect: {final: compete}}
"""


def problems(path: Path, text: str, site: Site) -> list[str]:
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as found:
        load_cases(path, site, "t.yaml")
    return str(found.value).splitlines()


def test_a_name_that_does_not_exist_is_an_error(tmp_path: Path, site: Site) -> None:
    found = problems(tmp_path / "t.yaml", UNKNOWN, site)
    assert [each.split(": ", 1)[0] for each in found] == [
        f"t.yaml:{place}"
        for place in (
            "5:38", "5:58", "5:79", "6:24", "6:59", "9:30", "10:29", "10:40", "10:74", "11:28",
            "11:51", "12:33", "12:51", "12:78", "13:28", "14:20", "15:11", "16:20",
        )
    ]  # fmt: skip
    for meant in ("'stop-duty'", "'settle'", "tau?", "'TT-202.pv'", "'suction'", "in kPa"):
        assert sum(meant in each for each in found) == 1, meant


def test_a_case_without_an_expectation_is_an_error(tmp_path: Path, site: Site) -> None:
    one, two, *rest = problems(tmp_path / "t.yaml", MISSPELT, site)
    assert "t.yaml:4:17: cases.0.run_for: 6 is no duration" in one
    assert "t.yaml:4:29: cases.0.expect: expect something: final, trace," in two
    assert ["expect: is missing" in each or "did you mean" in each for each in rest[:3]] == [
        True
    ] * 3
    assert "compete" in rest[3]
    assert len(rest) == 4


def test_a_playbook_beside_the_file_is_taken_first(tmp_path: Path, site: Site) -> None:
    text = (library_folder() / "cw" / "pump-bearing-changeover.yaml").read_text("utf-8")
    (tmp_path / "draft.yaml").write_text(text, "utf-8")
    (tmp_path / "tests").mkdir()
    path = tmp_path / "tests" / "t.yaml"
    path.write_text(
        UNKNOWN[: UNKNOWN.index("    plant")] + "    run_for: 1 s\n    expect: {asked: 0}\n"
    )
    (case,) = load_cases(path, site)
    assert case.playbook.path == tmp_path / "draft.yaml"
    wrong = problems(path, UNKNOWN.replace("changeover", "changover"), site)
    assert "t.yaml:2:11: there is no playbook" in wrong[0]
    assert "did you mean 'cw/pump-bearing-changeover'?" in wrong[0]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("schema: playbook-test/1\n", True),
        ("# why\n\nschema: 'playbook-test/1'  # form\ncases: []\n", True),
        ("playbook: a\nschema: playbook-test/1\n", False),
        ("schema: playbook/1\n", False),
        ("", False),
    ],
)
def test_a_file_of_tests_is_known_by_its_first_key(tmp_path: Path, text: str, is_one: bool) -> None:
    (tmp_path / "t.yaml").write_text(text, "utf-8")
    assert is_tests_file(tmp_path / "t.yaml") is is_one
