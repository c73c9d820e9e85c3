"""`init --plant tep`: a site that loads, and whose policy fits a plant without pumps."""

from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.sim_plant.model import PlantTag

from ...command_line import handwheel


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sites") / "eastman"
    done = handwheel("init", str(place), "--plant", "tep")
    assert (done.returncode, done.stderr) == (0, "")
    assert "handwheel plants serve tep --gate-secret" in done.stdout
    return place


@pytest.fixture(scope="module")
def rules(folder: Path) -> dict[str, dict[str, Any]]:
    allow = read_document(folder / "policy.yaml").data["allow"]
    return {tag: rule for rule in allow for tag in rule["tags"]}


def test_a_new_site_has_no_problems(folder: Path) -> None:
    done = handwheel("check", "--site", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "site eastman: 2 connections, 152 tags, 7 pieces of equipment: no problems\n"
    )


def test_its_playbooks_are_those_of_the_plant_and_lint_clean(folder: Path) -> None:
    assert read_document(folder / "site.yaml").data["playbooks"] == ["playbooks/", "package:tep"]
    done = handwheel("playbooks", "lint", "package:tep", "--site", str(folder))
    assert (done.returncode, done.stdout) == (0, "7 playbooks: no problems\n")


def test_set_points_have_a_band_and_modes_and_ratios_do_not(rules: dict[str, Any]) -> None:
    pressure = rules["PIC-1101.sp"]
    assert pressure["class"] == "R1"
    assert pressure["limits"] == "2142.5 kPag .. 2807.5 kPag"
    assert pressure["max_step"] == "95 kPag"
    ratio = rules["RATIO-1.sp"]
    assert ratio["class"] == "R2"
    assert ratio["limits"] == "0 .. 0.05"  # the loss of the A feed asks for 0 at once
    assert "max_step" not in ratio
    assert rules["AIC-A.mode"]["class"] == "R2"


def test_an_answer_to_the_lost_feed_is_inside_the_limits(rules: dict[str, Any]) -> None:
    low, high = (float(end.split()[0]) for end in rules["PRODUCTION.sp"]["limits"].split(" .. "))
    assert low < 20.8 < 22.949 < high
    assert float(rules["PRODUCTION.sp"]["max_step"].split()[0]) > 22.949 - 20.8


def _may_be_asked_for(tag: PlantTag) -> bool:
    return tag.write is not None and tag.name.rpartition(".")[2] in {"sp", "mode"}


def test_every_set_point_and_mode_has_a_rule_and_outputs_have_none(rules: dict[str, Any]) -> None:
    asked = {tag.name for tag in create_plant("tep").tags if _may_be_asked_for(tag)}
    assert rules.keys() == asked - {"PIC-1102.mode"}  # whether the override is on is for people


def test_the_shutdown_logic_is_never_written(folder: Path) -> None:
    forbidden = read_document(folder / "policy.yaml").data["forbid"]
    assert forbidden == [{"tags": ["ESD.*"], "reason": "safety system"}]
