"""Failure modes of a site with every kind of mistake, each of which costs only its own mode."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from handwheel.agents.diagnosis.check_names import check_name
from handwheel.agents.diagnosis.diagnoser import GROUP, Diagnoser, load_diagnoser
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.config.plug_ins import UnusablePlugIn
from handwheel.connectors.model.site import Site, load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.language.libraries import library_names

from ...command_line import handwheel
from ...plants.served import site_of
from ...plug_ins.registered import register

_HEAD = """\
schema: failure-modes/1
checks:
  look: {title: Look, ask: Is it wet?, role: operator, answers: [wet, dry], minutes: 5}
  short: {title: Look, ask: Is it wet?, role: operator, answers: [wet], minutes: 5}
modes:
  - {id: whole, title: Pump {pump}, class: pump, prior_db: -10, checks: {look: wet}, signs: [
      {id: s, that: pump.running, met_db: 20, not_met_db: -20}]}
""".replace("Pump {pump}", '"Pump {pump}"')
_SIGN = "{id: s, that: P-101A.running, met_db: 20, not_met_db: -20}"
_CALL = "id: s, method: strainer_resistance, from: 2, to: 4, met_db: 20, not_met_db: -20"
_INPUTS = "inputs: {dp: PDT-101.pv, flow: FT-103.pv, clean: 0.003}"


def _mode(signs: str, more: str = "") -> str:
    return f"  - {{id: bad, title: Bad, prior_db: -10, {more}signs: [\n      {signs}]}}\n"


# Each mistake with its mode, from line 8, and everything that is said about it.
MISTAKES: Mapping[str, tuple[str, Sequence[str]]] = {
    "no signs": (
        _mode(""),
        ["8:42: modes.1.signs: list should have at least 1 item after validation, not 0, found []"],
    ),
    "a weight that is no number": (
        _mode("{id: s, that: P-101A.running, met_db: much, not_met_db: -20}"),
        ["9:37: modes.1.signs.0.met_db: input should be a valid number, found 'much'"],
    ),
    "neither condition nor method": (
        _mode("{id: s, met_db: 20, not_met_db: -20}"),
        ["9:7: modes.1.signs.0: needs either that or method"],
    ),
    "an unknown tag and a wrong unit": (
        _mode(
            f"{{{_CALL}, inputs: {{dp: PDT-10.pv, flow: PT-102.pv, clean: 1, age: 2}}}},\n"
            "      {id: t, that: P-101A.runing, met_db: 20, not_met_db: -20}"
        ),
        [
            "9:98: modes.1.signs.0.inputs.dp: there is no tag 'PDT-10.pv'; "
            "did you mean 'PDT-101.pv'?",
            "9:113: modes.1.signs.0.inputs.flow: PT-102.pv is in kPa, it must be m3/h",
            "9:140: modes.1.signs.0.inputs.age: is no input of strainer_resistance; "
            "known: dp, flow, clean, least_flow",
            "10:21: modes.1.signs.1.that: there is no tag 'P-101A.runing'; "
            "did you mean 'P-101A.running'?",
        ],
    ),
    "an input of the mode that no method needs": (
        _mode(f"{{{_CALL}, {_INPUTS}}}", "inputs: {loss: PDT-101.pv}, "),
        ["8:51: modes.1.inputs.loss: no method of its signs needs it"],
    ),
    "an input that is missing": (
        _mode(f"{{{_CALL}, inputs: {{dp: PDT-101.pv, clean: 1}}}}"),
        ["9:89: modes.1.signs.0.inputs: strainer_resistance needs also flow"],
    ),
    "an unknown method": (
        _mode(f"{{{_CALL}, {_INPUTS}}}".replace("_resistance", "_resistence")),
        [
            "9:15: modes.1.signs.0.method: there is no method 'strainer_resistence'; "
            "did you mean 'strainer_resistance'?"
        ],
    ),
    "a method that cannot be imported": (
        _mode(f"{{{_CALL}, {_INPUTS}}}".replace("strainer_resistance", "broken")),
        [
            "9:15: modes.1.signs.0.method: nowhere:METHOD cannot be loaded: "
            "ModuleNotFoundError: No module named 'nowhere'"
        ],
    ),
    "an unknown check, answer and playbook": (
        _mode(_SIGN, "checks: {look: damp, listen: loud}, playbook: cw/none, "),
        [
            "8:78: modes.1.playbook: there is no playbook 'cw/none' at this site",
            "8:51: modes.1.checks.look: 'damp' is no answer of it; known: wet, dry",
            "8:63: modes.1.checks.listen: there is no check 'listen'",
        ],
    ),
    "a check that is wrong itself": (_mode(_SIGN, "checks: {short: wet}, "), []),
    "class and bind": (
        _mode(_SIGN, "class: pump, bind: [{pump: P-101A}], "),
        ["8:5: modes.1: has class and bind; write one of them"],
    ),
    "unknown equipment": (
        _mode(_SIGN, "bind: [{pump: P-109A}], "),
        ["8:50: modes.1.bind.0.pump: there is no equipment 'P-109A'"],
    ),
    "a role that is none": (
        _mode(_SIGN).replace("title: Bad", "title: 'Bad {pmp}'"),
        ["8:15: modes.1.title: names {pmp}, which is no role of the mode"],
    ),
    "a hypothesis twice": (
        _mode(_SIGN, "bind: [{pump: P-101A, duty: P-101B}, {pump: P-101A}], "),
        ["8:79: modes.1.bind.1: 'P-101A' is the first here again, which names the hypothesis"],
    ),
    "a mode twice": (
        _mode(_SIGN).replace("bad", "whole"),
        ["8:6: modes.1.id: 'whole' stands here twice; the first one counts"],
    ),
}
_SHORT = (
    "4:57: checks.short.answers: list should have at least 2 items after validation, not 1, "
    "found ['wet']"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(tmp_path_factory.mktemp("site"), PlantEndpoints())


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_costs_only_its_mode(
    site: Site, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(tmp_path, monkeypatch, {GROUP: {"broken": "nowhere:METHOD"}})
    mode, said = MISTAKES[name]
    path = site.root / "failure_modes.yaml"
    path.write_text(_HEAD + mode, encoding="utf-8")
    own = replace(site, failure_modes=("failure_modes.yaml",))
    found, problems = load_hypotheses(own, ["cw/strainer-blocked"])
    assert [str(each).removeprefix(f"{path}:") for each in problems] == [_SHORT, *said]
    assert [each.id for each in found.every] == ["whole P-101A", "whole P-101B"]
    assert found.every[0].title == "Pump P-101A"


def test_a_method_with_a_wrong_declaration_is_told_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_: object) -> None: ...

    needs: Any = ["dp"]
    method = Diagnoser("own", measure, needs, "", 60.0, "own")
    monkeypatch.setitem(sys.modules, "elsewhere", SimpleNamespace(METHOD=method))
    register(tmp_path, monkeypatch, {GROUP: {"own": "elsewhere:METHOD"}})
    with pytest.raises(
        UnusablePlugIn, match=r"^elsewhere:METHOD cannot be used: needs is \['dp'\]"
    ):
        load_diagnoser("own")


def test_a_bare_decorator_of_a_package_is_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from handwheel import diagnoser\n\n@diagnoser\ndef own(windows, inputs): ...\n"
    (tmp_path / "bare_method.py").write_text(text)
    register(tmp_path, monkeypatch, {GROUP: {"own": "bare_method:own"}})
    with pytest.raises(UnusablePlugIn, match=r"bare_method\.py:3:1: diagnoser: write @diagnoser"):
        load_diagnoser("own")


def test_a_file_that_is_not_there_costs_no_other(site: Site) -> None:
    text = (site.root / "site.yaml").read_text("utf-8")
    names = 'failure_modes: ["package:none", gone.yaml, "package:cw"]'
    edited = text.replace('failure_modes: ["package:cw"]', names)
    (site.root / "site.yaml").write_text(edited, encoding="utf-8")
    found, problems = load_hypotheses(load_site(site.root))
    assert [str(each).partition("failure_modes.")[2] for each in problems] == [
        f"0: there is no library 'package:none'; known: {', '.join(library_names())}",
        "1: there is no file 'gone.yaml'",
    ]
    assert found.every
    (site.root / "site.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("sign", "titles"), [(_SIGN, ["Bad"]), ("", [])])
def test_the_first_file_that_has_a_mode_counts_also_with_a_problem(
    site: Site, sign: str, titles: Sequence[str]
) -> None:
    own = _mode(sign).replace("bad", "strainer-plugged")
    text = f"schema: failure-modes/1\nmodes:\n{own}"
    (site.root / "own.yaml").write_text(text, encoding="utf-8")
    found, problems = load_hypotheses(replace(site, failure_modes=("own.yaml", "package:cw")))
    assert len(problems) == (not titles)
    assert [e.title for e in found.every if e.mode.id == "strainer-plugged"] == titles


@pytest.mark.parametrize(
    ("ask", "questions", "problem"),
    [
        ("Is it wet?", ["look"], ""),
        ("Is {pump} wet?", ["look/P-101A", "look/P-101B"], ""),
        ("Is {pmup} wet?", [], "asks about {pmup}, no role of its modes"),
        ("Is {pump} as wet as {peer}?", [], "asks about several roles: pump, peer"),
    ],
)
def test_a_check_asks_about_each_piece_of_the_role_in_its_text(
    site: Site, ask: str, questions: Sequence[str], problem: str
) -> None:
    text = _HEAD.replace("Is it wet?, role: operator, answers: [wet, dry]",
                         f'"{ask}", role: operator, answers: [wet, dry]')  # fmt: skip
    (site.root / "own.yaml").write_text(text, encoding="utf-8")
    found, problems = load_hypotheses(replace(site, failure_modes=("own.yaml",)))
    assert [check_name(each) for each in found.questions] == questions
    assert [each.reason for each in problems if each.key == "checks.look"] == [problem] * bool(
        problem
    )


def test_check_lists_the_problems_of_failure_modes(tmp_path: Path) -> None:
    site_of(tmp_path, PlantEndpoints())
    path = tmp_path / "site.yaml"
    text = path.read_text("utf-8").replace('modes: ["package:cw"]', "modes: [own.yaml]")
    path.write_text(text, encoding="utf-8")
    (tmp_path / "own.yaml").write_text(_HEAD, encoding="utf-8")
    done = handwheel("check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"own.yaml:{_SHORT}" in done.stderr
