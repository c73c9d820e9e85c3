"""Ctrl-C, SIGTERM, a lost reader and a lost parent: a command ends in order, and nothing stays."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from subprocess import PIPE

import pytest

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.session.supervisor import ConnectionState
from handwheel.hmi.shell.cli.interrupts import uninterrupted_import
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...command_line import HANDWHEEL
from ...plants.served import plant_process, site_of
from ..command_processes import (
    ANY_PORTS,
    becomes_true,
    children,
    ended,
    environment,
    in_terminal,
    is_running,
    line_with,
    started,
    tell,
    threads,
)

LONG_RUN = ("plant", "run", "cw-100", "--for", "1000h", "--fault", "F02@1s")
BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@BOTH
def test_an_interrupted_plant_saves_its_snapshot(number: signal.Signals, tmp_path: Path) -> None:
    snapshot = tmp_path / "plant.json"
    options = (*ANY_PORTS, "--json", "--snapshot", str(snapshot))
    with started("plant", "serve", "cw-100", *options) as process:
        line_with(process, "ready")
        assert ended(process, number) == (130, "")
    assert json.loads(snapshot.read_text())["model"] == "cw-100"
    assert list(tmp_path.iterdir()) == [snapshot]


@BOTH
def test_an_interrupted_run_keeps_its_file(number: signal.Signals, tmp_path: Path) -> None:
    with started(*LONG_RUN, "--csv", "run.csv", cwd=tmp_path) as process:
        line_with(process, "F02")
        assert ended(process, number) == (130, "")
    assert (tmp_path / "run.csv").read_text().endswith("\n")


@pytest.mark.parametrize("ignored", ["INT", "HUP"])
def test_what_a_shell_ignores_stays_ignored_and_the_rest_ends_in_order(ignored: str) -> None:
    script = f'trap \'\' {ignored}; exec "$0" "$@"'  # as in a background job, or under nohup
    command = ["sh", "-c", script, *HANDWHEEL, *LONG_RUN]
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
        line_with(process, "F02")
        process.send_signal(signal.Signals[f"SIG{ignored}"])
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        number = signal.SIGHUP if ignored == "INT" else signal.SIGTERM
        assert ended(process, number) == (130, "")


def test_an_interruption_waits_for_an_import_to_end() -> None:
    imported: list[str] = []

    def interrupted_import() -> None:
        with uninterrupted_import():
            signal.raise_signal(signal.SIGINT)
            imported.append("a slow library")

    with pytest.raises(KeyboardInterrupt):
        interrupted_import()
    assert imported == ["a slow library"]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    folder = tmp_path_factory.mktemp("watched")
    with plant_process("--speed", "0") as plant:
        site_of(folder, plant.link)
        yield folder


@BOTH
def test_an_interrupted_watch_ends(number: signal.Signals, watched: Path) -> None:
    with started("tags", "watch", "PT-102.pv", "P-101A.running", cwd=watched) as process:
        line_with(process, "P-101A.running true  Good")
        code, errors = ended(process, number)
    assert code == 130
    assert set(errors.splitlines()) <= {
        f"handwheel: {name} {state}"
        for name in ("dcs", "pkg")
        for state in ("connecting", "connected")
    }


async def test_the_readers_of_a_dead_plant_end_at_any_moment(tmp_path: Path) -> None:
    site = site_of(tmp_path, PlantEndpoints(1, 2))  # nobody listens at these ports
    tags = site.find_tags(["PT-102.pv", "P-101A.running"])
    for moment in range(12):
        async with asyncio.timeout(50), SiteReader(site, tags) as reader:
            for _ in range(moment):
                await asyncio.sleep(0)
        states = {connection.state for connection in reader.connections}
        assert states == {ConnectionState.DISCONNECTED}


@pytest.mark.timeout(300)  # four processes start
@pytest.mark.parametrize("after", ["starting the plant", "PT-102.pv 3"])
def test_a_terminated_demo_leaves_nothing(after: str, tmp_path: Path) -> None:
    with started("demo", temporary=tmp_path) as process:
        line_with(process, after)
        assert becomes_true(lambda: bool(children(process.pid)))
        plant = children(process.pid)
        assert list(tmp_path.iterdir()) != []
        said = "handwheel: interrupted; the demo site was removed\n"
        assert ended(process, signal.SIGTERM) == (130, said)
    assert not any(is_running(pid) for pid in plant)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(300)  # four processes start
def test_ctrl_c_in_a_terminal_gives_the_screen_back(tmp_path: Path) -> None:
    with in_terminal("-m", "handwheel.hmi", "demo", temporary=tmp_path) as terminal:
        terminal.read_until("\x1b[?1049h")  # the alternate screen
        terminal.read_until("P-101A running")
        processes = children(terminal.process.pid)
        terminal.type("\x03")
        assert terminal.exit_code() == 130
    assert terminal.written.count("handwheel: interrupted;") == 1
    assert terminal.written.rpartition("\x1b[?1049")[2].startswith("l")
    assert "\x1b[?25h" in terminal.written.rpartition("\x1b[?25l")[2]  # the cursor shows again
    assert "Traceback" not in terminal.written
    assert len(processes) == 3
    assert not any(is_running(pid) for pid in processes)


@pytest.mark.timeout(300)  # two processes start
def test_a_demo_killed_while_it_starts_leaves_no_plant(tmp_path: Path) -> None:
    with started("demo", temporary=tmp_path) as process:
        line_with(process, "starting the plant")
        assert becomes_true(lambda: bool(children(process.pid)))
        plant = children(process.pid)[0]
        assert becomes_true(lambda: threads(plant) > 1)  # one minds the pipe
        process.kill()
        process.wait()
        assert becomes_true(lambda: not is_running(plant))


_PARENT = """
import asyncio, pathlib, sys
from handwheel.hmi.simulation.demo.processes import start_demo_system
from handwheel.hmi.simulation.demo.scenarios import DEMO_SCENARIOS

