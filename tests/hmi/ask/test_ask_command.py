"""`handwheel ask` at the command line, of a site whose plant does not answer."""

import json
from pathlib import Path

import pytest

from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...plants.served import site_of
from ..command_in_process import Said

NOWHERE = PlantEndpoints(1, 1, "500 ms", 1)  # ports at which nothing listens
MODEL = "\nmodels: [{name: m, kind: llama, file: none.gguf, roles: [phrase], within: 1 s}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return site_of(tmp_path / "cw", NOWHERE).root


def test_plant_that_is_down_is_told_after_what_is_known(folder: Path, said: Said) -> None:
    code, out, err = said("ask", "--site", str(folder), "what is PT-102")
    assert code == 3
    assert out.startswith("PT-102.pv (header pressure) has no value to rely on: not reached [F1].")
    assert err.startswith("handwheel: not reachable: dcs: ")
    assert len(err.splitlines()) == 1


def test_alarms_that_cannot_be_read_are_not_told_as_inactive(folder: Path, said: Said) -> None:
    code, out, _ = said("ask", "--site", str(folder), "which alarms are on")
    assert code == 3
    assert out.startswith("26 of 26 alarms [F1] have no value to rely on, so they may be active.")


def test_verdict_without_agents_is_told_and_fails(folder: Path, said: Said) -> None:
    code, out, err = said("ask", "--site", str(folder), "what do the agents think is wrong")
    assert code == 3
    assert out.startswith("No gate and no agents run [F1], so nobody judges it now.")
    assert err.startswith("handwheel: no agents of this site run, so nobody judges what is wrong")


def test_json_has_sentences_facts_and_the_part_of_a_model(folder: Path, said: Said) -> None:
    code, out, _ = said("ask", "--site", str(folder), "open work orders", "--json")
    found = json.loads(out)
    assert code == 0
    assert list(found) == [
        "question", "intent", "subjects", "understood_by", "claims", "facts", "next", "model",
    ]  # fmt: skip
    assert (found["intent"], found["understood_by"]) == ("orders", "grammar")
    assert found["claims"] == [
        {"text": "No work order is open.", "template": "No work order is open.", "cites": []}
    ]
    assert found["model"]["level"] == "grammar"


def test_question_outside_the_grammar_names_the_nearest_three(folder: Path, said: Said) -> None:
    code, out, err = said("ask", "--site", str(folder), "tell me a joke")
    assert (code, out) == (1, "")
    first, *nearest = err.splitlines()
    assert first.startswith("handwheel: that is no question that can be answered;")
    assert len(nearest) == 3


@pytest.mark.parametrize("words", [("--level", "route"), ("--model", "m")])
def test_model_that_the_site_lacks_is_wrong_usage(
    words: tuple[str, str], folder: Path, said: Said
) -> None:
    code, out, err = said("ask", "--site", str(folder), "open work orders", *words)
    assert (code, out) == (2, "")
    assert "with the role phrase; models with it: none" in err


def test_model_that_does_not_start_is_told_in_one_line(folder: Path, said: Said) -> None:
    with (folder / "site.yaml").open("a") as file:
        file.write(MODEL)
    words = ("ask", "--site", str(folder), "any fishy noises near the basin, chief")
    code, out, err = said(*words)
    assert (code, out) == (1, "")
    assert err.startswith("handwheel: model m: ")
    assert len(err.splitlines()) == 4


def test_site_without_a_policy_is_asked_all_the_same(folder: Path, said: Said) -> None:
    (folder / "policy.yaml").unlink()
    assert said("ask", "--site", str(folder), "open work orders") == (
        0, "No work order is open.\n", ""
    )  # fmt: skip
    told = said("ask", "--site", str(folder), "what if PIC-102.sp = 360")[1]
    assert "The policy would not allow it: no rule allows it [F2]." in told
