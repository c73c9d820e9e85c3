"""The playbooks that are installed with the package pass their own tests, each on its plant."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.evaluation.playbook_tests.load import is_tests_file
from handwheel.evaluation.playbook_tests.run_cases import read_cases, run_cases
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.language.libraries import library_folder

from ...plants.served import site_of

MODELS = {"cw": "cw-100", "tep": "tep"}
LIBRARIES = sorted(each.name for each in library_folder().iterdir() if each.is_dir())


@pytest.mark.timeout(60)
def test_a_fan_that_fails_while_power_is_saved_takes_the_set_point_back(tmp_path: Path) -> None:
    """One case of the library in each test run; the others are soak tests."""
    root = site_of(tmp_path / "site", PlantEndpoints(), "cw-100").root
    file = read_cases(root, library_folder() / "cw/tests/energy-advice.yaml", "energy-advice")
    (fan,) = run_cases([replace(file, names=file.names[-1:])], 1)
    assert (fan.name, fan.failures) == ("with a fan that stands the basin goes back", [])


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("library", LIBRARIES)
def test_an_installed_playbook_passes_its_tests(library: str, tmp_path: Path) -> None:
    root = site_of(tmp_path / "site", PlantEndpoints(), MODELS[library]).root
    paths = sorted((library_folder() / library).rglob("*.yaml"))
    files = [read_cases(root, each, each.name) for each in paths if is_tests_file(each)]
    assert files
    reports = list(run_cases(files, os.cpu_count() or 1))
    failed = {each.name: each.failures for each in reports if each.verdict != "passed"}
    assert failed == {}
