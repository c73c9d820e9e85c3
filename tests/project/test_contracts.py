"""Each import contract is seen to fail on a copy of the packages with forbidden imports."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "connectors", "evaluation", "hmi", "playbooks", "sim_plant", "tools")
OURS = (*ROOMS, *(path.stem for path in (ROOT / "api").iterdir()))
LINT = (sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()")

# Contract, importing module, imported module.
FORBIDDEN = [
    ("layers", "connectors.model.values", "tools"),
    ("layers", "tools.requests.request", "evaluation.trial.clock"),
    ("guardrails-layers", "tools.guardrails.identity.keys", "tools.guardrails.policy.rate_limit"),
    (
        "guardrails-layers",
        "tools.guardrails.ledger.runs",
        "tools.guardrails.approval.cards.build_card",
    ),
    ("guardrails-layers", "tools.guardrails.approval.decide", "tools.guardrails.client.connect"),
    (
        "guardrails-layers",
        "tools.guardrails.client.denials",
        "tools.guardrails.socket_server.peers",
    ),
    ("connectors-layers", "connectors.session.backoff", "connectors.modbus.codec"),
    ("connectors-layers", "connectors.modbus.codec", "connectors.opcua.targets"),
    ("tools-layers", "tools.conditions.units", "tools.requests.request"),
    ("tools-layers", "tools.requests.ids", "tools.guardrails.policy.rate_limit"),
    ("ledger-layers", "tools.guardrails.ledger.store.states", "tools.guardrails.ledger.records"),
    ("evaluation-layers", "evaluation.trial.clock", "evaluation.benchmark.suite"),
    ("agents-layers", "agents.diagnosis.ranking", "agents.deviations.deviation"),
    ("agents-layers", "agents.deviations.standing", "agents.cases.reask"),
    ("agents-layers", "agents.agent_context", "agents.composing.chain"),
    ("playbooks-layers", "playbooks.language.names", "playbooks.engine.states"),
    ("hmi-layers", "hmi.shell.terminal.wrap", "hmi.people.signing"),
    ("sim-plant-layers", "sim_plant.pid", "sim_plant.sensors"),
    ("sim-plant-layers", "sim_plant.cstr.tags", "sim_plant.cw100.tags"),
    ("deciders-do-not-touch", "agents.deviations.triggers", "connectors.modbus.codec"),
    ("deciders-do-not-touch", "playbooks.engine.states", "connectors.client.site_reader"),
    ("deciders-do-not-touch", "agents.deviations.triggers", "tools.guardrails.gate"),
    ("pure-diagnosis", "agents.diagnosis.ranking", "langgraph"),
    ("pure-diagnosis", "agents.diagnosis.ranking", "tools.guardrails.ledger"),
    ("memory-decides-nothing", "agents.deviations.triggers", "agents.memory.episode"),
    ("memory-decides-nothing", "evaluation.trial.people", "agents.memory.alike_cases"),
    ("only-the-gate-writes", "hmi.shell.charts.terminal_chart", "connectors.actuation"),
    ("only-the-gate-writes", "tools.guardrails.ledger", "connectors.actuation"),
    ("only-the-gate-writes", "evaluation.trial.people", "connectors.actuation"),
    ("layers", "reading", "site"),
    ("layers", "hmi.bench.play_suites", "bench"),
    ("programs-decide-nothing", "request", "tools.guardrails.identity.key_files"),
    ("one-gate", "evaluation.trial.people", "tools.guardrails.gate"),
    ("one-gate", "hmi.simulation.demo.command", "tools.guardrails.gate"),
    ("protocols", "hmi.shell.charts.terminal_chart", "asyncua"),
    ("protocols", "evaluation.trial.devices", "pymodbus"),
    ("protocols", "tools.requests.request", "pymodbus"),
    ("graphs", "evaluation.trial.clock", "langgraph"),
    ("graphs", "playbooks.engine.states", "langgraph"),
    ("graphs", "site", "langchain_core"),
    ("models", "agents.planning.planners", "xllamacpp"),
    ("models", "hmi.processes.agents", "xllamacpp"),
    ("answers-without-models", "agents.questions.catalogue", "agents.planning.model.pool"),
    ("peers", "site_tools", "mcp_types"),
    ("programs-decide-nothing", "langchain.follow", "hmi.shell.cli.exits"),
    ("screens", "connectors.model.values", "textual"),
    ("screens", "evaluation.trial.clock", "textual"),
    ("screens", "sim_plant.model", "matplotlib"),
    ("socket-servers", "tools.guardrails.client.gate_client", "aiohttp"),
    ("socket-servers", "agents.deviations.triggers", "aiohttp"),
    ("deciders-do-not-touch", "agents.guests.readings", "connectors.client.site_reader"),
    ("plant-over-the-wire", "tools.requests.request", "sim_plant.base"),
    ("plant-alone", "sim_plant.noise", "evaluation.trial.clock"),
    ("plant-alone", "sim_plant.model", "connectors.model.values"),
]


def _contracts() -> dict[str, str]:
    """Returns the name of each contract by its id."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return {each["id"]: each["name"] for each in listed}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "api", tmp_path / "handwheel", ignore=ignored)
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / "handwheel" / room, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LINT, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )


def _absolute(module: str) -> str:
    return f"handwheel.{module}" if module.split(".", maxsplit=1)[0] in OURS else module


@pytest.mark.timeout(300)
def test_the_packages_keep_every_contract(copy: Path) -> None:
    result = _lint(copy)
    assert f"{len(_contracts())} kept, 0 broken" in result.stdout
    assert result.returncode == 0


@pytest.mark.timeout(300)
def test_each_forbidden_import_is_reported_by_its_contract(copy: Path) -> None:
    for _, importer, imported in FORBIDDEN:
        path = copy / "handwheel" / importer.replace(".", "/")
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        with path.open("a") as file:
            file.write(f"\nimport {_absolute(imported)}\n")
    result = _lint(copy)
    assert result.returncode == 1
    assert f"0 kept, {len(_contracts())} broken" in result.stdout
    _, *parts = re.split(r"\n([^\n]+)\n-{5,}\n", result.stdout)
    section_of = dict(zip(parts[::2], parts[1::2], strict=True))
    for contract, importer, imported in FORBIDDEN:
        line = rf"{re.escape(_absolute(importer))} -> {re.escape(_absolute(imported))} \("
        assert re.search(line, section_of[_contracts()[contract]]), (contract, importer, imported)


def test_every_contract_is_broken_once() -> None:
    assert _contracts().keys() == {contract for contract, _, _ in FORBIDDEN}
