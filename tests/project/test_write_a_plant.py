"""The plant of the how-to is a plant: taken from the page, installed, run and served."""

import importlib.util
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
from .pages.installed_page import install

PAGE = DOCS / "how-to/write-a-plant.md"
INSTALL = "pip install -e ."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files, and what `pip` would have noted about them."""
    install(PAGE, "tank", tmp_path, monkeypatch)
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
