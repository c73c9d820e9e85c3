"""Builds and starts programs on other libraries, in processes of their own on loopback."""

import os
import shutil
import socket
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE

_HERE = Path(__file__).parent
_NODE_FOLDER = "handwheel-interop/node_modules"
_EXIT_WITHIN_S = 10.0


class NotHere(Exception):
    """A peer is not available on this machine, with what is missing."""


def built(folder: Path, name: str, library: str) -> Path:
    """Compiles one of the C programs beside this file.

    Raises:
        NotHere: There is no compiler, or no such library.
    """
    cc = shutil.which("cc")
    if cc is None:
        raise NotHere("no C compiler")
    program = folder / name
    command = [cc, "-O2", "-o", str(program), str(_HERE / f"{name}.c"), f"-l{library}"]
    if subprocess.run(command, stderr=DEVNULL, check=False).returncode:
        raise NotHere(f"no {library}")
    return program


def script(name: str, package: str) -> tuple[str, str]:
    """Returns the command that runs one of the scripts beside this file on Node.js.

    Raises:
        NotHere: There is no Node.js, or no such package; `tests/interop/install` gets it.
    """
    node = shutil.which("node")
    if node is None or not (_node_path() / package).exists():
        raise NotHere(f"no {package}")
    return node, str(_HERE / f"{name}.js")


def _node_path() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), _NODE_FOLDER)


@contextmanager
def served(command: Sequence[str | Path], *arguments: object) -> Generator[int]:
    """Runs a server, whose first argument is its port, until the context is left.

    Yields:
        The port, once it serves.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    words = [str(word) for word in (*command, port, *arguments)]
    environment = {**os.environ, "NODE_PATH": str(_node_path())}
    with subprocess.Popen(words, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment) as peer:
        assert peer.stdin is not None
        assert peer.stdout is not None
        try:
            if peer.stdout.readline() != b"ready\n":
                raise NotHere(f"{Path(words[-1]).name} does not serve")
            yield port
        finally:
            peer.stdin.close()
            try:
                peer.wait(_EXIT_WITHIN_S)
            except subprocess.TimeoutExpired:
                peer.kill()
