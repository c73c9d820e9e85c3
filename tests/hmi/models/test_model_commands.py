"""Models of a site, checked, listed and tested from the command line."""

import json
from pathlib import Path

import pytest

from handwheel.agents.planning.model import check
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.language_models import LocalModel
from handwheel.connectors.model.site import load_site
from handwheel.hmi.bench.play_suites import add_models
from handwheel.hmi.site.commissioning.file_check import check_site

from ..command_in_process import Said

HEAD = """schema: site/1
id: works
connections:
  plc: {kind: modbus, host: 192.0.2.20}
planner: model
models:
"""
HOSTED = '  - {name: hosted, kind: langchain, model: "openai:none", secret: "env:NO_KEY"'


def _site(folder: Path, *models: str) -> Path:
    (folder / "site.yaml").write_text("\n".join([HEAD.rstrip(), *models, ""]))
    return folder


def _faults(folder: Path, *models: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        check_site(_site(folder, *models))
    return [str(each).partition("site.yaml:")[2] for each in caught.value.problems]


def test_all_wrong_keys_of_models_are_told_with_their_places(tmp_path: Path) -> None:
    assert _faults(
        tmp_path,
        "  - {name: a b, kind: llama, file: x.gguf, treads: 2, within: 1 h}",
        '  - {name: b, kind: langchain, model: "x:y", arguments: {api_key: k}, budget: {calls: 0}}',
        "  - {name: c, kind: lama}",
        "  - {name: d, kind: llama, file: x.gguf, roles: [decide], cost: {prompt: 1, answer: 2}}",
    ) == [
        "7:6: models.0.name: is no name: at most 64 letters, digits, '.', '_' and '-'",
        "7:44: models.0.treads: unknown key; did you mean 'threads'?",
        "7:55: models.0.within: must lie between 100 ms and 5 min",
        "8:46: models.1.arguments: api_key does not belong here; use secret",
        "8:80: models.1.budget.calls: input should be greater than or equal to 1, found 0",
        "9:5: models.2: 'lama' is unknown; known: 'langchain', 'llama'",
        "10:50: models.3.roles.0: input should be 'plan' or 'phrase', found 'decide'",
        "10:59: models.3.cost.currency: is missing",
    ]


def test_two_models_of_a_name_or_none_to_plan_are_told(tmp_path: Path) -> None:
    one = "  - {name: a, kind: llama, file: x.gguf, roles: [phrase]}"
    assert _faults(tmp_path, one, one) == [
        "5:1: planner: model asks a model with the role plan; name one under models",
        "8:6: models.1.name: 'a' stands here twice",
    ]


def _without_llama(module: str) -> object:
    return None if module == "xllamacpp" else object()


def test_check_names_a_model_that_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "find_spec", _without_llama)
    (tmp_path / "odd.gguf").write_text("text")
    found = _faults(
        tmp_path,
        "  - {name: small, kind: llama, file: none.gguf}",
        "  - {name: odd, kind: llama, file: odd.gguf}",
        f"{HOSTED}}}",
        '  - {name: nowhere, kind: langchain, model: "nobody:x"}',
    )
    install = "xllamacpp is not installed; install handwheel[local-llm]"
    assert found[:5] == [
        f"7:19: models.0.kind: model small: {install}",
        f"7:32: models.0.file: model small: {tmp_path}/none.gguf: no such file or directory",
        f"8:17: models.1.kind: model odd: {install}",
        f"8:30: models.1.file: model odd: {tmp_path}/odd.gguf is no GGUF file",
        "9:59: models.2.secret: model hosted: the environment variable NO_KEY is not set",
    ]
    assert found[5].startswith("10:38: models.3.model: model nowhere: ")


def test_list_shows_what_the_agents_have_found(tmp_path: Path, said: Said) -> None:
    hosted = f"{HOSTED}, budget: {{calls: 3}}, cost: {{prompt: 2, answer: 10, currency: EUR}}}}"
    _site(tmp_path, hosted, '  - {name: new, kind: langchain, model: "openai:none"}')
    (tmp_path / "var").mkdir()
    call = {"at": 4e9, "seconds": 1.5, "prompt_tokens": 1000, "answer_tokens": 100}
    calls = [{**call, "is_valid": True}, {**call, "at": 1.0, "is_valid": False}]
    kept = {"hosted": {"method": "json_mode", "fault": "", "calls": calls}}
    (tmp_path / "var/models.json").write_text(json.dumps({"schema": "models/1", "models": kept}))
    code, out, _ = said("models", "list", "--site", str(tmp_path), "--json")
    first, second = json.loads(out)
    assert (code, first["method"], first["calls"], first["median_s"]) == (0, "json_mode", 1, 1.5)
    assert (first["cost"], first["currency"]) == (pytest.approx(0.003), "EUR")
    assert first["budget_left"] == {"calls": 2, "tokens": 198_900}
    assert second["fault"] == "the agents have not tested it yet"
    _, out, _ = said("models", "list", "--site", str(tmp_path))
    assert "hosted  langchain  plan   json_mode  1        1      1.5 s   0.0030 EUR" in out
    assert "new: the agents have not tested it yet" in out


def test_test_tells_why_a_model_does_not_answer(tmp_path: Path, said: Said) -> None:
    _site(tmp_path, f"{HOSTED}}}")
    code, out, err = said("models", "test", "--site", str(tmp_path))
    told = ["hosted: the environment variable NO_KEY is not set", "next: handwheel check --site"]
    assert (code, out.splitlines(), err) == (1, [told[0], f"{told[1]} {tmp_path}"], "")
    code, _, err = said("models", "test", "hostd", "--site", str(tmp_path))
    assert (code, "there is no model 'hostd'; did you mean 'hosted'?" in err) == (2, True)


def test_models_of_a_site_choose_in_the_site_of_a_benchmark(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    _site(own, "  - {name: a, kind: llama, file: m/a.gguf, within: 5 s}", f"{HOSTED}}}")
    (other / "site.yaml").write_text(HEAD.partition("planner")[0])
    add_models(other, own)
    site = load_site(other)
    assert (site.planner, [each.name for each in site.models]) == ("model", ["a", "hosted"])
    first = site.models[0]
    assert isinstance(first, LocalModel)
    assert (first.file, first.within) == (str(own / "m/a.gguf"), 5.0)


def test_models_go_with_suites_in_which_our_agents_choose(tmp_path: Path, said: Said) -> None:
    code, _, err = said("bench", "agents", "--suite", "watch", "--models", str(tmp_path))
    assert (code, "needs --suite respond or tep, by our agents" in err) == (2, True)
