"""The plant of the how-to is a plant: taken from the page, installed, run and served."""

import importlib.util
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from asyncua.client.client import Client

from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.sim_plant.model import namespace_uri
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.server.plant_server import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation

from .pages.doc_shell import DocShell, blocks
from .pages.doc_tables import DOCS, text_of

PAGE = DOCS / "how-to/write-a-plant.md"
INSTALL = "pip install -e ."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files, and what `pip` would have noted about them."""
    files = {block.title: "\n".join(block.lines) for block in blocks(text_of(PAGE)) if block.title}
    for name, text in files.items():
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    project: Mapping[str, Mapping[str, Mapping[str, str]]]
    project = tomllib.loads(files["pyproject.toml"])["project"]
    note = tmp_path / "tank-1.dist-info"
    note.mkdir()
    (note / "METADATA").write_text("Metadata-Version: 2.1\nName: tank\nVersion: 1\n")
    (name, target), *_ = project["entry-points"]["handwheel.plants"].items()
    (note / "entry_points.txt").write_text(f"[handwheel.plants]\n{name} = {target}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "tank", raising=False)
    assert importlib.util.find_spec("tank") is not None
    return tmp_path


@pytest.mark.timeout(300)
def test_the_page_does_what_it_says(folder: Path) -> None:
    shell = DocShell(folder, [INSTALL])
    shell.follow(text_of(PAGE))
    assert shell.count == 2


@pytest.mark.usefixtures("folder")
async def test_the_plant_of_the_page_leaks_and_is_read_over_opcua() -> None:
    plant = create_plant("tank")
    leaking = Scenario((FaultEvent("LEAK", 60.0, {"size": 20.0}),))
    async with PlantServer(Simulation(plant, leaking), Options(0, 0, 0, 0.0)) as server:
        url = f"opc.tcp://127.0.0.1:{server.opcua.port}/"
        async with Client(url, watchdog_intervall=3600.0) as client:
            namespace = await client.get_namespace_index(namespace_uri("tank"))
            level = client.get_node(f"ns={namespace};s=LT-1.pv")
            await server.step(60)
            assert await level.read_value() == pytest.approx(64.0, abs=1e-9)
            await server.step(3600)
            assert await level.read_value() == plant.measurements()["LT-1.pv"]
            assert await level.read_value() == pytest.approx(100.0 * (0.4 / 0.7) ** 2, abs=1e-3)


def test_the_plant_of_the_page_is_short() -> None:
    (code,) = (block for block in blocks(text_of(PAGE)) if block.title == "tank.py")
    assert len(code.lines) < 50
