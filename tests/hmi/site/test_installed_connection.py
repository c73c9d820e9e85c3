"""Commands on a connection whose connector another package installs."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.endpoints import GROUP
from handwheel.connectors.model.site import load_site
from handwheel.hmi.simulation.served_plant import check_simulated

from ...plug_ins.connectors import CONNECTORS
from ...plug_ins.registered import register
from ...sites.policy_text import policy_of
from ...sites.site_text import load
from ..command_in_process import Said

SITE = """\
schema: site/1
id: works
connections:
  own: {kind: constant}
  plc: {kind: modbus, host: 192.0.2.20}
"""
CSV = """\
name,item,table,address,type
A.pv,5,,,float
B.pv,,input,0,float
"""
FORBID = "{connection: own, nodes: ['s=*'], reason: never}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    register(tmp_path, monkeypatch, {GROUP: CONNECTORS})
    load(tmp_path / "site", SITE, "")
    (tmp_path / "map.csv").write_text(CSV, "utf-8")
    monkeypatch.chdir(tmp_path / "site")
    return tmp_path / "site"


def test_tags_of_a_csv_file_go_to_the_connector_of_their_keys(folder: Path, said: Said) -> None:
    code, out, err = said("tags", "import", "../map.csv")
    assert (code, err) == (0, ""), out
    tags = load_site(folder).tags
    assert {name: (each.connection, str(each.address)) for name, each in tags.items()} == {
        "A.pv": ("own", "5"), "B.pv": ("plc", "input 0 float32"),
    }  # fmt: skip
    assert said("tags", "read", "A.pv")[:2] == (0, "A.pv  5 Good  0.00 s old\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tags", "import", "own"], "own: tags of constant are not imported by browsing"),
        (["tags", "peek", "own", "holding", "0..4"], "own: constant has no registers"),
        (["tags", "browse", "own"], "own: this device cannot be browsed"),
        (["connections", "trust", "own"], "own: "),
    ],
)
def test_a_command_for_another_protocol_is_refused(
    words: Sequence[str], told: str, folder: Path, said: Said
) -> None:
    assert folder.is_dir()
    code, out, err = said(*words)
    assert (code, out) == (2, "")
    assert told in " ".join(err.split())


def test_a_simulated_plant_serves_no_such_connection(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"connections\.own: no simulated plant serves constant"):
        check_simulated(load_site(folder))


def test_a_prohibition_by_address_is_refused(folder: Path) -> None:
    told = "forbid.0.connection: own is constant, which nothing writes; leave this out"
    with pytest.raises(ConfigError, match=told):
        policy_of(load_site(folder), forbid=[FORBID])


def test_connections_are_listed_with_their_kind(folder: Path, said: Said) -> None:
    assert folder.is_dir()
    code, out, _ = said("connections", "list")
    assert code == 0
    assert out.splitlines()[0].split() == ["own", "constant", "constant://", "0", "tags"]


def test_check_fails_where_a_connector_cannot_be_loaded(folder: Path, said: Said) -> None:
    file = folder / "site.yaml"
    file.write_text(file.read_text("utf-8").replace("kind: constant", "kind: gone"), "utf-8")
    (folder / "policy.yaml").write_text("schema: policy/1\nroles: {operator: {}}\n", "utf-8")
    code, out, err = said("check")
    assert code == 2
    assert "no other problems" in out
    assert "connections.own.kind: " in err
