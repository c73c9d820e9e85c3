"""The benchmarks run; what they measure is no test's business."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from handwheel.hmi.plants import plant_names

ROOT = Path(__file__).parents[2]


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.timeout(60)  # many processes one after the other
def test_every_suite_gives_its_figures() -> None:
    result = _bench("--json", "--repeats", "1")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert [name.split(":")[0] for name in figures] == [
        *(name for name in plant_names() for _ in range(4)),
        "opcua", "modbus", "servers", "servers", "servers", "journal", "journal",
        "handwheel lockout", "handwheel --help", "handwheel plant models",
    ]  # fmt: skip
    assert all(any(digit.isdigit() for digit in value) for value in figures.values())
    assert result.stderr.splitlines() == [
        f"{suite}, medians of 1…"
        for suite in ("plants", "reading", "servers", "journal", "startup")
    ]


def test_an_unknown_suite_is_refused() -> None:
    result = _bench("speed")
    assert result.returncode == 2
    assert "no suite speed; known: plants, reading, servers, journal, startup" in result.stderr
