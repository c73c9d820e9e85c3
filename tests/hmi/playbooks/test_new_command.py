"""`playbooks new`, whose template must have no errors at its site."""

from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.language.loader import load_playbook
from handwheel.playbooks.lint.lint import lint
from handwheel.tools.guardrails.approval.ramps import spacing_s
from handwheel.tools.guardrails.policy.policy import load_policy

from ...plants.served import site_of
from ..command_in_process import Said


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site_of(tmp_path, PlantEndpoints(1, 2, gate=3))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _findings(folder: Path, name: str) -> list[str]:
    playbook = load_playbook(folder / "playbooks" / name)
    return [f"{each.code} {each.severity}" for each in lint(playbook, load_site(folder))]


def test_a_template_of_a_fault_has_what_the_model_showed(folder: Path, said: Said) -> None:
    code, out, _ = said("playbooks", "new", "cw/strainer", "--from", "F02")
    assert code == 0
    assert out.splitlines()[:2] == [
        "playbooks/strainer.yaml: written", "playbooks/tests/strainer.yaml: written",
    ]  # fmt: skip
    assert "F02 in cw-100: PDAH-101, VAH-101A from " in out
    assert set(_findings(folder, "strainer.yaml")) == {"placeholder warning"}
    file = load_playbook(folder / "playbooks/strainer.yaml").file
    assert file.trigger
    assert [each.alarm for each in file.trigger.any] == ["PDAH-101", "VAH-101A"]
    lines = (folder / "playbooks/strainer.yaml").read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= 80
    assert any(each.that.startswith("PDT-101.pv > ") for each in file.diagnosis.for_)
    assert "{id: F02, at: 10 min}" in (folder / "playbooks/tests/strainer.yaml").read_text()


def test_a_template_without_fault_is_started_by_nothing(folder: Path, said: Said) -> None:
    assert said("playbooks", "new", "cw/plain")[0] == 0
    assert _findings(folder, "plain.yaml") == ["no-test warning", *["placeholder warning"] * 4]
    assert load_playbook(folder / "playbooks/plain.yaml").file.trigger is None
    assert not (folder / "playbooks/tests").exists()


def test_a_template_of_a_fault_that_no_tag_shows_says_so_and_has_no_test(
    folder: Path, said: Said
) -> None:
    code, out, _ = said("playbooks", "new", "cw/level", "--from", "F07")
    assert (code, "no measured tag then differs by 1 % of its range" in out) == (0, True)
    assert "no-test warning" in _findings(folder, "level.yaml")
    assert not (folder / "playbooks/tests").exists()


def test_a_template_of_a_fault_names_the_plant_of_its_site(folder: Path, said: Said) -> None:
    own = folder / "site.yaml"
    text = own.read_text(encoding="utf-8").replace("\nplant: cw-100\n", "\nplant: unit-3\n")
    own.write_text(text, encoding="utf-8")
    assert said("playbooks", "new", "cw/ours", "--from", "F02")[0] == 0
    assert load_playbook(folder / "playbooks/ours.yaml").file.plant == load_site(folder).plant
    assert load_site(folder).plant == "unit-3"


def test_a_template_when_the_policy_limits_the_step_ramps_by_what_it_allows(
    folder: Path, said: Said
) -> None:
    assert said("playbooks", "new", "cw/plain")[0] == 0
    site = load_site(folder)
    plan = bind(load_playbook(folder / "playbooks/plain.yaml"), site)
    (step,) = plan.steps
    (write,) = step.writes
    ruling = load_policy(site).judge(write.tag, write.known, None, from_anywhere=True)
    assert ruling.max_step
    assert ruling.limits
    assert write.known == pytest.approx(sum(ruling.limits) / 2)
    assert step.ramp_per_s
    apart_s = spacing_s(load_policy(site), write.tag, write.known)
    assert step.ramp_per_s * apart_s == pytest.approx(ruling.max_step, rel=0.01)


def test_a_template_where_nothing_may_be_written_notifies(tmp_path: Path, said: Said) -> None:
    root = tmp_path / "tep"
    site_of(root, PlantEndpoints(1, 2, gate=3), "tep")
    policy = root / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text[: text.index("allow:")] + "allow: []\n", encoding="utf-8")
    assert said("playbooks", "new", "tell", "--site", str(root))[0] == 0
    assert _findings(root, "tell.yaml") == ["no-test warning", *["placeholder warning"] * 3]
    assert load_playbook(root / "playbooks/tell.yaml").file.steps[0].notify


def test_no_file_is_overwritten(folder: Path, said: Said) -> None:
    (folder / "playbooks/tests").mkdir(parents=True)
    (folder / "playbooks/tests/mine.yaml").write_text("mine")
    (folder / "playbooks/also.yaml").symlink_to("nowhere")
    for words, says in (
        (("cw/mine", "--from", "F02"), "mine.yaml: is there already; nothing was written"),
        (("cw/also",), "also.yaml: is there already"),
        (("cw/strainer-blocked",), "is the playbook cw/strainer-blocked already"),
        (("cw/Mine",), "'cw/Mine' is no id of a playbook"),
        (("../mine",), "'../mine' is no id of a playbook"),
        (("cw/other", "--from", "F99"), "cw-100 has no fault 'F99'; known: F01, "),
    ):
        code, out, wrong = said("playbooks", "new", *words)
        assert (code, out, says in wrong) == (2, "", True), wrong
    assert not (folder / "playbooks/mine.yaml").exists()
