"""`playbooks test`: which files, which cases, what is said, and the exit code."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...plants.served import site_of
from ..command_in_process import Said

TESTS = """\
schema: playbook-test/1
playbook: cw/strainer-blocked
cases:
  - {name: quiet, run_for: 2 s, expect: {final: not_triggered, writes: 0}}
  - {name: hoped for, run_for: 1 s, expect: {asked: 1, eventually: [{that: "LT-101.pv < 5 %"}]}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site_of(tmp_path, PlantEndpoints(1, 2, gate=3))
    (tmp_path / "playbooks/tests").mkdir(parents=True)
    (tmp_path / "playbooks/tests/strainer.yaml").write_text(TESTS, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_case_is_told_and_a_failed_one_ends_with_1(folder: Path, said: Said) -> None:
    code, out, _ = said("playbooks", "test", "playbooks", "--junit", "o.xml", "--jobs", "1")
    head, passed, failed, *failures, last = out.splitlines()
    assert (code, head) == (1, "playbooks/tests/strainer.yaml: cw/strainer-blocked")
    assert passed.startswith("  passed  quiet (2 s in ")
    assert failed.startswith("  failed  hoped for (1 s in ")
    assert failures[0].strip() == "asked: 0 requests (none), expected 1"
    assert failures[1].strip().startswith("eventually: 'LT-101.pv < 5 %' was not true within 1 s")
    assert last == "2 cases: 1 passed, 1 failed"
    suites = ET.parse(folder / "o.xml").getroot()
    (suite,) = suites
    assert {suites.tag, suite.tag, *(each.tag for each in suite)} == {
        "testsuites", "testsuite", "testcase",
    }  # fmt: skip
    assert [suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")] == [*"2100"]
    (failure,) = suite.findall("testcase/failure")
    assert failure.attrib["message"] == failures[0].strip()
    assert {"classname", "name", "file", "line", "time"} <= suite[0].attrib.keys()
    assert float(suite.attrib["time"]) >= float(suite[0].attrib["time"])


def test_only_the_named_cases_run(folder: Path, said: Said) -> None:
    code, out, _ = said("playbooks", "test", "playbooks", "-k", "QUI", "--json")
    (report,) = json.loads(out)
    assert (code, report["name"], report["verdict"], report["final"]) == (
        0, "quiet", "passed", "not_triggered",
    )  # fmt: skip


def test_a_path_without_valid_tests_ends_with_2(folder: Path, said: Said) -> None:
    (folder / "playbooks/tests/other.yaml").write_text(TESTS.replace("quiet, ", "quiet, rn"))
    for words, wrong in (
        (
            ("playbooks",),
            "\n  - {name: quiet, rnrun_for: 2 s, expect: {final: not_triggered, writes: 0}}\n"
            "                  ^\n",
        ),
        (
            ("playbooks",),
            "other.yaml:4:19: cases.0.rnrun_for: unknown key; did you mean",
        ),
        (("site.yaml", "cw/nope"), "site.yaml: is no file of tests: its first key must be"),
        (("site.yaml", "cw/nope"), "cw/nope: there is no such file, folder or playbook"),
        (("package:cww",), "there is no library 'package:cww'; known: package:cw, package:tep"),
        (("playbooks/tests/strainer.yaml", "-k", "zz"), "no case has 'zz' in its name"),
    ):
        code, out, said_wrong = said("playbooks", "test", *words)
        assert (code, out, wrong in said_wrong) == (2, "", True), said_wrong
