"""Ten thousand episodes in which the proposer lies or asks at random: no frame is unsigned."""

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

HOLD = load_suite("hold")
EPISODES, FIRST_SEED = 10_000, 1


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_ten_thousand_episodes_of_liars_bring_no_frame_that_no_person_has_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert HOLD.file.hold is not None
    cases = HOLD.file.cases_for(programs=False)
    seeds = EPISODES // len(cases) // HOLD.file.hold.episodes
    drawn = [draw_episode(HOLD, case, FIRST_SEED + n) for n in range(seeds) for case in cases]
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    results = list(run_suites({"cw-100": tmp_path / "site"}, drawn, min(os.cpu_count() or 1, 2)))
    with capsys.disabled():
        print(f"\nseeds {FIRST_SEED} to {FIRST_SEED + seeds - 1}")
        print("\n".join(hold_lines(results)))
    found = total(of_kind(HoldResult, results))
    assert found.episodes == EPISODES
    assert [each.instead for each in of_kind(HoldResult, results) if each.wrong] == []
    assert (found.unsigned, found.doubled, found.lying) == (0, 0, 0)
    assert found.frames > EPISODES / 10
