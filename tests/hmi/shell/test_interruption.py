"""Ctrl-C, SIGTERM and a lost reader: a command ends in order, and nothing stays."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Generator
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryFile

import pytest

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.session.supervisor import ConnectionState
from handwheel.hmi.shell.cli import exits
from handwheel.hmi.shell.cli.interrupts import handle_termination_signals, uninterrupted_import
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...command_line import HANDWHEEL
from ...plants.served import site_of
from ..command_processes import ANY_PORTS, ended, environment, forked, line_with, started, tell

LONG_RUN = ("plants", "run", "cw-100", "--for", "1000h", "--fault", "F02@1s")


def test_a_terminated_plant_saves_its_snapshot(tmp_path: Path) -> None:
    snapshot = tmp_path / "plant.json"
    options = (*ANY_PORTS, "--json", "--snapshot", str(snapshot))
    serve = ("plants", "serve", "cw-100", *options)
    with TemporaryFile() as errors, forked(*serve, cwd=tmp_path, errors=errors) as process:
        line_with(process, "ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 130
        assert os.fstat(errors.fileno()).st_size == 0
    assert json.loads(snapshot.read_text())["model"] == "cw-100"
    assert list(tmp_path.iterdir()) == [snapshot]


def test_an_interrupted_run_keeps_its_file(tmp_path: Path) -> None:
    with started(*LONG_RUN, "--csv", "run.csv", cwd=tmp_path) as process:
        line_with(process, "F02")
        assert ended(process, signal.SIGINT) == (130, "")
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
        # Not SIGHUP, which is ignored in all that a test run under nohup starts.
        assert ended(process, signal.SIGTERM) == (130, "")


def test_an_interruption_waits_for_an_import_to_end() -> None:
    imported: list[str] = []

    def interrupted_import() -> None:
        with uninterrupted_import():
            signal.raise_signal(signal.SIGINT)
            imported.append("a slow library")

    with pytest.raises(KeyboardInterrupt):
        interrupted_import()
    assert imported == ["a slow library"]


async def test_the_readers_of_a_dead_plant_end_at_any_moment(tmp_path: Path) -> None:
    site = site_of(tmp_path, PlantEndpoints(1, 2))  # nobody listens at these ports
    tags = site.find_tags(["PT-102.pv", "P-101A.running"])
    for moment in range(12):
        async with asyncio.timeout(50), SiteReader(site, tags) as reader:
            for _ in range(moment):
                await asyncio.sleep(0)
        states = {connection.state for connection in reader.connections}
        assert states == {ConnectionState.DISCONNECTED}


SHORT_RUN = "plant run cw-100 --for 1s"  # its one line waits for the end


@pytest.mark.parametrize("command", [SHORT_RUN, " ".join(LONG_RUN)])
def test_a_reader_that_has_gone_ends_a_command_in_silence(command: str, tmp_path: Path) -> None:
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


def test_a_full_disk_behind_standard_output_is_a_clear_message(tmp_path: Path) -> None:
    message = b"handwheel: standard output: no space left on device\n"
    with Path("/dev/full").open("w") as full:
        assert _writing_to(full.fileno(), SHORT_RUN, tmp_path) == (2, message)


def test_a_plant_whose_reader_has_gone_still_saves_its_snapshot(tmp_path: Path) -> None:
    snapshot = tmp_path / "plant.json"
    options = (*ANY_PORTS, "--json", "--snapshot", str(snapshot))
    serve = ("plants", "serve", "cw-100", *options)
    with TemporaryFile() as errors, forked(*serve, cwd=tmp_path, errors=errors) as process:
        line_with(process, "ready")
        process.stdout.close()
        tell(process, "fault F02\nquit")
        assert process.wait(timeout=60) == 1
        assert os.fstat(errors.fileno()).st_size == 0
    assert snapshot.exists()


@pytest.fixture
def ignored() -> Generator[None]:
    """Ctrl-C is ignored; the other signals are ours."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.getsignal(each) for each in numbers}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in numbers[1:]:
        signal.signal(each, signal.SIG_DFL)
    handle_termination_signals()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.usefixtures("ignored")
def test_sigterm_where_ctrl_c_is_ignored_lets_the_work_clean_up(times: int) -> None:
    told: list[str] = []
    handler = signal.getsignal(signal.SIGTERM)

    async def works() -> None:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGTERM)  # while this very task is running
            await asyncio.sleep(0)
        await asyncio.sleep(60.0)

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(works())

    async def main() -> None:
        task = asyncio.create_task(work())
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            told.append("stopped")

    with pytest.raises(KeyboardInterrupt):
        exits.run(main())
    assert told == ["stopped"]
    assert signal.getsignal(signal.SIGTERM) is handler
