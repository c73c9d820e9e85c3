"""Servers that we did not write, to be read from, killed and started again."""

import os
import shutil
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest

from ..plants.devices.misbehaving import free_port
from .clients import compiled

NUMBERS = 20  # numbered nodes of an OPC UA server
ITEMS = 60_000  # of each table of a Modbus server: what is above does not exist
_PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"
_PATIENCE_S = 10.0
MODULES = Path(
    os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "handwheel-interop/node_modules"
)


class ForeignServer:
    """A server process at one port; the port is its first argument."""

    def __init__(self, command: Sequence[str | Path], *arguments: object) -> None:
        self.port = free_port()
        self._words = [str(word) for word in (*command, self.port, *arguments)]
        self._environment = {**os.environ, "NODE_PATH": str(MODULES)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._words, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=self._environment
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def tell(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def kill(self) -> None:
        """Ends it as a crash does, once it is up."""
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            process.communicate(timeout=_PATIENCE_S)


@contextmanager
def _running(server: ForeignServer) -> Generator[ForeignServer]:
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def open62541(folder: Path, *, change_ms: int, most_nodes: int) -> Generator[ForeignServer]:
    """An OPC UA server in C, whose numbered nodes count up; `most_nodes` is for one Read."""
    needs = "#include <open62541/server.h>\n"
    source = str(_PEERS / "uaserver.c")
    program = compiled(folder, "uaserver", needs, sources=[source], library="open62541")
    with _running(ForeignServer([program], NUMBERS, change_ms, most_nodes)) as server:
        yield server


@contextmanager
def node_opcua(folder: Path, *, change_ms: int, most_nodes: int) -> Generator[ForeignServer]:
    """An OPC UA server on Node.js with nearly the same nodes; its keys are below `keys`."""
    command = _script("nodeserver.js", "node-opcua-server")
    more = [folder / "keys", "secured"]
    with _running(ForeignServer(command, NUMBERS, change_ms, most_nodes, *more)) as server:
        yield server


@contextmanager
def libmodbus(folder: Path) -> Generator[ForeignServer]:
    """A Modbus server in C: a holding register is its own address."""
    needs = "#include <modbus/modbus.h>\n"
    source = str(_PEERS / "mbserver.c")
    program = compiled(folder, "mbserver", needs, sources=[source], library="modbus")
    with _running(ForeignServer([program], ITEMS)) as server:
        yield server


@contextmanager
def modbus_serial() -> Generator[ForeignServer]:
    """A Modbus server on Node.js with the same registers."""
    with _running(ForeignServer(_script("mbserver.js", "modbus-serial"), ITEMS)) as server:
        yield server


def node_with(package: str) -> str:
    """Returns Node.js; skips where it or the package is missing."""
    node = shutil.which("node")
    if node is None or not (MODULES / package).is_dir():
        pytest.skip(f"interop: {package} cannot be had, see tests/interop/install")
    return node


def _script(name: str, package: str) -> tuple[str, Path]:
    return node_with(package), _PEERS / name
