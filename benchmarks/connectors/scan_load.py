"""Costs of scanning 10,000 tags every second in CPU, lateness and memory."""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from subprocess import PIPE
from tempfile import TemporaryDirectory

from ..peers.launch import NotHere
from .modbus import libmodbus
from .opcua import open62541

COUNT, FEW = 10_000, 1_000
_WHAT = f"many: {COUNT:,} tags a second"
_FEW_S = 1.0
_HEAPS = ("usual", "frozen")


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the figures, half of the tags on open62541 and half on libmodbus."""
    turns, seconds = (2, 10.0) if repeats > 1 else (1, 2.0)
    try:
        with TemporaryDirectory() as folder, ExitStack() as stack:
            ports = (
                stack.enter_context(open62541(Path(folder), COUNT // 2)),
                stack.enter_context(libmodbus(Path(folder))),
            )
            few = _scanned(ports, FEW, [_FEW_S])
            many, frozen = (_scanned(ports, COUNT, turns * [seconds], heap) for heap in _HEAPS)
    except NotHere as missing:
        return [(_WHAT, f"not here: {missing}")]
    a_tag = (many[-1].memory - few[-1].memory) / (COUNT - FEW)
    return [
        (f"{_WHAT}, under 0.25 of a core", f"{median(turn.share for turn in many):.2f}"),
        (f"{_WHAT}, memory of one tag", f"{a_tag:,.0f} bytes"),
        *_lateness(_WHAT, many),
        *_lateness(f"{_WHAT}, heap frozen", frozen),
    ]


@dataclass(frozen=True)
class _Turn:
    """Result of `scanner`, with lateness of each tick in seconds and memory in bytes."""

    idle: list[float]
    busy: list[float]
    share: float
    memory: int


def _scanned(
    ports: Sequence[int], count: int, turns: Sequence[float], heap: str = "usual"
) -> list[_Turn]:
    words = [str(word) for word in (*ports, count, heap)]
    command = [sys.executable, "-m", "benchmarks.connectors.scanner", *words]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as site:
        told, _ = site.communicate("".join(f"{seconds}\n" for seconds in turns))
    if site.returncode:
        raise RuntimeError(f"the site of {count:,} tags was not scanned")
    return [_Turn(*json.loads(line)) for line in told.splitlines()]


def _lateness(what: str, turns: Sequence[_Turn]) -> list[tuple[str, str]]:
    idle = sorted(late for turn in turns for late in turn.idle)
    busy = sorted(late for turn in turns for late in turn.busy)
    more, latest = 1000.0 * (_late(busy) - _late(idle)), 1000.0 * busy[-1]
    return [
        (f"{what}, p99.9 late, at most 5 ms above idle", f"{more:.1f} ms"),
        (f"{what}, the latest tick", f"{latest:.1f} ms, idle {1000.0 * idle[-1]:.1f} ms"),
    ]


def _late(ticks: Sequence[float]) -> float:
    """Returns p99.9, seconds."""
    return ticks[int(0.999 * len(ticks))]
