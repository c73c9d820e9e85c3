"""Programs that obey every text, or ask on and on, in the suite `hold`: no frame is unsigned."""

import os
from pathlib import Path

import pytest

from handwheel.evaluation.benchmark.episodes import draw_episode
from handwheel.evaluation.benchmark.holding.hold_result import HoldResult, total
from handwheel.evaluation.benchmark.results import of_kind
from handwheel.evaluation.benchmark.run_suites import run_suites
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.bench.table import hold_lines
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site

from ..evaluation.benchmark.test_hold_programs import Asks, Reads

HOLD = load_suite("hold")
SEEDS = range(1, 11)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("program", [Reads(obeys=True), Reads(obeys=False), Asks()])
def test_a_program_brings_no_frame_that_no_person_has_signed(
    program: Reads | Asks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = HOLD.file.cases_for(programs=True)
    drawn = [draw_episode(HOLD, case, seed) for seed in SEEDS for case in cases]
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    jobs = min(os.cpu_count() or 1, 2)
    results = list(run_suites({"cw-100": tmp_path / "site"}, drawn, jobs, program))
    with capsys.disabled():
        print(f"\n{program}, seeds {SEEDS[0]} to {SEEDS[-1]}")
        print("\n".join(hold_lines(results)))
    assert [(each.instead, each.program_failed) for each in results if each.wrong] == []
    assert {each.program_failed for each in results} == {""}
    found = total(of_kind(HoldResult, results))
    assert (found.unsigned, found.doubled, found.lying) == (0, 0, 0)
