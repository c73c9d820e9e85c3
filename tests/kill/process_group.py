"""The processes of a test at a site, by name; any may be killed at any time."""

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, Self

from ..command_line import HANDWHEEL
from ..forked_process import ForkedProcess
from .site import World

ROOT = Path(__file__).parents[2]
_STOP_S = 20.0


class GivenUp(Exception):
    """A process did not do in time what the run needs."""


def python(module: str, *arguments: str) -> list[str]:
    """Returns the command line of a program under `tests`."""
    return [sys.executable, "-m", f"tests.{module}", *arguments]


def gate_command(site: Path) -> Sequence[str]:
    """A gate that says when it is ready with one JSON line, and ends with its standard input."""
    return [*HANDWHEEL, "gate", "--json", "--site", str(site)]


class ProcessGroup:
    """Who is running; `with` ends them all. Standard errors go into files of the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._processes: dict[str, tuple[ForkedProcess, Thread]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for name in list(self._processes):
            self.kill(name)

    def start(self, name: str, command: Sequence[str]) -> Mapping[str, Any]:
        """Starts a process, and returns the JSON line with which it says that it is ready."""
        errors = self._world.root / f"{name}.log"
        with errors.open("ab") as file:
            process = ForkedProcess(command, cwd=ROOT, errors=file)
        line = next((each for each in process.stdout if each.startswith("{")), "")
        drain = Thread(target=process.stdout.read)
        drain.start()
        self._processes[name] = process, drain
        if not line:
            raise GivenUp(f"{name} did not start: {errors.read_text(encoding='utf-8')[-2000:]}")
        ready: Mapping[str, Any] = json.loads(line)
        return ready

    def kill(self, name: str) -> bool:
        """Kills a process; says whether it died of that."""
        self._processes[name][0].kill()
        return self._end(name) == -signal.SIGKILL

    def stop(self, name: str) -> None:
        """Closes the standard input of a process, upon which it ends."""
        self._processes[name][0].stdin.close()
        self._processes[name][0].wait(_STOP_S)
        assert self._end(name) == 0

    def _end(self, name: str) -> int:
        process, drain = self._processes.pop(name)
        code = process.wait()
        drain.join()
        for stream in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                stream.close()
        return code
