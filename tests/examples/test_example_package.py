"""Each thing of the example package is used by a site that names it."""

import asyncio
import json
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from handwheel.agents.lookahead.load import load_twin
from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.model.site import load_site
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.server.plant_server import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation

from ..command_line import handwheel, handwheel_process
from ..plants.served import GATE_SECRET
from ..project.pages.example_pages import PACKAGE
from .skid_site import write_skid_site

pytestmark = pytest.mark.usefixtures("example")


def test_installed_package_passes_its_conformance_tests(tmp_path: Path) -> None:
    options = "-q -W error -p no:cacheprovider -c /dev/null --rootdir ."
    options += " -o asyncio_default_fixture_loop_scope=function"
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", *options.split(), str(PACKAGE / "conformance")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60.0,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_site_that_names_one_of_each_has_no_problems(tmp_path: Path) -> None:
    write_skid_site(tmp_path)
    for words in (("check",), ("playbooks", "lint", "package:skid")):
        told = handwheel(*words, cwd=tmp_path)
        assert (told.returncode, told.stderr) == (0, ""), told.stdout
        assert "no problems" in told.stdout


def test_library_passes_its_own_playbook_tests(tmp_path: Path) -> None:
    write_skid_site(tmp_path)
    told = handwheel("playbooks", "test", "package:skid", "--jobs", "1", cwd=tmp_path)
    assert told.stdout.splitlines()[-1] == "2 cases: 2 passed"


async def test_gauges_and_plant_are_read_over_sockets(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(ConnectionError):  # it reads once and hangs up
            while await reader.readline() == b"get T1\n":
                writer.write(b"41.5 ok\n")

    gauges = await asyncio.start_server(answer, "127.0.0.1", 0)
    simulation = Simulation(create_plant("skid"), Scenario())
    async with gauges, PlantServer(simulation, Options(0, 0, 0, 0.0, GATE_SECRET)) as plant:
        write_skid_site(tmp_path, plant.opcua.port, gauges.sockets[0].getsockname()[1])
        site = load_site(tmp_path)
        read = await read_once(site, site.find_tags(["TT-102.pv", "P-102.power"]))
        words = ("tools", "call", "header_margin", "limit=300", "--json")
        called = await asyncio.to_thread(handwheel_process, *words, cwd=tmp_path)
    assert read["TT-102.pv"].value == 41.5
    assert read["P-102.power"].value == pytest.approx(50.0 * 370.0 / 3600.0)
    assert json.loads(called.stdout)["margin_kPa"] == 50.0


async def test_case_is_diagnosed_foretold_planned_and_answered(tmp_path: Path) -> None:
    write_skid_site(tmp_path)
    site = load_site(tmp_path)
    twin, _ = load_twin(site)
    clog = FaultEvent("CLOG", 2700.0, {"rate": 10.0}, for_s=420.0)  # once the twin is trusted
    async with SteppedTrial.open(
        site, lambda _: create_plant("skid"), faults=[clog], twin=twin
    ) as room:
        assert await room.until(lambda: room.waiting, 3600.0)
        (judgement,) = (case.judgement for case in room.cases.values())
        assert judgement["diagnosis"]["named"] == ["filter-clogged"]
        assert judgement["plan"]["author"] == "least-risk"
        (foretold,) = judgement["predictions"]
        assert (foretold["twin"], foretold["is_trusted"]) == ("skid", True)
        room.people.approve(room.waiting[0].request, "anna")
        assert await room.until(lambda: float(room.values["PDT-102.pv"]) < 25.0, 600.0)
    assert room.frames == ["F-102.wash=1"]
