"""The plugin for pytest in a project of its own: fixtures, collected cases, and what it loads."""

import subprocess
import sys
import tomllib
from importlib import import_module

import pytest

# A run inside this one drops the modules that it has loaded itself.
from handwheel.hmi.testing import collected_cases, fixtures, plugin

from ...project.pages.doc_shell import blocks
from ...project.pages.doc_tables import DOCS, ROOT, text_of

pytest_plugins = ["pytester"]
LOADED = collected_cases, fixtures

TESTS = """
import pytest
from handwheel.tools.conditions import ConditionError

@pytest.mark.plant(model="cw-100", seed=3)
def test_a_bearing_shakes(plant, fault, operator, runs, site):
    fault("F01", d0=0.5, tau="1 h", over="10 s")
    assert plant.until("VT-101A.pv > 4 mm/s", within="1 min")
    assert 1.0 < plant.now_s < 60.0
    assert not plant.until("held(VT-101A.pv > 9 mm/s, 1 s)", within=2)
    assert (len(runs), list(operator.waiting), list(plant.writes)) == (0, [], [])
    with pytest.raises(LookupError, match="no request of step stop waits at"):
        operator.approve(step="stop", within="3 s", by="ben")
    with pytest.raises(KeyError, match="VT-101A.pv"):
        plant["VT-101A"]
    with pytest.raises(ConditionError):
        plant.until("VT-101A.pv >", within="1 s")
    assert plant["VT-101A.pv"] > 4 and site.id == "cw-100"

async def test_a_lost_connection_comes_back(plant, link):
    with link.down("pkg"):
        plant.run_for("2 s")
    plant.run_for("1 s")
    assert plant.reading("VT-101A.pv").status.name == "Good"
    with pytest.raises(Exception, match="known: dcs, pkg"):
        link.cut("pgk")

@pytest.mark.plant(sped=3)
def test_a_wrong_marker(plant): ...
"""
CASES = """\
# Kept beside the tests in Python.
schema: playbook-test/1
playbook: cw/strainer-blocked
cases:
  - {name: quiet, plant: {model: cw-100}, run_for: 1 s, expect: {writes: 0}}
  - {name: hoped for, run_for: 1 s, expect: {final: complete}}
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("HANDWHEEL_SITE", raising=False)
    pytester.makefile(".yaml", plain="schema: playbook/1\ntext: not playbook-test/1\n")
    return pytester


def run(project: pytest.Pytester, *words: str) -> pytest.RunResult:
    plugins = ("-p", plugin.__name__, "-p", "pytest_asyncio.plugin")
    options = ("asyncio_mode=auto", "asyncio_default_fixture_loop_scope=function")
    words = (*plugins, *(each for one in options for each in ("-o", one)), *words)
    return project.runpytest_inprocess(*words, "--strict-markers")


def test_fixtures_run_a_plant_in_plain_and_async_tests(project: pytest.Pytester) -> None:
    project.makepyfile(TESTS)
    result = run(project)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*the marker plant takes model, seed, speed by name*"])


def test_the_page_does_what_it_says(project: pytest.Pytester) -> None:
    python, cases, _ = blocks(text_of(DOCS / "how-to/test-with-pytest.md"))
    project.makepyfile(**{python.title.removesuffix(".py"): "\n".join(python.lines)})
    project.makefile(".yaml", **{cases.title.removesuffix(".yaml"): "\n".join(cases.lines)})
    run(project).assert_outcomes(passed=3)


def test_files_of_tests_are_collected_as_their_cases(project: pytest.Pytester) -> None:
    project.makefile(
        ".yaml", **{"tests/strainer": CASES, "tests/bad": CASES.replace("run_", "rn_")}
    )
    result = run(project, "--continue-on-collection-errors")
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*bad.yaml:5:43: cases.0.rn_for: unknown key; did you mean 'run_for'?",
            "final: is not_triggered (no trigger of it was due), expected complete",
        ]
    )


def test_a_project_that_does_not_use_it_loads_nothing() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    assert import_module(scripts["pytest11"]["handwheel"]) is plugin
    code = f"import sys, {plugin.__name__}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"asyncua", "cryptography", "langgraph", "lark", "pint", "pydantic", "typer", "yaml"}
    assert not heavy & set(done.stdout.split())
