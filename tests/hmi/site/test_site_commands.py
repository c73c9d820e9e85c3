"""`init`, `check` and `tags` against a plant that is served by another process."""

import asyncio
import json
import re
import shutil
import signal
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site, load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.hmi.site.tags.watch import watch_tags
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.server.plant_server import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation

from ...command_line import HANDWHEEL, handwheel
from ...forked_process import ForkedProcess
from ...plants.served import GATE_SECRET, link_of, plant_process, served, site_of
from ..command_in_process import Said
from ..command_processes import ended, in_terminal, line_with, started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A site as `init` makes it, for a plant that stands still in its steady state."""
    folder = tmp_path_factory.mktemp("plants") / "cooling water"
    password = folder.parent / "gate.secret"
    password.write_text(GATE_SECRET, encoding="utf-8")
    options = ("--speed", "0", "--no-noise", "--gate-secret", str(password))
    with plant_process(*options) as plant:
        ports = ("--opcua-port", str(plant.link.opcua), "--modbus-port", str(plant.link.modbus),
                 "--modbus-gate-port", str(plant.link.gate))  # fmt: skip
        done = handwheel("init", str(folder), *ports)
        assert (done.returncode, done.stderr) == (0, "")
        secret = f"--gate-secret '{folder}/secrets/dcs-gate'"
        assert f"handwheel plants serve cw-100 {secret} {' '.join(ports)}\n" in done.stdout
        assert f"handwheel check --online --site '{folder}'\n" in done.stdout
        (folder / "secrets/dcs-gate").write_text(GATE_SECRET, encoding="utf-8")
        yield folder


def test_the_site_is_found_from_below_and_by_the_variable(site: Path, tmp_path: Path) -> None:
    below = site / "notes"
    below.mkdir(exist_ok=True)
    here = handwheel("tags", "list", "PT-102.pv", cwd=below, env={"HANDWHEEL_SITE": ""})
    named = handwheel("tags", "list", "PT-102.pv", cwd=tmp_path, env={"HANDWHEEL_SITE": str(site)})
    assert (here.returncode, named.returncode) == (0, 0)
    assert here.stdout == named.stdout
    assert here.stdout.split() == ["PT-102.pv", "float", "kPa", "0..600", "dcs", "s=PT-102.pv"]


def test_check_online_reads_every_tag(site: Path, said: Said) -> None:
    code, out, err = said("check", "--online", "--site", str(site))
    assert (code, err) == (0, "")
    first, head, *rows, last = out.splitlines()
    assert first == (
        "site cooling-water: 2 connections, 97 tags, 7 pieces of equipment: no problems"
    )
    assert last == "site cooling-water: no problems"
    assert head.split() == ["tag", "value", "unit", "type", "range", "quality"]
    named = {row.split()[0]: row.split()[1:] for row in rows[:101]}
    assert named.keys() == load_site(site).tags.keys()
    assert named.pop("E-101.days_to_limit")[-2:] == ["!", "BadNoData"]  # of one reading
    assert {row[-1] for row in named.values()} == {"good"}
    assert max(map(len, rows)) <= 80
    dcs, opened, scanned, as_gate, pkg, _, _, at_port = rows[101:]
    assert as_gate == "  to write as gate: the device lets the gate in"
    assert at_port.startswith("  to write at modbus://127.0.0.1:")
    assert re.fullmatch(r"dcs opc.tcp://127.0.0.1:\d+: connected, 68 of 68 tags read good", dcs)
    assert re.fullmatch(
        r"  connected in [\d.]+ m?s, round trip [\d.]+ m?s, at worst [\d.]+ m?s", opened
    )
    assert re.fullmatch(
        r"  68 tags each 500 ms: a scan takes [\d.]+ m?s, at worst [\d.]+ m?s", scanned
    )
    assert re.fullmatch(r"pkg modbus://127.0.0.1:\d+/1: connected, 29 of 29 tags read good", pkg)


NOT_OPEN = "2 connections not open to write"


def test_check_online_tells_a_wrong_password_and_a_closed_port(
    site: Path, tmp_path: Path, said: Said
) -> None:
    _misconfigure(site, tmp_path)
    code, out, err = said("check", "--online", "--site", str(tmp_path))
    assert code == 3
    assert "  to write as gate: not possible\n" in out
    dcs, pkg, last = err.splitlines()
    assert last == f"handwheel: {out.splitlines()[0].partition(':')[0]}: {NOT_OPEN}"
    assert out.splitlines()[0].endswith(f" of equipment: {NOT_OPEN}")
    assert re.match(
        r"handwheel: not reachable: dcs: to write as gate: opc.tcp://127.0.0.1:\d+: "
        r"BadUserAccessDenied: wrong user or password, .* check write: of dcs in site.yaml", dcs
    )  # fmt: skip
    refused = "to write: modbus://127.0.0.1:1/1: connection refused. Until then"
    assert pkg.startswith(f"handwheel: not reachable: pkg: {refused}")
    assert "not this" not in out + err


def test_a_gate_that_cannot_log_in_starts_and_says_so(site: Path, tmp_path: Path) -> None:
    _misconfigure(site, tmp_path)
    command = [*HANDWHEEL, "gate", "--json", "--site", str(tmp_path)]
    with ForkedProcess(command, cwd=tmp_path) as gate:
        rows = [json.loads(gate.stdout.readline()) for _ in range(3)]
    assert rows[0]["ready"] == "gate"
    told = {row["unwritable"]["connection"]: row["unwritable"]["reason"] for row in rows[1:]}
    assert "BadUserAccessDenied: wrong user or password" in told["dcs"]
    assert "modbus://127.0.0.1:1/1: connection refused" in told["pkg"]


def _misconfigure(site: Path, copy: Path) -> None:
    """Copies a site, with a wrong password and a wrong port to write."""
    shutil.copytree(site, copy, dirs_exist_ok=True)
    (copy / "secrets/dcs-gate").write_text("not this", encoding="utf-8")
    text = (copy / "site.yaml").read_text()
    (copy / "site.yaml").write_text(re.sub(r"write: {port: \d+}", "write: {port: 1}", text))


def test_what_is_browsed_is_the_tag_file_of_the_device(
    site: Path, tmp_path: Path, said: Said
) -> None:
    text = (site / "site.yaml").read_text().partition("equipment:")[0]
    (tmp_path / "site.yaml").write_text(re.sub("clock: .*", "", text))
    (tmp_path / "tags.yaml").write_text("schema: tags/1\ntags: {}\n")
    code, out, err = said("tags", "browse", "dcs", "--depth", "3", "--site", str(tmp_path))
    assert (code, err) == (0, "")
    (tmp_path / "tags.yaml").write_text(f"schema: tags/1\ntags:\n{out}")
    found, wanted = load_site(tmp_path).tags, load_site(site).tags
    for tag in wanted.values():
        if tag.connection == "dcs":
            plain = replace(
                tag, equipment="", writable=False, readback="", label="", verbs={},
                alarm=(None, None), trip=(None, None),
            )  # fmt: skip
            assert found[tag.name] == plain
    code, out, err = said("tags", "browse", "pkg", "--site", str(tmp_path))
    assert (code, out) == (2, "")
    assert "cannot be browsed" in err


def test_tags_are_listed_for_people_and_for_programs(site: Path) -> None:
    people = handwheel("tags", "list", "P-101?.run_cmd", "PT-102.pv", "--site", str(site))
    assert people.returncode == 0
    assert [line.split() for line in people.stdout.splitlines()] == [
        ["P-101A.run_cmd", "bool", "w", "pkg", "coil", "0", "bit"],
        ["P-101B.run_cmd", "bool", "w", "pkg", "coil", "20", "bit"],
        ["PT-102.pv", "float", "kPa", "0..600", "dcs", "s=PT-102.pv"],
    ]
    programs = handwheel("tags", "list", "--json", "--site", str(site))
    listed = {tag["name"]: tag for tag in json.loads(programs.stdout)}
    assert listed.keys() == load_site(site).tags.keys()
    assert listed["PT-102.pv"] == {
        "name": "PT-102.pv",
        "type": "float",
        "unit": "kPa",
        "range": [0.0, 600.0],
        "writable": False,
        "connection": "dcs",
        "address": "nsu=urn:handwheel:sim:cw-100;s=PT-102.pv",
        "equipment": "PUMPS-101",
        "label": "header pressure",
        "verbs": {},
        "states": {},
    }


def test_tags_are_read_for_people_and_for_programs(site: Path) -> None:
    names = ("PT-102.pv", "P-101A.mode", "P-101?.running")
    people = handwheel("tags", "read", *names, "--site", str(site))
    assert (people.returncode, people.stderr) == (0, "")
    lines = [line.split() for line in people.stdout.splitlines()]
    assert [line[:2] for line in lines] == [
        ["PT-102.pv", "350"],
        ["P-101A.mode", "remote"],
        ["P-101A.running", "true"],
        ["P-101B.running", "false"],
    ]
    assert all("Good" in line and line[-2:] == ["s", "old"] for line in lines)
    programs = handwheel("tags", "read", *names, "--json", "--site", str(site))
    readings = json.loads(programs.stdout)
    assert list(readings) == ["PT-102.pv", "P-101A.mode", "P-101A.running", "P-101B.running"]
    assert readings["PT-102.pv"].keys() == {"value", "status", "quality", "source_time", "age_s"}
    assert readings["PT-102.pv"]["value"] == pytest.approx(350.0, abs=0.6)
    assert readings["P-101A.mode"]["value"] == 1
    assert readings["P-101A.mode"]["source_time"] is None  # Modbus has none
    assert {reading["status"] for reading in readings.values()} == {"Good"}


def test_good_values_are_shown_where_a_device_is_down(site: Path, tmp_path: Path) -> None:
    text = re.sub(r"read: {port: \d+}", "read: {port: 2}", (site / "site.yaml").read_text())
    (tmp_path / "site.yaml").write_text(text)
    (tmp_path / "tags.yaml").write_text((site / "tags.yaml").read_text())
    read = ("tags", "read", "P-101A.running", "PT-102.pv", "--site", str(tmp_path))
    people, programs = handwheel(*read), handwheel(*read, "--json")
    assert [line.split()[:2] for line in people.stdout.splitlines()] == [["PT-102.pv", "350"]]
    assert list(json.loads(programs.stdout)) == ["PT-102.pv"]
    for done in (people, programs):
        assert done.returncode == 3
        assert done.stderr.splitlines() == [
            "handwheel: not reachable: pkg: modbus://127.0.0.1:2/1: connection refused",
            f"next: handwheel check --online --site {tmp_path}",
        ]


@pytest.mark.parametrize("command", ["check --online", "tags read"])
def test_every_endpoint_that_is_down_is_named(tmp_path: Path, command: str) -> None:
    site_of(tmp_path, PlantEndpoints(1, 2))  # nobody listens at these ports
    done = handwheel(*command.split(), cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        "handwheel: not reachable: dcs: opc.tcp://127.0.0.1:1: connection refused",
        "handwheel: not reachable: pkg: modbus://127.0.0.1:2/1: connection refused",
        "next: handwheel check --online"
        if command == "tags read"
        else f"handwheel: site {load_site(tmp_path).id}: 2 connections not reachable",
    ]


class Watch:
    """`tags watch` without a screen, in this process."""

    def __init__(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        tags = site.find_tags(["PT-102.pv", "P-101A.running"])
        self._task = asyncio.create_task(watch_tags(site, tags, as_json=False))
        self._capsys = capsys
        self.out = self.errors = ""

    async def says(self, text: str, times: int = 1) -> None:
        """Waits until a text has come so often."""
        async with asyncio.timeout(60.0):
            while (self.out + self.errors).count(text) < times:
                await asyncio.sleep(0.02)
                told = self._capsys.readouterr()
                self.out, self.errors = self.out + told.out, self.errors + told.err

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_a_watch_in_a_pipe_survives_its_plant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served() as plant:
        site = await asyncio.to_thread(site_of, tmp_path, link_of(plant))
        ports = (plant.opcua.port, plant.modbus.port, plant.modbus_gate.port)
        watch = Watch(site, capsys)
        await watch.says("P-101A.running true  Good\n")
        await watch.says("PT-102.pv 350 kPa Good\n")
    await watch.says("P-101A.running true  BadNoCommunication\n")
    simulation = Simulation(create(None), Scenario())
    async with PlantServer(simulation, Options(*ports, 0.0, GATE_SECRET, None)):
        await watch.says("P-101A.running true  Good\n", 2)
        await watch.says("handwheel: dcs connected\n", 2)
        await watch.end()
    assert "handwheel: dcs disconnected: opc.tcp://127.0.0.1:" in watch.errors
    assert watch.errors.count("handwheel: pkg connected\n") == 2


async def test_a_watch_of_a_dead_plant_says_why_it_has_no_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = await asyncio.to_thread(site_of, tmp_path, PlantEndpoints(1, 2))  # nobody listens
    watch = Watch(site, capsys)
    await watch.says("PT-102.pv - kPa BadWaitingForInitialData\n")
    await watch.says("handwheel: dcs connecting: opc.tcp://127.0.0.1:1: connection refused\n")
    await watch.end()
    assert watch.errors.startswith("handwheel: dcs connecting\n")


def test_a_watch_for_programs_prints_json_lines(site: Path) -> None:
    with started("tags", "watch", "PT-102.pv", "--json", "--site", str(site)) as watch:
        reading = json.loads(line_with(watch, "{"))  # nothing comes before the first scan
        assert ended(watch, signal.SIGINT)[0] == 130
    assert (reading["tag"], reading["status"]) == ("PT-102.pv", "Good")
    assert reading["value"] == pytest.approx(350.0, abs=0.6)


def test_a_watch_in_a_terminal_is_a_live_table(site: Path) -> None:
    command = ("-m", "handwheel.hmi", "tags", "watch", "PT-102.pv", "P-101A.mode")
    with in_terminal(*command, "--site", str(site)) as terminal:
        for text in ("\x1b[?1049h", "quality", "PT-102.pv", "350", "kPa", "remote", "good"):
            terminal.read_until(text)
        terminal.read_until("pkg connected")
        terminal.type("\x03")
        assert terminal.exit_code() == 130
    assert terminal.written.rpartition("\x1b[?1049")[2].startswith("l")
    assert "Traceback" not in terminal.written
