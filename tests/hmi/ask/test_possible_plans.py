"""Plans that `handwheel ask` shows, on a plant that stands still."""

import json
from collections.abc import Generator, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from handwheel.hmi.ask import possible_plans
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.language.libraries import library_folder
from handwheel.tools.guardrails.signatures.context import DecisionContext

from ...plants.served import plant_process, site_of
from ...playbooks.sample_playbook import changed
from ..command_in_process import Said

HEAD = """\
schema: playbook/1
id: own/{id}
version: 1.0.0
title: {id}
plant: cw-100
owner: operations
style: computer-assisted
trigger: {{any: [{{manual: true}}]}}
concurrency: {{key: [PUMPS-101], policy: reject}}
permissives: [{{id: ready, that: "{ready}"}}]
invariants: [{{that: "PT-102.pv > 200 kPa", grace: 5 s, on_violation: hold}}]
approval: {{role: operator, within: 15 min, on_timeout: stop}}
steps:
  - {{id: {id}, title: {id}, write: {{{write}}}, undo: none, on_fail: {{then: hold}},
     verify: {{that: "{verify}", within: 1 min}}}}
limits: {{max_writes: 1, max_duration: 5 min}}
"""
START = HEAD.format(
    id="start", ready="P-101B.available", write="P-101B.run_cmd: true", verify="P-101B.running"
)
STOP = HEAD.format(
    id="stop", ready="P-101B.running", write="P-101A.run_cmd: false", verify="not P-101A.running"
)
ISOLATE = HEAD.format(
    id="isolate", ready="not P-101A.running", write="P-101A.mode: maintenance",
    verify="P-101A.mode == 'maintenance'",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    folder = tmp_path_factory.mktemp("site")
    with plant_process("--speed", "0", "--no-noise") as plant:
        site_of(folder, plant.link)
        yield folder


@pytest.fixture(autouse=True)
def all_released(monkeypatch: pytest.MonkeyPatch) -> None:
    def released(
        _: DecisionContext, plans: Iterable[BoundPlaybook], _at: datetime
    ) -> list[BoundPlaybook]:
        return list(plans)

    monkeypatch.setattr(possible_plans, "released", released)


def _asked(said: Said, folder: Path, equipment: str = "P-101A") -> list[str]:
    code, out, _ = said("ask", "--site", str(folder), "--json", "plan-out", equipment)
    assert code == 0
    found: list[str] = json.loads(out)["text"]
    return found


def _keep(folder: Path, *texts: str) -> None:
    """Makes these the only playbooks of the site."""
    (folder / "site.yaml").write_text(
        (folder / "site.yaml").read_text().replace('"package:cw"]', "]", 1)
    )
    (folder / "playbooks").mkdir(exist_ok=True)
    for n, each in enumerate(texts):
        (folder / "playbooks" / f"{n}.yaml").write_text(each)


def test_playbook_that_achieves_the_goal_is_shown_alone(said: Said, folder: Path) -> None:
    lines = _asked(said, folder)
    begins = [each for each in lines if " would do it: " in each]
    assert [each.split()[0] for each in begins] == ["cw/pump-bearing-changeover"]
    assert "Lint finds nothing." in lines
    assert any(each.startswith("It may not be asked for now: no gate is running") for each in lines)
    assert any(each.startswith("Nothing is foretold: cw-100: the record lacks") for each in lines)


def test_equipment_without_a_mode_has_no_plan(said: Said, folder: Path) -> None:
    found, missing = _asked(said, folder, "S-101")
    assert found == "No playbook of this site takes S-101 out of service."
    assert "the site has no S-101.mode with the word maintenance" in missing


def test_plan_is_composed_where_a_permissive_prevents_the_own(said: Said, folder: Path) -> None:
    text = (library_folder() / "cw" / "pump-bearing-changeover.yaml").read_text("utf-8")
    own = changed(
        ("PT-102.pv > 300 kPa and PT-102.pv < 420 kPa", "PT-102.pv > 400 kPa"),
        ("tests: [tests/pump-bearing-changeover.yaml]\n", ""), text=text,
    )  # fmt: skip
    _keep(folder, own, START, STOP, ISOLATE)
    lines = _asked(said, folder)
    at = next(n for n, each in enumerate(lines) if each.startswith("composed/cw-pump-bearing"))
    assert "is not as it must be" in " ".join(lines[:at])
    assert lines[at + 1].startswith("It is composed of steps of released playbooks")
    writes = [each.split(":")[0] for each in lines[at:] if each.startswith("It would write")]
    assert writes == [f"It would write {tag}" for tag in
                      ("P-101B.run_cmd", "P-101A.run_cmd", "P-101A.mode")]  # fmt: skip
    assert lines[-1] == "The twin does not clear it, so the agents would not ask for it."


def test_answer_says_what_no_released_step_brings_about(said: Said, folder: Path) -> None:
    _keep(folder, START, START.replace("own/start", "own/again"), STOP, STOP.replace("stop", "no"))
    found, missing = _asked(said, folder)
    assert found == "No playbook of this site takes P-101A out of service."
    assert "no other released step brings about P-101A.mode == 'maintenance'" in missing


def test_what_if_says_of_a_write_what_policy_explain_says(said: Said, folder: Path) -> None:
    site = ("--site", str(folder), "--json")
    code, out, _ = said("policy", "explain", "P-101A.run_cmd=false", *site)
    explained: dict[str, Any] = json.loads(out)
    assert code == 1
    claims = json.loads(said("ask", *site, "what-if", "P-101A.run_cmd", "false")[1])["text"]
    told = [each.rpartition(" [")[0] for each in claims]
    for begin, key in (
        ("The policy would not allow it", "reasons"),
        ("It would be refused now", "in_the_way"),
    ):
        assert [each.partition(": ")[2] for each in told if each.startswith(begin)] == explained[
            key
        ]
    assert any("a-pump-runs" in each for each in explained["reasons"])
