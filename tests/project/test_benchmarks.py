"""The benchmarks run; what they measure is no test's business."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from handwheel.hmi.simulation.plant.installed_plants import plant_names

ROOT = Path(__file__).parents[2]
OWN = ("plants", "reading", "servers", "journal", "startup")
LONG = ("opcua", "changes", "many", "actuation")


def _context(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.timeout(300)  # many processes one after the other
def test_every_suite_gives_its_figures() -> None:
    result = _context("--json", "--repeats", "1", *OWN)
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert [name.split(":")[0] for name in figures] == [
        *(name for name in plant_names() for _ in range(4)),
        "opcua", "modbus", "servers", "servers", "servers", "journal", "journal",
        "handwheel lockout", "handwheel --help", "handwheel plant models",
    ]  # fmt: skip
    assert all(any(digit.isdigit() for digit in value) for value in figures.values())
    assert result.stderr.splitlines() == [f"{suite}, medians of 1…" for suite in OWN]


@pytest.mark.interop
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "suite",
    ["modbus", *(pytest.param(each, marks=pytest.mark.soak) for each in LONG)],
)
def test_a_suite_against_others_gives_its_figures_or_says_what_is_not_here(suite: str) -> None:
    result = _context("--json", "--repeats", "1", suite)
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert all(name.startswith(f"{suite}: ") for name in figures)
    assert all(value.startswith("not here: ") or value[0].isdigit() for value in figures.values())


def test_an_unknown_suite_is_refused() -> None:
    result = _context("speed")
    assert result.returncode == 2
    known = "plants, reading, opcua, modbus, changes, many, servers, journal, actuation, startup"
    assert f"no suite speed; known: {known}" in result.stderr
