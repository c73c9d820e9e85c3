"""Each import contract is seen to fail: a copy of the rooms, one forbidden import, the linter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "connectors", "hmi", "playbooks", "sim_plant", "tools")
LINT = (sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()")

FORBIDDEN = [
    ("layers", "connectors/model/values.py", "import handwheel.tools"),
    ("deciders-do-not-touch", "agents/watch.py", "import handwheel.connectors.modbus.codec"),
    (
        "deciders-do-not-touch",
        "playbooks/run/states.py",
        "import handwheel.connectors.client.site_reader",
    ),
    ("deciders-do-not-touch", "agents/watch.py", "import handwheel.tools.guardrails.gate"),
    ("one-door", "hmi/shell/charts/braille_trend.py", "from handwheel.connectors import actuation"),
    ("one-door", "tools/guardrails/ledger/__init__.py", "import handwheel.connectors.actuation"),
    ("one-gate", "hmi/simulation/demo/command.py", "from handwheel.tools.guardrails import gate"),
    ("protocols", "hmi/shell/charts/braille_trend.py", "import asyncua"),
    ("protocols", "tools/request.py", "from pymodbus import pdu"),
    ("graphs", "playbooks/run/states.py", "from langgraph.graph import StateGraph"),
    ("screens", "connectors/model/values.py", "import textual"),
    ("screens", "sim_plant/model.py", "from PIL import Image"),
    ("plant-over-the-wire", "tools/request.py", "from handwheel.sim_plant.plant import Plant"),
    ("plant-alone", "sim_plant/model.py", "from handwheel.connectors.model.values import Value"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for room in ROOMS:
        shutil.copytree(
            ROOT / room,
            tmp_path / "handwheel" / room,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LINT, "--no-cache", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_rooms_keep_every_contract(copy: Path) -> None:
    result = _lint(copy)
    assert "9 kept, 0 broken" in result.stdout
    assert result.returncode == 0


@pytest.mark.parametrize(("contract", "module", "line"), FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(
    copy: Path, contract: str, module: str, line: str
) -> None:
    with (copy / "handwheel" / module).open("a") as file:
        file.write(f"\n{line}\n")
    result = _lint(copy, "--contract", contract)
    assert "0 kept, 1 broken" in result.stdout
    assert result.returncode == 1


def test_every_contract_is_broken_once() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = {line.split('"')[1] for line in text.splitlines() if line.startswith("id = ")}
    assert named == {contract for contract, _, _ in FORBIDDEN}
