"""A process of a kill run: it prints JSON lines, and may be killed at any time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from subprocess import PIPE
from threading import Thread
from typing import Any

ROOT = Path(__file__).parents[2]


class GivenUp(Exception):
    """A process did not do in time what the run needs."""


class Child:
    """Leads a session of its own; what it prints besides JSON objects is dropped."""

    def __init__(self, command: Sequence[str], errors: Path) -> None:
        with errors.open("ab") as file:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=PIPE,
                stdout=PIPE,
                stderr=file,
                text=True,
                start_new_session=True,
            )
        self._lines: Queue[dict[str, Any] | None] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """With what it has ended; `None` while it is there."""
        return self._process.poll()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self._lines.put(json.loads(line))
        self._lines.put(None)

    def line(self, within_s: float) -> dict[str, Any] | None:
        """Returns the next line; `None` if the process has ended."""
        try:
            found = self._lines.get(timeout=within_s)
        except Empty:
            raise GivenUp(f"process {self.pid} said nothing within {within_s:g} s") from None
        if found is None:
            self._lines.put(None)
        return found

    def tell(self, order: Mapping[str, Any]) -> None:
        self.say(json.dumps(order))

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it was killed; whoever waits for the answer notices
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()

    def kill(self) -> bool:
        """Kills it and what it has started; says whether this is what it died of."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
        self._finish()
        return self._process.returncode == -signal.SIGKILL

    def stop(self, within_s: float = 10.0) -> None:
        """Closes its standard input, upon which it ends."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise GivenUp(f"process {self.pid} did not end with its standard input") from None
        self._finish()

    def _finish(self) -> None:
        self._process.wait()
        self._reader.join(timeout=60)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()


def python(module: str, *arguments: str) -> list[str]:
    """Returns the command line of a program under `tests`."""
    return [sys.executable, "-m", f"tests.{module}", *arguments]
