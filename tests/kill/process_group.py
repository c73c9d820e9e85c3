"""The processes of a kill run, each started by a command; any may be killed at any time."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any, Self

from ..command_line import HANDWHEEL
from ..forked_process import ForkedProcess
from .site import World

ROOT = Path(__file__).parents[2]
_READY_S = 120.0
_ORDER_S = 60.0


class GivenUp(Exception):
    """A process did not do in time what the run needs."""


class Child:
    """A process; what it prints besides JSON objects is dropped."""

    def __init__(self, command: Sequence[str], errors: Path) -> None:
        with errors.open("ab") as file:
            self._process = ForkedProcess(command, cwd=ROOT, errors=file)
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

    def say(self, line: str) -> None:
        with suppress(BrokenPipeError):  # it was killed; whoever waits for the answer notices
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()

    def kill(self) -> bool:
        """Kills it; says whether this is what it died of."""
        self._process.kill()
        self._finish()
        return self._process.returncode == -signal.SIGKILL

    def stop(self, within_s: float = 10.0) -> None:
        """Closes its standard input, upon which it ends."""
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
            with suppress(BrokenPipeError):
                stream.close()


def python(module: str, *arguments: str) -> list[str]:
    """Returns the command line of a program under `tests`."""
    return [sys.executable, "-m", f"tests.{module}", *arguments]


def gate_command(site: Path) -> Sequence[str]:
    """A gate that says when it is ready with one JSON line, and ends with its standard input."""
    return [*HANDWHEEL, "gate", "--json", "--site", str(site)]


class ProcessGroup:
    """Who is running, by name; `with` ends them all."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for child in self._children.values():
            child.kill()

    def launch(self, name: str, command: Sequence[str]) -> None:
        """Starts a process without waiting until it is ready."""
        self._children[name] = Child(command, self._errors(name))

    def ready(self, name: str) -> Mapping[str, Any]:
        """Returns the line with which a process says that it is ready."""
        line = self._children[name].line(_READY_S)
        if line is None:
            raise GivenUp(f"{name} did not start: {self.errors(name)[-2000:]}")
        return line

    def start(self, name: str, command: Sequence[str]) -> Mapping[str, Any]:
        self.launch(name, command)
        return self.ready(name)

    def _errors(self, name: str) -> Path:
        return self._world.root / f"{name}.log"

    def errors(self, name: str) -> str:
        """Returns what processes of this name have written to standard error."""
        return self._errors(name).read_text(encoding="utf-8")

    def kill(self, name: str) -> bool:
        """Kills a process; says whether it died of that."""
        return self._children[name].kill()

    def code(self, name: str) -> int | None:
        """Returns with what a process has ended; `None` while it is there."""
        return self._children[name].code

    def stop(self, *names: str) -> None:
        """Has processes end by themselves, one after the other."""
        for name in names:
            self._children.pop(name).stop()

    def say(self, name: str, line: str) -> None:
        """Types a line into a process."""
        self._children[name].say(line)

    def tell(self, order: Mapping[str, Any]) -> None:
        """Gives the terminal an order."""
        self.say("terminal", json.dumps(order))

    def answer(self) -> str:
        """Waits for the terminal's answer; returns what it was refused, empty if nothing."""
        line = self._children["terminal"].line(_ORDER_S)
        if line is None:
            raise GivenUp(f"the terminal ended: {self.errors('terminal')[-2000:]}")
        return str(line["problem"])

    def order(self, order: Mapping[str, Any]) -> str:
        """Gives the terminal an order and waits until it is done."""
        self.tell(order)
        return self.answer()
