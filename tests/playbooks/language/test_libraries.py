"""Libraries of other packages: found by their names; one that is broken costs only itself."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.hmi.playbooks.checked_playbooks import named_folder
from handwheel.playbooks.language.libraries import GROUP, library_folder, library_names
from handwheel.playbooks.language.loader import load_library

from ...plug_ins.registered import register
from ...sites.in_memory import make_site

_MODES = """\
schema: failure-modes/1
modes: []
"""
_BROKEN = {
    "hollow": "library 'package:hollow': acme_hollow has no {}",
    "module": "library 'package:module': sys is no package with a folder",
    "gone": "library 'package:gone': acme_gone cannot be loaded: ModuleNotFoundError: No module "
    "named 'acme_gone'",
    "nobody": "there is no library 'package:nobody'; known: package:acme, package:cw, "
    "package:gone, package:hollow, package:module, package:tep",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site beside packages that register a library."""
    folder = tmp_path / "packages"
    (folder / "acme_works/playbooks/tests").mkdir(parents=True)
    (folder / "acme_hollow").mkdir()
    (folder / "acme_works/failure_modes.yaml").write_text(_MODES, "utf-8")
    shipped = (library_folder() / "cw/pump-bearing-changeover.yaml").read_text("utf-8")
    own = shipped.replace("id: cw/", "id: acme/", 1)
    (folder / "acme_works/playbooks/changeover.yaml").write_text(own, "utf-8")
    libraries = {
        "acme": "acme_works", "hollow": "acme_hollow", "module": "sys", "gone": "acme_gone",
    }  # fmt: skip
    register(folder, monkeypatch, {GROUP: libraries})
    for name in libraries.values():
        if name.startswith("acme"):
            monkeypatch.delitem(sys.modules, name, raising=False)
    return make_site(tmp_path)


def _named(site: Site, names: Sequence[str]) -> Site:
    libraries = tuple(f"package:{each}" for each in names)
    return replace(site, playbooks=libraries, failure_modes=libraries)


def test_a_library_of_another_package_is_found_by_its_name(site: Site) -> None:
    assert "package:acme" in library_names()
    ours = _named(site, ["acme"])
    (playbook,), problems = load_library(ours)
    assert (playbook.id, problems) == ("acme/pump-bearing-changeover", [])
    assert playbook.display_name == "package:acme/changeover.yaml"
    assert load_hypotheses(ours)[1] == []
    folder = named_folder("package:acme")
    assert folder is not None
    assert folder.name == "playbooks"


@pytest.mark.parametrize("name", _BROKEN)
def test_a_broken_library_costs_no_other(name: str, site: Site) -> None:
    broken = _named(site, [name, "acme"])
    playbooks, (finding,) = load_library(broken)
    assert [each.id for each in playbooks] == ["acme/pump-bearing-changeover"]
    assert finding.text == _BROKEN[name].format("playbooks")
    _, (problem,) = load_hypotheses(broken)
    assert problem.reason == _BROKEN[name].format("failure_modes.yaml")
    with pytest.raises(ConfigError, match=f"^package:{name}: "):
        named_folder(f"package:{name}")
