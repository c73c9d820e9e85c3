"""Speed of reading OPC UA servers of others, against asyncua's own client."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..peers.launch import NotHere, built, script, served
from .opcua_clients import CLIENTS
from .rounds import compared

COUNT = 1000
_PASSES = {"ours": 20, "asyncua": 5}


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the ratios and the milliseconds of this machine."""
    with TemporaryDirectory() as folder:
        return [*_of_open62541(Path(folder), repeats), *_of_node_opcua(Path(folder), repeats)]


@contextmanager
def open62541(folder: Path, count: int, change_ms: int = 0) -> Generator[int]:
    """Serves `count` doubles by open62541, and yields its port.

    Raises:
        NotHere: It cannot be built.
    """
    with served([built(folder, "uaserver", "open62541")], count, change_ms, 0) as port:
        yield port


def _of_open62541(folder: Path, repeats: int) -> list[tuple[str, str]]:
    what = f"opcua: {COUNT:,} values of open62541"
    try:
        with open62541(folder, COUNT) as port:
            times = _times(port, repeats, *CLIENTS)
    except NotHere as missing:
        return [(what, f"not here: {missing}")]
    ours_s = times["ours"]
    return [
        (f"{what}, ours", f"{1000.0 * ours_s:.2f} ms"),
        (f"{what}, asyncua's one Read", _against(ours_s, times["asyncua"])),
        (f"{what}, asyncua one by one", _against(ours_s, times["asyncua-singly"])),
        (f"{what}, ours one by one", _against(ours_s, times["ours-singly"])),
    ]


def _of_node_opcua(folder: Path, repeats: int) -> list[tuple[str, str]]:
    what = f"opcua: {COUNT:,} values of node-opcua"
    try:
        command = script("nodeserver", "node-opcua-server")
        with served(command, COUNT, 0, 0, folder / "keys") as port:
            times = _times(port, repeats, "ours", "asyncua")
    except NotHere as missing:
        return [(what, f"not here: {missing}")]
    return [
        (f"{what}, ours", f"{1000.0 * times['ours']:.2f} ms"),
        (f"{what}, asyncua's one Read", _against(times["ours"], times["asyncua"])),
    ]


def _times(port: int, repeats: int, *names: str) -> dict[str, float]:
    module = [sys.executable, "-m", "benchmarks.connectors.opcua_clients"]
    return compared(
        {each: [*module, each, str(port), str(COUNT)] for each in names}, _PASSES, repeats
    )


def _against(ours_s: float, theirs_s: float) -> str:
    return f"{theirs_s / ours_s:.1f} times ours ({1000.0 * theirs_s:.1f} ms)"
