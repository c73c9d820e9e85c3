"""Servers that we did not write, and sites with one connection, `peer`, to them."""

import os
import shutil
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest

from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.model.site import Site, load_site

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

    def ask(self, line: str) -> str:
        """Returns the answer to a line."""
        self.tell(line)
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()

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
def open62541(
    folder: Path, *, change_ms: int, most_nodes: int, password: str = ""
) -> Generator[ForeignServer]:
    """An OPC UA server in C, whose numbered nodes count up; `most_nodes` is for one Read.

    With a `password` of the user `gate` its nodes can be written.
    """
    needs = "#include <open62541/server.h>\n"
    source = str(_PEERS / "uaserver.c")
    program = compiled(folder, "uaserver", needs, sources=[source], library="open62541")
    more = [password] if password else []
    with _running(ForeignServer([program], NUMBERS, change_ms, most_nodes, *more)) as server:
        yield server


@contextmanager
def open62541_writable(folder: Path) -> Generator[ForeignServer]:
    """The same, whose nodes stand still and can be written."""
    with open62541(folder, change_ms=0, most_nodes=0, password="secret") as server:
        yield server


@contextmanager
def node_opcua(folder: Path, *, change_ms: int, most_nodes: int) -> Generator[ForeignServer]:
    """An OPC UA server on Node.js with nearly the same nodes; its keys are below `keys`."""
    command = _script("nodeserver.js", "node-opcua-server")
    more = [folder / "keys", "secured"]
    with _running(ForeignServer(command, NUMBERS, change_ms, most_nodes, *more)) as server:
        yield server


@contextmanager
def node_opcua_writable(anonymous_port: int) -> Generator[ForeignServer]:
    """An OPC UA server on Node.js with ten sessions, whose nodes stand still and can be written.

    A second one, at the other port, offers no user names.
    """
    command: list[str | Path] = [
        node_with("node-opcua-server"),
        Path(__file__).with_name("writable.js"),
    ]
    with _running(ForeignServer(command, MODULES.with_name("keys"), anonymous_port)) as server:
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


Tags = Mapping[str, str]


def opcua_site(folder: Path, server: ForeignServer, tags: Tags, more: str = "") -> Site:
    connection = f'kind: opcua, endpoint: "opc.tcp://127.0.0.1:{server.port}", scan: 50 ms{more}'
    return site(folder, connection, tags)


def modbus_site(folder: Path, server: ForeignServer, tags: Tags, more: str = "") -> Site:
    connection = f"kind: modbus, host: 127.0.0.1, read: {{port: {server.port}}}, scan: 50 ms{more}"
    return site(folder, connection, tags)


def site(folder: Path, connection: str, tags: Tags) -> Site:
    lines = [f"  {name}.pv: {{connection: peer, {entry}}}" for name, entry in tags.items()]
    (folder / "site.yaml").write_text(
        f"schema: site/1\nid: peer\nconnections:\n  peer: {{{connection}}}\ntags: tags.yaml\n"
    )
    (folder / "tags.yaml").write_text("\n".join(["schema: tags/1", "tags:", *lines, ""]))
    return load_site(folder)


def node(name: str, kind: str) -> str:
    return f'node: "nsu=urn:handwheel:peer;{name if "=" in name else f"s={name}"}", type: {kind}'


def holding(address: int, encoding: str, more: str = "") -> str:
    kind = "float" if encoding.startswith("float") or "scale" in more else "int"
    return f"table: holding, address: {address}, encoding: {encoding}, type: {kind}{more}"


async def read(site: Site) -> dict[str, tuple[Any, str]]:
    """Every tag's value and the name of its status, by the tag's name."""
    values = await read_once(site, list(site.tags.values()))
    return {
        name.removesuffix(".pv"): (each.value, each.status.name) for name, each in values.items()
    }