async def main():
    scenario = DEMO_SCENARIOS["F01"]
    async with start_demo_system(pathlib.Path(sys.argv[1]), scenario, is_attended=True):
        print("all up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.timeout(300)  # four processes start
def test_a_killed_parent_takes_plant_gate_and_agents_along(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", _PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=PIPE, text=True) as parent:
        assert line_with(parent, "all up")
        processes = children(parent.pid)
        assert len(processes) == 3
        assert all(map(is_running, processes))
        parent.kill()
        parent.wait()
        assert becomes_true(lambda: not any(map(is_running, processes)))
    assert (tmp_path / "plant.log").read_text() == ""
    for name in ("gate", "agents"):  # the plant may end first, and be missed
        said = (tmp_path / f"{name}.log").read_text().splitlines()
        assert [line for line in said if not line.startswith("handwheel: reading ")] == []


@pytest.mark.timeout(300)  # four processes start
def test_a_killed_plant_ends_the_demo_with_a_message(tmp_path: Path) -> None:
    with started("demo", temporary=tmp_path) as process:
        line_with(process, "PT-102.pv 3")
        os.kill(children(process.pid)[0], signal.SIGKILL)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 3
    assert errors.splitlines() == [
        "handwheel: not reachable",
        "handwheel: the plant: ended by itself (-9): no message",
    ]
    assert list(tmp_path.iterdir()) == []


SHORT_RUN = "plant run cw-100 --for 1s"  # its one line waits for the end


@pytest.mark.parametrize("command", ["tags list", SHORT_RUN, " ".join(LONG_RUN)])
def test_a_reader_that_has_gone_ends_a_command_in_silence(command: str, tmp_path: Path) -> None:
    site_of(tmp_path, PlantEndpoints())
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert _writing_to(writing, command, tmp_path) == (1, b"")
    finally:
        os.close(writing)


def _writing_to(output: int, command: str, cwd: Path) -> tuple[int, bytes]:
    words = [*HANDWHEEL, *command.split()]
    done = subprocess.run(
        words, stdout=output, stderr=PIPE, cwd=cwd, env=environment(), check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", ["tags list", SHORT_RUN])
def test_a_full_disk_behind_standard_output_is_a_clear_message(
    command: str, tmp_path: Path
) -> None:
    site_of(tmp_path, PlantEndpoints())
    message = b"handwheel: standard output: no space left on device\n"
    with Path("/dev/full").open("w") as full:
        assert _writing_to(full.fileno(), command, tmp_path) == (2, message)


def test_a_plant_whose_reader_has_gone_still_saves_its_snapshot(tmp_path: Path) -> None:
    snapshot = tmp_path / "plant.json"
    options = (*ANY_PORTS, "--json", "--snapshot", str(snapshot))
    with started("plant", "serve", "cw-100", *options) as process:
        line_with(process, "ready")
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        tell(process, "fault F02\nquit")
        assert process.wait(timeout=60) == 1
        assert process.stderr.read() == ""
    assert snapshot.exists()
