import subprocess
import sys
from subprocess import PIPE

import pytest

from ..command_processes import in_terminal

# Prints each line as it comes, and what became of the input within the limit.
_ECHO = """
import asyncio, sys
from handwheel.hmi.shell.terminal.stdin import stdin_lines

async def main():
    print("ready", flush=True)
    try:
        async with asyncio.timeout(float(sys.argv[1])):
            async for line in stdin_lines():
                print(repr(line), flush=True)
        print("ended", flush=True)
    except TimeoutError:
        print("waits", flush=True)

asyncio.run(main())
"""
ENDING = ("-c", _ECHO, "10")
WAITING = ("-c", _ECHO, "0.5")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", []),
        (b"speed 1\r\nquit", ["'speed 1'", "'quit'"]),
        (b"\n a \n", ["''", "' a '"]),
        ("ü\n".encode() + b"\xff\n", ["'ü'", repr("\N{REPLACEMENT CHARACTER}")]),
    ],
)
def test_a_pipe_gives_its_lines_and_ends(text: bytes, said: list[str]) -> None:
    done = subprocess.run([sys.executable, *ENDING], input=text, capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == ["ready", *said, "ended"]
    assert done.stderr == b""


@pytest.mark.parametrize("redirection", ["</dev/null", "<&-"])
def test_no_input_is_no_end(redirection: str) -> None:
    command = ["sh", "-c", f'exec "$0" "$@" {redirection}', sys.executable, *WAITING]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("ready\nwaits\n", "")


def test_a_process_ends_while_its_pipe_is_open() -> None:
    command = [sys.executable, *WAITING]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.read() == b"ready\nwaits\n"
        assert child.wait(timeout=60) == 0
        assert child.stderr.read() == b""


def test_a_terminal_gives_its_lines_and_ends_with_ctrl_d() -> None:
    with in_terminal(*ENDING) as terminal:
        terminal.read_until("ready")
        terminal.type("status\r")
        terminal.read_until("'status'")
        terminal.type("\x04")
        terminal.read_until("ended")
        assert terminal.exit_code() == 0


# A shell's background job is in the terminal's session, but not in its foreground.
_BACKGROUND = """
import subprocess, sys
job = subprocess.Popen(sys.argv[1:], process_group=0)
print("job ended with", job.wait(), flush=True)
"""


def test_a_background_job_is_not_stopped_by_its_terminal() -> None:
    with in_terminal("-c", _BACKGROUND, sys.executable, *WAITING) as terminal:
        terminal.read_until("ready")
        terminal.type("for the shell\r")
        terminal.read_until("job ended with 0")
        assert terminal.exit_code() == 0
    assert "waits" in terminal.written
    assert "'for the shell'" not in terminal.written


# A process that takes its time to start: so many seconds.
_START = """
import sys, time
from handwheel.hmi.shell.terminal.stdin import end_with_pipe
with end_with_pipe() as note_start:
    if "started" in sys.argv:
        note_start()
    if "failed" not in sys.argv:
        print("minds its pipe", flush=True)
        time.sleep(float(sys.argv[1]))
if "failed" in sys.argv:
    print("minds its pipe", flush=True)
    time.sleep(float(sys.argv[1]))
print("lives on", flush=True)
"""


@pytest.mark.parametrize(
    ("state", "written", "lives_on"),
    [
        ("starting", b"", False),
        ("starting", b"quit", True),
        ("started", b"", True),
        ("failed", b"", True),
    ],
)
def test_a_start_is_given_up_when_its_pipe_closes_empty(
    state: str, written: bytes, lives_on: bool
) -> None:
    command = [sys.executable, "-c", _START, "0.6" if lives_on else "10", state]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"minds its pipe\n"
        said, _ = child.communicate(written)
        assert (child.returncode, said) == (0, b"lives on\n" if lives_on else b"")


def test_a_pipe_that_was_never_open_gives_up_nothing() -> None:
    command = [sys.executable, "-c", _START, "0.6", "starting"]
    done = subprocess.run(command, input=b"", capture_output=True, check=True)
    assert done.stdout == b"minds its pipe\nlives on\n"
