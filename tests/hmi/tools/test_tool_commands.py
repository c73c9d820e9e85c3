"""Tools listed, shown and called from the command line."""

import json
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.hmi.site.commissioning.file_check import check_site

from ...sites.tool_site import SHIPPED, SITE, tool_site
from ..command_in_process import Said


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = tool_site(tmp_path, monkeypatch)
    monkeypatch.chdir(site.root)
    return site.root


def test_list_names_what_cannot_be_used_and_goes_on(folder: Path, said: Said) -> None:
    code, out, err = said("tools", "list", "--json")
    listed = {each["name"]: each for each in json.loads(out)}
    assert (code, tuple(listed)) == (0, (*SHIPPED, "header_margin", "caller"))
    assert listed["propose"]["effect"] == "advise"
    line = 1 + SITE.splitlines().index("tools: [margin, set, gone, odd, wrong, nowhere]")
    told = [each for each in err.splitlines() if f"site.yaml:{line}:" in each]
    assert len(told) == 3
    assert "actuates: no tool actuates" in err


def test_check_reports_each_tool_that_cannot_be_used(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        check_site(folder)
    told = str(caught.value)
    assert "no.such.module:tool cannot be loaded: ModuleNotFoundError" in told
    assert "is a dict, not a Tool or a Toolset" in told
    assert "there is no tool 'nowhere'; known: gone, margin, odd, set, wrong" in told
    assert "plug_ins/tools_wrong.py:7:1: actuates: no tool actuates" in told
    assert "read: a tool of this name is defined at" in told


def test_show_tells_arguments_with_units(folder: Path, said: Said) -> None:
    code, out, _ = said("tools", "show", "header_margin")
    assert code == 0
    assert out.splitlines() == [
        "How far the header pressure stands above a limit.",
        "",
        "limit  number in kPa  default 290.0",
        "effect: observe, again: safe, at most 10 s",
    ]
    shown = json.loads(said("tools", "show", "request_work", "--json")[1])
    assert shown["schema"]["required"] == ["equipment", "text"]


def test_call_prints_the_result_with_its_units(folder: Path, said: Said) -> None:
    code, out, _ = said("tools", "call", "header_margin", "limit=300", "--json")
    result = json.loads(out)
    assert (code, result["margin_kPa"]) == (0, 49.5)
    assert result["pressure"]["unit"] == "kPa"
    assert result["pressure"]["quality"] == "good"
    assert '  "name": "tools command",' in said("tools", "call", "caller")[1].splitlines()


@pytest.mark.parametrize(
    ("words", "code", "messages"),
    [
        (
            "header_margin limt=1 limit=high limit=2 x",
            2,
            [
                "header_margin: limit: is given twice",
                "header_margin: 'x' is no KEY=VALUE",
                "header_margin: limit: input should be a valid number, found 'high'",
                "header_margin: limt: unknown key; did you mean 'limit'?",
            ],
        ),
        ("margin", 2, ["there is no tool 'margin'; did you mean 'header_margin'?"]),
        ('read tags=["PT-1O2.pv"]', 2, ["there is no tag 'PT-1O2.pv'; did you mean 'PT-102.pv'?"]),
        ('read tags=["FT-101.pv"]', 3, ["not reachable: down: "]),
        ("browse equipment=P-101", 2, ["there is no equipment 'P-101'; did you mean 'P-101A'?"]),
        ('propose writes={"PT-102.pv":"1"} reason=r', 3, ["no agents of this site run"]),
        ("outcome request_id=R-7K3MQ2XA", 3, ["no agents of this site run"]),
    ],
    ids=str,
)
def test_a_call_that_fails_says_why(
    folder: Path, said: Said, words: str, code: int, messages: list[str]
) -> None:
    ended, out, err = said("tools", "call", *words.split())
    assert (ended, out) == (code, "")
    told = [each for each in err.splitlines() if not each.startswith(f"handwheel: {folder.parent}")]
    assert all(any(message in each for each in told) for message in messages), err


def test_a_tool_that_fails_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    site = tool_site(tmp_path, monkeypatch, pressure="nan")
    code, _, err = said("tools", "call", "header_margin", "--site", str(site.root))
    assert (code, "header_margin: result.margin_kPa is nan" in err) == (1, True)
