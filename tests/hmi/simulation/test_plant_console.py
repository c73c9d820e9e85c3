"""What `plants serve` takes on standard input, and the snapshots that it keeps."""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryFile
from time import sleep
from typing import Any

import pytest

from handwheel.hmi.simulation.plant.snapshots import load_snapshot, save_snapshot
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.errors import SnapshotError
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

from ...command_line import handwheel
from ..command_in_process import Said
from ..command_processes import ANY_PORTS, becomes_true, forked, line_with, tell

SERVE = ("plants", "serve", "cw-100", *ANY_PORTS)


def test_standard_input_commands_the_plant_and_its_end_ends_it(tmp_path: Path) -> None:
    lines = [
        "status", "fault F02,plug=9", "field local-P-101B", "speed 5", "status", "speed max",
        "speed 0", "fault F09,over=1h", "save plant.json", "", "  help  ",
    ]  # fmt: skip
    serve = (*SERVE, "--speed", "0")
    with TemporaryFile() as errors, forked(*serve, cwd=tmp_path, errors=errors) as process:
        tell(process, "\n".join(lines))
        process.stdin.close()
        printed = process.stdout.read()
        assert process.wait(timeout=60) == 0
        errors.seek(0)
        assert errors.read() == b"handwheel: F09 still changes; plant.json keeps its present size\n"
    head, _, told = printed.partition("Type help for commands, Ctrl-C to stop.\n")
    title, *ports = head.splitlines()
    assert title.startswith("cw-100, cooling-water skid")
    access = ("anonymous reads", "reads, unit 1", "reads and writes")
    assert {line.index(text) for line, text in zip(ports, access, strict=True)} == {44}
    said = told.splitlines()
    assert said[0] == "0 s of plant time at 0x; alarms and interlocks: none"
    assert said[1].endswith("  speed                5 plant seconds per second")
    assert said[2].endswith("s of plant time at 5x; alarms and interlocks: none")
    assert said[3].endswith("  speed                as fast as it can")
    assert said[5].startswith("speed N|max")
    assert all(line[22] == " " != line[23] for line in said[5:-3])
    events = [line.split(maxsplit=3)[1:3] for line in said[-3:]]
    assert events == [["fault", "F02"], ["field", "local-P-101B"], ["fault", "F09"]]
    state = _state(tmp_path / "plant.json")
    assert state["strainer_plug"] == 9.0
    assert {path.name for path in tmp_path.iterdir()} == {"plant.json"}


WRONG = {
    "speeed 5": "there is no command 'speeed'; type help",
    "speed": "'' is not a speed; write 0, a positive number, or max",
    "fault F20": "there is no fault called 'F20'; did you mean F",
    "fault F02@1h": "this happens now; leave out the time, or give it to handwheel plants serve",
    "fault F02,plug=1e9": "F02, plug (",
    "fault": "which fault? write fault F01, or fault F02,plug=28",
    "field": "which action? write field clean-strainer",
    "field repair-P-101A": "P-101A is running",
    "save": ". is a folder; name a file",
    "save no/such/file": "no/such/file: no such file or directory",
}


def test_wrong_commands_are_told_and_change_nothing(tmp_path: Path) -> None:
    text = "\n".join([*WRONG, "status", "save plant.json", "quit"])
    done = handwheel(*SERVE, "--speed", "0", stdin=text, cwd=tmp_path)
    for line, message in zip(done.stderr.splitlines(), WRONG.values(), strict=True):
        assert line.startswith(f"handwheel: {message}")
    assert done.stdout.endswith("0 s of plant time at 0x; alarms and interlocks: none\n")
    assert _state(tmp_path / "plant.json") == create(1).snapshot()["state"]
    assert {path.name for path in tmp_path.iterdir()} == {"plant.json"}


@pytest.mark.timeout(300)  # a process starts
def test_a_plant_is_served_by_its_scenario_with_its_own_identity_until_quit(tmp_path: Path) -> None:
    (tmp_path / "plug.yaml").write_text(
        "schema: scenario/1\nplant: cw-100\nevents: [{fault: F02, at: 1 min, plug: 20}]\n"
    )
    serve = ("plants", "serve", *ANY_PORTS, "--speed", "100", "--scenario", "plug.yaml")
    with forked(*serve, "--identity", "own", "--json", cwd=tmp_path) as process:
        ready = json.loads(line_with(process, "ready"))
        assert ready.keys() == {"ready", "model", "ports"}
        assert ready["model"] == "cw-100"
        assert ready["ports"].keys() == {"opcua", "modbus", "modbus_gate"}
        assert 0 not in ready["ports"].values()
        assert json.loads(line_with(process, "event")) == {
            "plant_s": 60.0, "event": "fault", "tag": "F02", "text": "strainer plugged",
        }  # fmt: skip
        tell(process, "fault F02,plug=3,over=1h")
        assert json.loads(line_with(process, '"F02"'))["plant_s"] > 60.0
        tell(process, "status")
        assert json.loads(line_with(process, "speed")).keys() == {"plant_s", "speed", "active"}
        tell(process, "quit")  # while the pipe is open
        assert process.wait(timeout=60) == 0
    assert {"certificate.der", "gate.secret"} < {path.name for path in (tmp_path / "own").iterdir()}


