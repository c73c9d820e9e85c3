"""Many episodes by the example of an agent of others, in several processes."""

import sys
from pathlib import Path

import pytest

from handwheel.evaluation.benchmark.episodes import draw_episode
from handwheel.evaluation.benchmark.run_suites import run_suites
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.mcp.mcp_program import McpProgram

WATCH = load_suite("watch")
EXAMPLE = Path(__file__).parents[2] / "examples/benchmark_agent.py"


pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


def test_a_program_plays_alike_in_one_process_and_in_two(tmp_path: Path) -> None:
    root = tmp_path / "cw-100"
    write_site(root, create_plant("cw-100"), PlantEndpoints())
    program = McpProgram(f"{sys.executable} {EXAMPLE}")
    episodes = [draw_episode(WATCH, case, 1) for case in WATCH.file.cases]
    alone, beside = (list(run_suites({"cw-100": root}, episodes, jobs, program)) for jobs in (1, 2))
    assert {each.program_failed for each in (*alone, *beside)} == {""}
    told = [(each.case, each.outcome, each.times.answered_s) for each in alone]
    assert told == [(each.case, each.outcome, each.times.answered_s) for each in beside]
    right = {case for case, outcome, _ in told if outcome == "right"}
    assert {"F02", "F10", "F12", "F15", "D01", "D02"} <= right
