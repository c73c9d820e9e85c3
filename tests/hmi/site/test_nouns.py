"""`list` and `show` of each noun, and its former singular."""

import json
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site

from ...command_line import handwheel
from ..runs.run_site import Place, enrol


@pytest.mark.parametrize(
    ("noun", "one", "told"),
    [
        ("tags", "PT-102.pv", "kPa"),
        ("connections", "dcs", "modbus"),
        ("operators", "anna", "operator"),
        ("playbooks", "", "no playbooks"),
        ("plants", "cstr", "cstr"),
        ("lockouts", "P-101B", "P-101B"),
    ],
)
def test_each_noun_has_list_and_show(live: Place, noun: str, one: str, told: str) -> None:
    root = live.site.root
    enrol(root, "anna", "operator")
    assert handwheel("lockout", "P-101B", cwd=root).returncode == 0
    for words in (["list"], ["show", one]) if one else (["list"],):
        text, fields = (handwheel(noun, *words, *more, cwd=root) for more in ((), ("--json",)))
        assert (text.returncode, text.stderr, fields.returncode) == (0, "", 0)
        assert told in text.stdout
        assert not one or told in json.dumps(json.loads(fields.stdout))
    if one:
        missing = handwheel(noun, "show", "none-such", cwd=root)
        assert (missing.returncode, missing.stdout) == (2, "")


def test_a_site_lists_its_playbooks_and_the_singular_works(site: Site) -> None:
    names = [row["id"] for row in json.loads(_said(site.root, "playbooks", "list", "--json"))]
    assert "cw/pump-bearing-changeover" in names
    assert _said(site.root, "playbook", "list").split()[0] in names
    assert _said(site.root, "plant", "models") == _said(site.root, "plants", "list")


def _said(folder: Path, *words: str) -> str:
    done = handwheel(*words, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