@pytest.mark.timeout(300)
def test_a_snapshot_is_continued_bit_for_bit(tmp_path: Path) -> None:
    options = ("--seed", "7", "--snapshot", "plant.json")
    with forked(*SERVE, "--speed", "100", *options, "--fault", "F02@1min", cwd=tmp_path) as first:
        line_with(first, "F02")
        tell(first, "save middle.json")
        assert becomes_true((tmp_path / "middle.json").exists)
        sleep(0.5)  # 50 s of plant time
        tell(first, "quit")
        assert first.wait(timeout=60) == 0
    end = _state(tmp_path / "plant.json")

    saved = (tmp_path / "plant.json").read_bytes()
    late = ("--fault", "F02@1min")
    second = handwheel(*SERVE, "--speed", "0", *options, *late, stdin="quit\n", cwd=tmp_path)
    assert second.returncode == 0
    told = "handwheel: F02 at 1 min 00 s is not repeated: the snapshot is from "
    assert second.stderr.startswith(told)
    assert (tmp_path / "plant.json").read_bytes() == saved

    twin = create(7)
    twin.restore(json.loads((tmp_path / "middle.json").read_text()))
    assert twin.state.steps < end["steps"]
    while twin.state.steps < end["steps"]:
        twin.step()
    assert json.loads(json.dumps(twin.snapshot()["state"])) == end


def test_a_restarted_plant_keeps_its_alarms_and_who_has_seen_them(tmp_path: Path) -> None:
    plant = create(7)
    simulation = Simulation(plant, Scenario((FaultEvent("F02"),)))
    simulation.run(150.0)
    plant.acknowledge("PDAH-101")
    save_snapshot(plant, tmp_path / "plant.json")
    before = _state(tmp_path / "plant.json")
    options = ("--seed", "7", "--snapshot", "plant.json", "--speed", "0")
    done = handwheel(*SERVE, *options, stdin="status\nquit\n", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("alarms and interlocks: VAH-101A.active, PDAH-101.active\n")
    assert _state(tmp_path / "plant.json") == before
    seen = {name: state["acknowledged"] for name, state in before["alarms"].items()}
    assert (seen["PDAH-101"], seen["VAH-101A"]) == (True, False)


@pytest.mark.parametrize("name", ["plant.json", "plant.json.part", "link.json"])
def test_a_snapshot_replaces_nothing_but_ordinary_files(tmp_path: Path, name: str) -> None:
    if name == "link.json":
        (tmp_path / name).symlink_to(tmp_path / "pipe")
        os.mkfifo(tmp_path / "pipe")
    else:
        os.mkfifo(tmp_path / name)
    path = tmp_path / name.removesuffix(".part")
    with pytest.raises(SnapshotError, match="is no ordinary file; name another"):
        save_snapshot(create(1), path)
    if not name.endswith(".part"):
        with pytest.raises(SnapshotError, match="is no ordinary file; name another"):
            load_snapshot(create(1), path)
    left = {each.name: each.is_fifo() for each in tmp_path.iterdir()}
    assert left == dict.fromkeys((name, "pipe") if name == "link.json" else (name,), True)


def test_a_snapshot_is_written_to_where_a_link_leads(tmp_path: Path) -> None:
    link, target = tmp_path / "link.json", tmp_path / "real.json"
    link.symlink_to("real.json")
    save_snapshot(create(1), link)
    assert link.is_symlink()
    assert not target.is_symlink()
    assert _state(target) == create(1).snapshot()["state"]


@pytest.mark.parametrize("model", ["cw-100", "tep"])
def test_the_faults_fit_a_terminal_and_lose_no_word(
    said: Said, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    whole = said("plants", "faults", model)[1]
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    folded = said("plants", "faults", model)[1]
    assert max(map(len, whole.splitlines())) > 80 >= max(map(len, folded.splitlines()))
    assert folded.split() == whole.split()
    assert not whole.endswith("field actions\n")


def _state(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(path.read_text())["state"]
    return state
