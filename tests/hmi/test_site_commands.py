"""`init`, `check` and `tags` against a plant that is served by another process."""

import json
import re
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from handwheel.connectors.secrets import resolve_secret
from handwheel.connectors.site import load_site
from handwheel.hmi.sitefiles import Link

from ..served import handwheel, plant_process, site_of
from .processes import in_terminal, line_with, started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A site as `init` makes it, for a plant that stands still in its steady state."""
    folder = tmp_path_factory.mktemp("plants") / "cooling water"
    with plant_process("--speed", "0", "--no-noise") as plant:
        ports = ("--opcua-port", str(plant.link.opcua), "--modbus-port", str(plant.link.modbus),
                 "--modbus-gate-port", str(plant.link.gate))  # fmt: skip
        done = handwheel("init", str(folder), *ports)
        assert (done.returncode, done.stderr) == (0, "")
        secret = f"--gate-secret '{folder}/secrets/dcs-gate'"
        assert f"handwheel plant serve cw-100 {secret} {' '.join(ports)}\n" in done.stdout
        assert f"handwheel check --online --site '{folder}'\n" in done.stdout
        yield folder


def test_a_new_site_has_no_problems(site: Path) -> None:
    done = handwheel("check", "--site", str(site))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "site cooling-water: 2 connections, 97 tags, 5 pieces of equipment: no problems\n"
    )


@pytest.mark.parametrize("name", ["y", "No", "null", "2026", "1e3", "Süd 2", "…", "-", "a" * 99])
def test_a_site_can_have_any_folder_name(tmp_path: Path, name: str) -> None:
    assert len(site_of(tmp_path / name, Link()).tags) == 97  # it reads what it wrote


def test_init_into_an_empty_folder_keeps_the_folder(tmp_path: Path) -> None:
    before = tmp_path.stat().st_ino
    done = handwheel("init", ".", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert tmp_path.stat().st_ino == before  # a shell that stands in it sees the files
    assert {path.name for path in tmp_path.iterdir()} == {
        "site.yaml", "tags.yaml", "policy.yaml", "operators.yaml", "secrets", ".gitignore",
    }  # fmt: skip
    assert handwheel("check", cwd=tmp_path).returncode == 0


def test_init_makes_a_password_that_nobody_else_reads(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert handwheel("init", name, cwd=tmp_path).returncode == 0
    files = [tmp_path / name / "secrets/dcs-gate" for name in ("a", "b")]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in files} == {0o700}
    passwords = {path.read_text().strip() for path in files}
    assert len(passwords) == 2
    assert min(map(len, passwords)) >= 24
    site = load_site(tmp_path / "a")
    assert resolve_secret("file:secrets/dcs-gate", site.root, "dcs") in passwords
    assert all(site.is_writable(tag) for tag in site.tags.values() if tag.writable)
    assert site.connections["pkg"].write_where == "modbus://127.0.0.1:5021/1"
    shown = {tag.name: tag.readback for tag in site.tags.values() if tag.writable}
    assert {name for name, readback in shown.items() if not readback} == {
        "P-101A.reset", "P-101B.reset",
    }  # fmt: skip
    assert all(readback in {"", name} for name, readback in shown.items())


def test_check_names_the_problems_of_every_file_at_once(tmp_path: Path) -> None:
    site_of(tmp_path, Link())
    edits = {
        "site.yaml": ("P-101A.mode ==", "P-101A.mod =="),
        "policy.yaml": ("P-101B.running", "P-101B.runing"),
        "operators.yaml": ("operators: []", "operators: {}"),
    }
    for name, (old, new) in edits.items():
        text = (tmp_path / name).read_text()
        assert old in text
        (tmp_path / name).write_text(text.replace(old, new, 1))
    done = handwheel("check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    said = [line.partition(": ")[2].rpartition("/")[2] for line in done.stderr.splitlines()]
    assert [line.partition(":")[0] for line in said] == sorted(edits)
    (tmp_path / "tags.yaml").write_text("schema: tags/2\n")
    (tmp_path / "policy.yaml").write_text("schema: policy/2\nroles: {}\n")
    done = handwheel("check", cwd=tmp_path)
    assert "tags.yaml:1:1: schema: " in done.stderr
    assert "policy.yaml:1:1: schema: " in done.stderr


def test_check_wants_a_policy_only_where_something_is_written(tmp_path: Path) -> None:
    site_of(tmp_path, Link())
    (tmp_path / "policy.yaml").unlink()
    done = handwheel("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "policy.yaml: there is no such file, and without a policy nothing" in done.stderr
    text = (tmp_path / "site.yaml").read_text()
    (tmp_path / "site.yaml").write_text(re.sub(r", write: \{[^}]*\}", "", text))
    assert handwheel("check", cwd=tmp_path).returncode == 0


def test_the_site_is_found_from_below_and_by_the_variable(site: Path, tmp_path: Path) -> None:
    below = site / "notes"
    below.mkdir(exist_ok=True)
    here = handwheel("tags", "list", "PT-102.pv", cwd=below, env={"HANDWHEEL_SITE": ""})
    named = handwheel("tags", "list", "PT-102.pv", cwd=tmp_path, env={"HANDWHEEL_SITE": str(site)})
    assert (here.returncode, named.returncode) == (0, 0)
    assert here.stdout == named.stdout
    assert here.stdout.split() == ["PT-102.pv", "float", "kPa", "0..600", "dcs", "s=PT-102.pv"]


def test_check_online_reads_every_tag(site: Path) -> None:
    done = handwheel("check", "--online", "--site", str(site))
    assert (done.returncode, done.stderr) == (0, "")
    first, dcs, pkg = done.stdout.splitlines()
    assert first.endswith("no problems")
    assert dcs.startswith("dcs opc.tcp://127.0.0.1:")
    assert dcs.endswith(": 68 of 68 tags read good")
    assert pkg.startswith("pkg modbus://127.0.0.1:")
    assert pkg.endswith(": 29 of 29 tags read good")


def test_check_online_says_no_to_what_is_missing_or_out_of_range(
    site: Path, tmp_path: Path
) -> None:
    for name in ("site.yaml", "policy.yaml"):
        (tmp_path / name).write_text((site / name).read_text())
    tags = (site / "tags.yaml").read_text().replace("s=PT-102.pv", "s=PT-999.pv")
    level = next(line for line in tags.splitlines() if line.strip().startswith("LT-101.pv:"))
    tags = tags.replace(level, level.replace("range: [0, 100]", "range: [90, 100]"))
    (tmp_path / "tags.yaml").write_text(tags)
    done = handwheel("check", "--online", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    _, dcs, pkg, *faults = done.stdout.splitlines()
    assert dcs.endswith(": 67 of 68 tags read good")
    assert pkg.endswith(": 29 of 29 tags read good")
    assert faults == [
        "  LT-101.pv: 70 lies outside its range 90 to 100",
        "  PT-102.pv (dcs nsu=urn:handwheel:sim:cw-100;s=PT-999.pv): BadNodeIdUnknown",
    ]


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


@pytest.mark.parametrize("command", ["check --online", "tags read"])
def test_every_endpoint_that_is_down_is_named(tmp_path: Path, command: str) -> None:
    site_of(tmp_path, Link(1, 2))  # nobody listens at these ports
    done = handwheel(*command.split(), cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        "handwheel: not reachable",
        "handwheel: dcs: opc.tcp://127.0.0.1:1: connection refused",
        "handwheel: pkg: modbus://127.0.0.1:2/1: connection refused",
    ]


@pytest.mark.timeout(40)
def test_a_watch_in_a_pipe_survives_its_plant(tmp_path: Path) -> None:
    with plant_process("--no-noise") as plant:
        site_of(tmp_path, plant.link)
        names = ("SIM-CLOCK.pv", "P-101A.running")
        with started("tags", "watch", *names, cwd=tmp_path) as watch:
            line_with(watch, "P-101A.running true  Good")
            clocks = [float(line_with(watch, "SIM-CLOCK.pv").split()[1]) for _ in range(2)]
            assert clocks[0] < clocks[1]
            plant.process.kill()
            line_with(watch, "P-101A.running true  BadNoCommunication")
            plant.process.wait()
            with plant_process(ports=plant.ports):
                line_with(watch, "P-101A.running true  Good")
            watch.send_signal(signal.SIGINT)
            _, errors = watch.communicate(timeout=10)
            assert watch.returncode == 130
    assert "handwheel: dcs disconnected: opc.tcp://127.0.0.1:" in errors
    assert errors.count("handwheel: pkg connected\n") == 2


def test_a_watch_of_a_dead_plant_says_why_it_has_no_values(tmp_path: Path) -> None:
    site_of(tmp_path, Link(1, 2))  # nobody listens at these ports
    with started("tags", "watch", "PT-102.pv", cwd=tmp_path) as watch:
        line_with(watch, "PT-102.pv - kPa BadWaitingForInitialData")
        watch.send_signal(signal.SIGINT)
        _, errors = watch.communicate(timeout=10)
    assert errors.splitlines() == [
        "handwheel: dcs connecting",
        "handwheel: dcs connecting: opc.tcp://127.0.0.1:1: connection refused",
    ]


def test_a_watch_for_programs_prints_json_lines(site: Path) -> None:
    with started("tags", "watch", "PT-102.pv", "--json", "--site", str(site)) as watch:
        reading = json.loads(line_with(watch, "{"))  # nothing comes before the first scan
    assert reading["status"] == "Good"
    assert reading["tag"] == "PT-102.pv"
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
