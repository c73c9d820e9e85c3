"""The benchmarks run; what they measure is no test's business."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_suite_gives_its_figures() -> None:
    result = _bench("--json", "--repeats", "1")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert [name.split(":")[0] for name in figures] == [
        "cw-100", "cw-100", "cw-100", "opcua", "modbus", "journal", "journal",
        "handwheel lockout", "handwheel --help", "handwheel plant models",
    ]  # fmt: skip
    assert all(any(digit.isdigit() for digit in value) for value in figures.values())
    assert result.stderr.splitlines() == [
        f"{suite}, medians of 1…" for suite in ("plants", "reading", "journal", "startup")
    ]


def test_an_unknown_suite_is_refused() -> None:
    result = _bench("speed")
    assert result.returncode == 2
    assert "no suite speed; known: plants, reading, journal, startup" in result.stderr
