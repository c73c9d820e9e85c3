"""Standard output and error that cannot take everything, or are not there at all."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from ...command_line import HANDWHEEL, handwheel, handwheel_process
from ..command_processes import ANY_PORTS, in_terminal


def shell(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line as `"$@"` in a shell's script."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *HANDWHEEL, *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


RUN = ("plant", "run", "cw-100", "--for", "10s")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_error(closed: str) -> None:
    done = shell(f'exec "$@" {closed}', *RUN)
    said = "" if ">&-" in closed.replace("2>&-", "") else "rode through\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
    wrong = shell(f'exec "$@" {closed}', "plant", "run", "cw-100", "--for", "soon")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("" if "2>&-" in closed else "handwheel: --for: 'soon'")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_poor_encoding_replaces_what_it_lacks(encoding: str) -> None:
    done = subprocess.run(
        [*HANDWHEEL, *RUN, "--plot", "--tag", "PT-102.pv"],
        capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert ("│" in done.stdout.decode(encoding)) == (encoding == "utf-8")


def test_a_lack_of_descriptors_is_not_blamed_on_standard_output() -> None:
    done = shell('ulimit -n 12; exec "$@"', "demo")
    assert (done.returncode, done.stderr) == (2, "handwheel: too many open files\n")


@pytest.mark.timeout(300)  # four processes start
def test_a_dumb_terminal_gets_lines(tmp_path: Path) -> None:
    dumb = "import os, sys; os.environ['TERM'] = 'dumb'; from handwheel.hmi.__main__ import main; "
    with in_terminal("-c", f"{dumb} main(['demo'])", temporary=tmp_path) as terminal:
        terminal.read_until("PT-102.pv 3")
        terminal.type("\x03")
        assert terminal.exit_code() == 130
    assert "\x1b[?1049h" not in terminal.written


def test_faults_for_programs_have_ranges_words_and_field_actions() -> None:
    listed = json.loads(handwheel("plant", "faults", "cw-100", "--json").stdout)
    bearing = next(kind for kind in listed["faults"] if kind["id"] == "F01")["parameters"]
    assert (bearing["d0"]["low"], bearing["d0"]["high"]) == (0.01, 1.5)
    assert bearing["pump"]["words"] == ["P-101A", "P-101B"]
    assert "clean-strainer" in listed["field_actions"]


def test_the_ports_of_a_plant_stand_in_columns() -> None:
    done = handwheel_process("plant", "serve", "cw-100", *ANY_PORTS, stdin="help\n")
    said = done.stdout.splitlines()
    access = ("anonymous reads", "reads, unit 1", "reads and writes")
    assert {line.index(text) for line, text in zip(said[1:], access, strict=False)} == {44}
    explained = said[said.index("Type help for commands, Ctrl-C to stop.") + 1 :]
    assert all(line[22] == " " != line[23] for line in explained)
