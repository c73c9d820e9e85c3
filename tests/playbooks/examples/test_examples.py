"""Whole playbooks of two plants, which use most keys of the language."""

from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.binding.bind import bind_triggers
from handwheel.playbooks.language.loader import load_playbook
from handwheel.playbooks.lint.lint import lint

HERE = Path(__file__).parent


@pytest.fixture
def tep(tmp_path: Path) -> Site:
    write_site(tmp_path / "tep", create_plant("tep"), PlantEndpoints(1, 2, gate=3))
    return load_site(tmp_path / "tep")


def test_the_fouling_of_an_exchanger_binds(site: Site) -> None:
    playbook = load_playbook(HERE / "exchanger-fouling.yaml")
    assert [each.code for each in lint(playbook, site)] == ["no-test"]
    (plan,) = bind_triggers(playbook, site)
    assert (plan.assets, plan.concurrency.policy, plan.concurrency.max_runs) == (
        ("E-101",), "queue", 1,
    )  # fmt: skip
    assert [each.parts[0].for_s for each in plan.triggers] == [1800.0, 1800.0]


def test_the_loss_of_a_feed_binds(tep: Site) -> None:
    playbook = load_playbook(HERE / "a-feed-loss.yaml")
    assert [each.code for each in lint(playbook, tep)] == ["no-test"]
    (plan,) = bind_triggers(playbook, tep)
    assert (plan.deadline_s, plan.assets) == (18_000.0, ("FEEDS",))
    assert [each.tag.name for each in plan.steps[0].writes] == ["AIC-A.mode", "RATIO-1.sp"]
