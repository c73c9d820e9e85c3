"""Clients that we did not write, and a plant of its own process for them to try."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import PIPE
from typing import Any, Self

import pytest

from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.model import Value
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..plants.served import GATE_SECRET, PlantProcess, frames_of, plant_process

_HERE = Path(__file__).parent
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Plant:
    """A plant that stands still, with its frame log and its own word on its state."""

    process: PlantProcess
    frame_log: Path
    snapshot: Path

    def command(self, line: str) -> None:
        stdin = self.process.process.stdin
        assert stdin is not None
        stdin.write(f"{line}\n")
        stdin.flush()

    @property
    def endpoint(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.process.ports['opcua']}/"

    @property
    def frames(self) -> Sequence[Mapping[str, Any]]:
        return frames_of(self.frame_log) if self.frame_log.exists() else ()

    def own_values(self) -> Mapping[str, Value]:
        """What the plant itself says, past both servers: the values in a fresh snapshot."""
        self.snapshot.unlink(missing_ok=True)
        self.command(f"save {self.snapshot}")
        deadline = time.monotonic() + _PATIENCE_S
        while not self.snapshot.exists():
            assert time.monotonic() < deadline, "the plant does not save"
            time.sleep(0.002)
        plant = create(None)
        plant.restore(json.loads(self.snapshot.read_text(encoding="utf-8")))
        return Simulation(plant, Scenario()).values()


@contextmanager
def standing_plant(folder: Path, *arguments: str) -> Generator[Plant]:
    """Serves a plant without noise, unless `arguments` say otherwise."""
    secret, frame_log = folder / "gate.secret", folder / "frames.jsonl"
    secret.write_text(GATE_SECRET, encoding="utf-8")
    files = ("--gate-secret", str(secret), "--frame-log", str(frame_log))
    with plant_process("--speed", "0", *files, *(arguments or ("--no-noise",))) as process:
        yield Plant(process, frame_log, folder / "snapshot.json")
        assert process.process.poll() is None, "the plant died of its clients"


def compiled(folder: Path, name: str, needs: str, *, sources: Sequence[str], library: str) -> Path:
    """Returns a C program of this folder; skips where its library or a compiler is missing.

    Args:
        needs: C source that compiles only where the library is there in a version that serves.
    """
    cc = shutil.which("cc")
    if cc is None:
        pytest.skip("interop: there is no C compiler (cc)")
    probe = subprocess.run([cc, "-fsyntax-only", "-xc", "-"], input=needs.encode(), check=False)
    if probe.returncode:
        pytest.skip(f"interop: {library} cannot be had, see tests/interop/install")
    program = folder / name
    options = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-o", str(program))
    files = [str(_HERE / source) for source in sources]
    subprocess.run([cc, *options, *files, f"-l{library}"], check=True)
    return program


class Conversation:
    """A program that answers each line with a line, at once."""

    def __init__(
        self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None
    ) -> None:
        whole = {**os.environ, **(environment or {})}
        self._process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, env=whole)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE_S)
        finally:
            self._process.kill()
            self._process.stdout.close()

    def hear(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "it has ended"
        return line.rstrip("\n")

    def ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self.hear()


def answers(command: Sequence[str | Path], lines: Sequence[str]) -> list[str]:
    done = subprocess.run(
        command,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


VALUE = 13
VARIABLE = 2

_NEEDS = """\
#include <open62541/client.h>
#if UA_OPEN62541_VER_MAJOR != 1 || UA_OPEN62541_VER_MINOR < 4
#error
#endif
"""


@dataclass(frozen=True)
class Reading:
    status: str
    type: str
    value: Any


@dataclass(frozen=True)
class OpcuaClient:
    """One that has no name until `as_user` gives it one."""

    program: Path
    endpoint: str
    account: tuple[str, ...] = ()

    def as_user(self, name: str, password: str) -> "OpcuaClient":
        return replace(self, account=(name, password))

    def connect(self) -> str:
        """How the server answers when a session is activated."""
        return answers([self.program, self.endpoint, *self.account], [])[0]

    def browse(self) -> dict[str, int]:
        """Every node that any references lead to from Root, with its class."""
        rows = (line.split("\t") for line in self._list("browse\ti=84"))
        return {node: int(kind) for node, kind in rows}

    def read(self, places: Iterable[tuple[str, int]]) -> list[Reading]:
        return [
            Reading(status, kind, json.loads(text).get("Body"))
            for status, kind, text in (
                line.split("\t") for line in self.tell(f"read\t{n}\t{a}" for n, a in places)
            )
        ]

    def nudge(self, places: Iterable[tuple[str, int]]) -> list[str]:
        """Writes another value of the right type to each of these attributes."""
        return self.tell(f"nudge\t{node}\t{attribute}" for node, attribute in places)

    def write(self, rows: Iterable[tuple[str, str, str]]) -> list[str]:
        """Writes nodes' values, given with their type and as JSON."""
        return self.tell(f"write\t{n}\t{VALUE}\t{kind}\t{text}" for n, kind, text in rows)

    def tell(self, commands: Iterable[str]) -> list[str]:
        told = list(commands)
        got = self._answers(told)
        assert len(got) == len(told)
        return got

    def _list(self, command: str) -> Sequence[str]:
        *rows, dot = self._answers([command])
        assert dot == "."
        return rows

    def _answers(self, commands: Sequence[str]) -> list[str]:
        status, *rest = answers([self.program, self.endpoint, *self.account], commands)
        assert status == "Good"
        return rest


def viewer_of(plant: Plant, folder: Path) -> OpcuaClient:
    sources = ("uaprobe.c", "uacommon.c")
    program = compiled(folder, "uaprobe", _NEEDS, sources=sources, library="open62541")
    return OpcuaClient(program, plant.endpoint)


def gate_of(viewer: OpcuaClient) -> OpcuaClient:
    return viewer.as_user("gate", GATE_SECRET)
