"""Episodes of the suite `tep`, in which the lost A feed is ridden through for 60 h."""

from pathlib import Path

import pytest

from handwheel.evaluation.benchmark.episodes import draw_episode
from handwheel.evaluation.benchmark.responding.judge_response import Responded
from handwheel.evaluation.benchmark.run_suites import run_suites
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("case", ["IDV3", "IDV6", "IDV9", "IDV15"])
def test_lost_feed_is_ridden_through_and_nothing_is_asked_where_nothing_is_seen(
    tmp_path: Path, case: str, seed: int
) -> None:
    write_site(tmp_path / "site", create_plant("tep"), PlantEndpoints())
    episode = draw_episode(load_suite("tep"), case, seed)
    (result,) = run_suites({"tep": tmp_path / "site"}, [episode], 1)
    assert isinstance(result, Responded)
    acted = result.acted
    assert result.outcome == "right", result.instead
    assert acted.alone.harm.has_tripped == (case == "IDV6")
    assert acted.harm.worse_than(acted.alone.harm) == (-1 if case == "IDV6" else 0)
