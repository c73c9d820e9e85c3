from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.evaluation.benchmark.episodes import draw_episode
from handwheel.evaluation.benchmark.judge import judge
from handwheel.evaluation.benchmark.mismatch import factors_of, learn_plant, settled_state
from handwheel.evaluation.benchmark.play import Course
from handwheel.evaluation.benchmark.run_suites import watched
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.plants.other_constants import scaled_constants
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.process import constants
from handwheel.sim_plant.errors import ScenarioError

MISMATCH = load_suite("mismatch")


def test_constants_are_scaled_only_inside_and_only_those_that_a_plant_has() -> None:
    head = constants.SHUTOFF_HEAD_M
    with scaled_constants("cw-100", {"SHUTOFF_HEAD_M": 0.9}):
        assert head * 0.9 == constants.SHUTOFF_HEAD_M
    assert head == constants.SHUTOFF_HEAD_M
    for plant, name in (("cw-100", "STEPS"), ("tep", "SHUTOFF_HEAD_M")):
        with (
            pytest.raises(ScenarioError, match=f"^{plant} has no constant {name}$"),
            scaled_constants(plant, {name: 1.1}),
        ):
            pass


def test_a_plant_is_diagnosed_with_its_baseline_and_without_beside_it(tmp_path: Path) -> None:
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    site, hypotheses = watched(load_site(tmp_path / "site"), MISMATCH)
    spec = MISMATCH.file.mismatch
    assert spec is not None
    quick = spec.model_copy(update={"settles": 300.0, "learns": 1500.0})
    drawn = draw_episode(MISMATCH, "healthy", 1)
    episode = replace(drawn, onset_s=60.0, lasts_s=180.0)
    factors = factors_of("cw-100", 1, spec)
    assert all(0.92 <= each <= 1.08 for each in factors.values())
    with scaled_constants("cw-100", factors):
        learnt = learn_plant(site, hypotheses, quick, "cw-100", 1)
        result = judge(episode, Course(episode, site, hypotheses, learnt).play())
        assert settled_state(quick, "cw-100", 1) == learnt.state
    assert learnt.baseline.residuals
    assert (result.outcome, result.times.symptom_s) == ("right", None)
    assert [each.verdict for each in result.played.unlearnt] != []
