"""Changes a second of our subscription, against asyncua's own iterator."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from subprocess import PIPE
from tempfile import TemporaryDirectory

from ..peers.launch import NotHere
from .opcua import open62541
from .subscription_clients import CLIENTS, INTERVAL_MS

COUNT = 4000  # every INTERVAL_MS: far more than either client takes
_WHAT = "changes: of open62541"


@dataclass(frozen=True)
class _Taken:
    changes: int
    seconds: float
    cpu_s: float
    overflows: int


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the ratios, each figure by a subscriber of its own."""
    turns, seconds = max(repeats // 5, 1), min(0.5 * repeats, 2.0)
    taken: dict[str, list[_Taken]] = {name: [] for name in CLIENTS}
    try:
        with TemporaryDirectory() as folder, open62541(Path(folder), COUNT, INTERVAL_MS) as port:
            for _ in range(turns):
                for name, series in taken.items():
                    series.append(_take(name, port, seconds))
    except NotHere as missing:
        return [(_WHAT, f"not here: {missing}")]
    return _figures(taken["ours"], taken["asyncua"])


def _figures(ours: list[_Taken], theirs: list[_Taken]) -> list[tuple[str, str]]:
    a_second = [median(each.changes / each.seconds for each in side) for side in (ours, theirs)]
    a_cpu_s = [median(each.changes / each.cpu_s for each in side) for side in (ours, theirs)]
    lost = [median(each.overflows for each in side) for side in (ours, theirs)]
    offered = f"{COUNT * 1000 // INTERVAL_MS:,} offered a second"
    return [
        (f"{_WHAT}, {offered}, at least 0.80 of asyncua's iterator", _ratio(*a_second)),
        (f"{_WHAT}, in a CPU second", _ratio(*a_cpu_s)),
        (f"{_WHAT}, overflows told after a stall of 1 s", f"{lost[0]:,.0f}, there {lost[1]:,.0f}"),
    ]


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f} ({ours:,.0f}, there {theirs:,.0f})"


def _take(name: str, port: int, seconds: float) -> _Taken:
    command = [
        sys.executable,
        "-m",
        "benchmarks.connectors.subscription_clients",
        name,
        str(port),
        str(COUNT),
    ]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as client:
        told, _ = client.communicate(f"{seconds}\n")
    taken = _Taken(*json.loads(told))
    if not taken.changes:
        raise RuntimeError(f"{name}: no change came")
    return taken
