"""`handwheel ask` at the command line, of a site whose plant does not answer."""

import json
from pathlib import Path

import pytest
from typer import Context, Typer
from typer.main import get_command

from handwheel.hmi.ask.command import command, complete_word
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...plants.served import site_of
from ..command_in_process import Said

NOWHERE = PlantEndpoints(1, 1, "500 ms", 1)  # ports at which nothing listens
MODEL = "\nmodels: [{name: m, kind: llama, file: none.gguf, roles: [phrase], within: 1 s}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return site_of(tmp_path / "cw", NOWHERE).root


def test_questions_are_listed_with_their_parameters(said: Said) -> None:
    code, out, err = said("ask")
    assert (code, err) == (0, "")
    assert "why-request REQUEST " in out
    listed = json.loads(said("ask", "--json")[1])["questions"]
    assert len(listed) == len(out.splitlines()) >= 25
    assert {"name": "last", "default": "1h"} in [
        one for each in listed for one in each["parameters"]
    ]


def test_plant_that_is_down_is_told_after_what_is_known(folder: Path, said: Said) -> None:
    code, out, err = said("ask", "--site", str(folder), "value", "PT-102")
    assert code == 3
    assert out.startswith("PT-102.pv (header pressure) has no value to rely on: not reached [F1].")
    assert " UTC)\n" in out
    assert err.startswith("handwheel: not reachable: dcs: ")
    assert len(err.splitlines()) == 1


def test_alarms_that_cannot_be_read_are_not_told_as_inactive(folder: Path, said: Said) -> None:
    code, out, _ = said("ask", "--site", str(folder), "alarms")
    assert code == 3
    assert out.startswith("26 of 26 alarms [F1] have no value to rely on, so they may be active.")


def test_verdict_without_agents_is_told_and_fails(folder: Path, said: Said) -> None:
    code, out, err = said("ask", "--site", str(folder), "wrong")
    assert code == 3
    assert out.startswith("No agents of this site run [F1], so nobody judges it now.")
    assert err.startswith("handwheel: no agents of this site run, so nobody judges what is wrong")


def test_json_has_question_parameters_text_and_facts(folder: Path, said: Said) -> None:
    code, out, _ = said("ask", "--site", str(folder), "decided", "last=1min", "--json")
    found = json.loads(out)
    assert code == 0
    assert list(found) == ["question", "title", "parameters", "text", "facts", "next"]
    assert (found["question"], found["parameters"]) == ("decided", {"last": "1min"})
    assert found["text"] == ["The journal has no decision in the last 1 min [F1]."]


def test_free_words_are_offered_as_commands_and_not_answered(folder: Path, said: Said) -> None:
    words = ("ask", "--site", str(folder), "why is the header pressure falling")
    code, out, err = said(*words)
    assert (code, out) == (1, "")
    assert err.startswith("handwheel: that is none of the questions")
    assert f"next: handwheel ask why-moving PT-102.pv --site {folder}" in " ".join(err.split())
    fields = json.loads(said(*words, "--json")[1])
    assert len(fields["offers"]) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("value",), "TAG is missing; usage: ask value TAG"),
        (("value", "PT-1022.pv"), "did you mean"),
        (("orders", "--record"), "only the plan of plan-out can be recorded"),
        (("tell me", "--model", "m"), "with the role phrase; models with it: none"),
    ],
)
def test_wrong_usage_is_told(words: tuple[str, ...], told: str, folder: Path, said: Said) -> None:
    code, out, err = said("ask", "--site", str(folder), *words)
    assert (code, out) == (2, "")
    assert told in err


def test_model_that_does_not_start_leaves_the_offers(folder: Path, said: Said) -> None:
    with (folder / "site.yaml").open("a") as file:
        file.write(MODEL)
    code, out, err = said("ask", "--site", str(folder), "any fishy noises near the basin, chief")
    assert (code, out) == (1, "")
    assert err.startswith("handwheel: model m: ")
    assert err.count("next: ") == 3


def test_site_without_a_policy_is_asked_all_the_same(folder: Path, said: Said) -> None:
    (folder / "policy.yaml").unlink()
    assert said("ask", "--site", str(folder), "orders") == (0, "No work order is open.\n", "")
    told = said("ask", "--site", str(folder), "what-if", "PIC-102.sp", "360")[1]
    assert "The policy would not allow it: no rule allows it" in told


@pytest.mark.parametrize(
    ("typed", "begun", "offered"),
    [
        ([], "why-r", ["why-request"]),
        (["value"], "PT-10", ["PT-102.pv"]),
        (["plan-out"], "P-101", ["P-101A", "P-101B"]),
        (["what-if"], "PIC", ["PIC-102.sp"]),
        (["what-if", "PIC-102.sp"], "3", []),
        (["orders"], "", []),
        (["nothing"], "", []),
    ],
)
def test_ids_and_parameters_are_completed(
    typed: list[str], begun: str, offered: list[str], folder: Path
) -> None:
    app = Typer()
    app.command()(command)
    ctx = Context(get_command(app))
    ctx.params = {"words": typed, "site": str(folder)}
    found = complete_word(ctx, begun)
    assert [each for each in found if each in offered] == offered
    assert bool(found) == bool(offered)
