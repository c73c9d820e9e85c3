"""`plants map` and `list`: what a plant publishes, as a tag file and tables; which there are."""

import csv
from io import StringIO
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.evaluation.plants.installed_plants import create_plant, plant_names
from handwheel.sim_plant.model import Node
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ...plug_ins.registered import register
from ..command_in_process import Said


def test_the_map_is_the_tag_file_of_a_new_site(site: Site, said: Said) -> None:
    code, out, err = said("plants", "map", "cw-100")
    assert (code, err) == (0, "")
    assert out == (site.root / "tags.yaml").read_text()
    plant = Simulation(create_plant("cw-100"), Scenario())
    measured = site.measured(site.tags.values())
    assert [tag.name for tag in measured] == [tag.name for tag in plant.tags]
    for tag in plant.tags:
        read = site.tags[tag.name]
        assert (read.kind, read.unit, read.span) == (tag.kind, tag.unit, tag.span)
        assert (dict(read.members), read.writable) == (dict(tag.members), bool(tag.write))


@pytest.mark.parametrize("model", plant_names())
def test_the_tables_list_every_tag_of_every_plant(model: str, said: Said) -> None:
    tags = Simulation(create_plant(model), Scenario()).tags
    rows = list(csv.DictReader(StringIO(said("plants", "map", model, "--format", "csv")[1])))
    page = said("plants", "map", model, "--format", "markdown")[1].splitlines()
    assert [row["tag"] for row in rows] == [tag.name for tag in tags]
    listed = [line for line in page if line.startswith("| `")]
    assert page[0] == f"# The tags of {model}"
    for tag, row, line in zip(tags, rows, listed, strict=True):
        assert (row["description"], row["unit"]) == (tag.description, tag.unit)
        assert bool(row["write_low"]) is (tag.write is not None)
        is_opcua = isinstance(tag.address, Node)
        assert row["protocol"] == ("opcua" if is_opcua else "modbus")
        assert [row["low"], row["high"]] == [f"{end:g}" for end in tag.span or ()] or not tag.span
        cells = line.split(" | ")
        assert (cells[0], cells[1]) == (f"| `{tag.name}`", tag.description)
        assert row["address"] in cells[-1]


def test_a_plant_that_cannot_be_imported_is_named_and_the_others_are_listed(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(tmp_path, monkeypatch, {"handwheel.plants": {"ruin": "ruin:Ruin"}})
    code, out, err = said("plants", "list")
    assert (code, "cw-100" in out, "ruin" in out) == (2, True, False)
    text = " ".join(err.split())
    assert text.startswith("handwheel: the plant ruin: ruin:Ruin cannot be loaded: Mod")
    assert said("plants", "show", "ruin")[0] == 2


def test_an_unknown_form_is_refused(said: Said) -> None:
    code, out, err = said("plants", "map", "cw-100", "--format", "xml")
    assert (code, out) == (2, "")
    assert "'xml' is not one of 'yaml', 'markdown', 'csv'" in err
