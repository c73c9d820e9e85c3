"""A whole playbook, which uses most keys of the language."""

from pathlib import Path

from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind_triggers
from handwheel.playbooks.language.loader import load_playbook
from handwheel.playbooks.lint.lint import lint

HERE = Path(__file__).parent


def test_the_fouling_of_an_exchanger_binds(site: Site) -> None:
    playbook = load_playbook(HERE / "exchanger-fouling.yaml")
    assert [each.code for each in lint(playbook, site)] == ["no-test"]
    (plan,) = bind_triggers(playbook, site)
    assert (plan.assets, plan.concurrency.policy, plan.concurrency.max_runs) == (
        ("E-101",), "queue", 1,
    )  # fmt: skip
    assert [each.parts[0].for_s for each in plan.triggers] == [1800.0, 1800.0]
