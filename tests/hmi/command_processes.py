"""The command line as processes: interrupted, in a terminal, or without a parent."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE
from time import monotonic, sleep
from typing import IO

from ..command_line import HANDWHEEL
from ..forked_process import Forked, ForkedProcess

ANY_PORTS = ("--opcua-port", "0", "--modbus-port", "0", "--modbus-gate-port", "0")

# Makes standard input the controlling terminal, so that a typed Ctrl-C becomes SIGINT.
_IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


# What would hide a missing flush, or give the terminal another size.
_HIDDEN = {"PYTHONUNBUFFERED", "COLUMNS", "LINES"}


def environment(**more: str) -> dict[str, str]:
    return {name: os.environ[name] for name in os.environ.keys() - _HIDDEN} | more


@contextmanager
def started(
    *arguments: str, cwd: Path | None = None, temporary: Path | None = None
) -> Generator[subprocess.Popen[str]]:
    """Runs the command line with pipes until the context ends; `temporary` is its TMPDIR."""
    command = [*HANDWHEEL, *arguments]
    variables = environment(TMPDIR=str(temporary)) if temporary else environment()
    with subprocess.Popen(
        command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd=cwd, env=variables
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def forked(*arguments: str, cwd: Path, errors: IO[bytes] | None = None) -> ForkedProcess:
    """Returns the same from a process that has imported it, where its start does not matter."""
    return ForkedProcess([*HANDWHEEL, *arguments], cwd=cwd, env=environment(), errors=errors)


def line_with(process: subprocess.Popen[str] | ForkedProcess, text: str) -> str:
    """Reads standard output up to the first line with this text."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"{text!r} never came; exit code {process.wait()}")


def tell(process: subprocess.Popen[str] | ForkedProcess, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """Sends a signal and returns the exit code and what came on standard error."""
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def children(pid: int) -> list[int]:
    """Returns the children that any of its threads has started."""
    told = [each.read_text() for each in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for child in " ".join(told).split()]


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}  # nobody may have waited for it


def becomes_true(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true within a minute, which only a busy machine needs."""
    end = monotonic() + 60.0
    while not (is_true := condition()) and monotonic() < end:
        sleep(0.02)
    return is_true


@dataclass
class Terminal:
    """A process that has a terminal of 80 by 24, and everything it has written there."""

    process: subprocess.Popen[bytes] | Forked
    master: int
    written: str = field(default="")

    def read_until(self, text: str) -> None:
        self.read_until_match(re.escape(text))

    def read_until_match(self, pattern: str) -> None:
        while not re.search(pattern, self.written):
            if not self._read():
                raise AssertionError(f"{pattern!r} is not in {self.written!r}")

    def answer(self, until: str, keys: str) -> None:
        """Waits for a prompt that was not answered yet, and answers it."""
        self.read_until(until)
        self.written = self.written.partition(until)[2]
        self.type(keys)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def exit_code(self) -> int:
        while self._read():
            pass
        return self.process.wait(timeout=60)

    def _read(self) -> bool:
        try:
            chunk = os.read(self.master, 65536)
        except OSError:  # the last one who had it open has gone
            return False
        self.written += chunk.decode(errors="replace")
        return True


@contextmanager
def in_terminal(
    *command: str, temporary: Path | None = None, variables: Mapping[str, str] | None = None
) -> Generator[Terminal]:
    """Runs a Python command line in a terminal of its own; `-m handwheel.hmi` starts at once."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    known = environment(**{"TERM": "xterm-256color", **(variables or {})})
    if temporary:
        known["TMPDIR"] = str(temporary)
    process: subprocess.Popen[bytes] | Forked
    if command[:2] == HANDWHEEL[1:]:
        process = Forked((sys.executable, *command), (slave,) * 3, cwd=Path.cwd(), env=known)
    else:
        process = subprocess.Popen(
            [sys.executable, "-c", _IN_TERMINAL, *command],
            stdin=slave, stdout=slave, stderr=slave, env=known, start_new_session=True,
        )  # fmt: skip
    os.close(slave)
    with process:
        try:
            yield Terminal(process, master)
        finally:
            process.kill()
            os.close(master)
