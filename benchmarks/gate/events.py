"""Time from the commit of a row in the gate to the subscriber who reads it."""

import json
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from statistics import median
from subprocess import DEVNULL, PIPE, Popen
from time import perf_counter, sleep

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.client.event_stream import EventStream
from handwheel.tools.guardrails.ledger.store.journal import JournalRow

from ..measure import p95

_EACH = 20  # rows in each repeat
_APART_S = 0.05
_SUBSCRIBERS = 20


@contextmanager
def gate_with_source(site: Site) -> Generator[Popen[str]]:
    """Runs the gate of a site without a plant, which answers lines as `source` does."""
    command = [sys.executable, "-m", "benchmarks.gate.source", str(site.root)]
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True) as gate:
        assert gate.stdin is not None
        assert gate.stdout is not None
        assert gate.stdout.readline() == "{}\n", "the gate did not start"
        try:
            yield gate
        finally:
            gate.stdin.close()


def rows(site: Site, repeats: int) -> list[tuple[str, str]]:
    """Returns the delay with one subscriber, and of the last of many in one process."""
    with gate_with_source(site) as gate:
        alone, last = (_delays(gate, site, count, repeats) for count in (1, _SUBSCRIBERS))
    what = "gate: an event at a subscriber after the commit"
    return [
        (f"{what}, p95 at most 20 ms", f"{1e3 * p95(alone):.1f} ms"),
        (f"{what}, median", f"{1e3 * median(alone):.1f} ms"),
        (f"{what}, p95 of the last of {_SUBSCRIBERS}", f"{1e3 * p95(last):.1f} ms"),
    ]


def _delays(gate: Popen[str], site: Site, subscribers: int, repeats: int) -> Sequence[float]:
    assert gate.stdin is not None
    assert gate.stdout is not None
    came: dict[int, float] = {}

    def note(found: object) -> None:
        if isinstance(found, JournalRow):
            came[found.seq] = perf_counter()

    streams = [EventStream(site.state, 0, note) for _ in range(subscribers)]
    for each in streams:
        each.wait(10.0)
    committed: dict[int, float] = {}
    for _ in range(repeats * _EACH):
        sleep(_APART_S)
        gate.stdin.write("row\n")
        gate.stdin.flush()
        seq, at_s = json.loads(gate.stdout.readline())
        committed[seq] = at_s
    sleep(1.0)
    for each in streams:
        each.close()
    return [came[seq] - at_s for seq, at_s in committed.items()]
