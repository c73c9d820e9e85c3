"""Times of messages over the gate's socket, beside the disk's own commit of what they add."""

import os
from asyncio import sleep
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import BinaryIO

from handwheel.connectors.client.site_reader import survey
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures.message import Message, submit
from handwheel.tools.requests.timestamps import instant_now

from ..actuation.desk import Desk
from ..actuation.site import PUMP
from ..measure import p95

_EACH = 8  # of each kind in each repeat
_PAUSE_S = 0.1  # between rounds of seven messages, since the gate takes 50 in a second

Pair = tuple[float, float]


class Disk:
    """Two files beside the ledger, into which the same bytes are written again.

    They are there as long as the measurement. Each is a little longer after each commit, as the
    ledger's log and its anchors are.
    """

    def __init__(self, folder: Path, exits: ExitStack) -> None:
        names = (folder / "bench-log", folder / "bench-anchors")
        self._files: Sequence[BinaryIO] = [
            exits.enter_context(each.open("ab", buffering=0)) for each in names
        ]

    def commit(self, rows: Sequence[JournalRow]) -> float:
        """Writes and syncs text and anchors of rows, and returns the seconds."""
        texts = "".join(f"{row.hash}{row.text}" for row in rows).encode()
        anchors = "".join(f"{row.seq} {row.hash}\n" for row in rows).encode()
        start = perf_counter()
        for file, what in zip(self._files, (texts, anchors), strict=True):
            file.write(what)
            os.fsync(file.fileno())
        return perf_counter() - start


async def rows(desk: Desk, repeats: int) -> list[tuple[str, str]]:
    """Returns what filing, approving and setting due take, more than the disk alone.

    The requests are carried out by the gate, each before the next is filed.
    """
    site = desk.decision_context.site
    pump = site.tags[PUMP]
    filed: list[Pair] = []
    decided: list[Pair] = []
    due: list[Pair] = []
    with ExitStack() as exits:
        disk = Disk(site.state, exits)
        for number in range(repeats * _EACH):
            seen = await survey(site, desk.to_survey(PUMP), [pump])
            proposal = desk.proposal(PUMP, number % 2 == 0, seen)
            filed.append(_timed(desk, disk, proposal))
            decided.append(_timed(desk, disk, desk.approval(proposal.request)))
            desk.wait_until_sent(proposal.request)
            request = desk.file_for_agent(first=PUMP)
            desk.approve(request)
            due.append(_timed(desk, disk, desk.due(request)))
            desk.wait_until_sent(request)
            desk.end(request)
            await sleep(_PAUSE_S)
    kinds = (("file a person's request", filed), ("approve", decided), ("set due", due))
    return [_figure(kind, pairs) for kind, pairs in kinds]


def _timed(desk: Desk, disk: Disk, message: Message) -> Pair:
    """Returns the seconds until the gate's answer, and of the disk for the same rows."""
    start = perf_counter()
    added = submit(desk.decision_context, message, instant_now())
    seconds = perf_counter() - start
    return seconds, disk.commit(added)


def _figure(kind: str, pairs: Sequence[Pair]) -> tuple[str, str]:
    ours, disks = zip(*pairs, strict=True)
    more = 1e3 * max(p95(ours) - p95(disks), 0.0)
    typical = 1e3 * max(median(ours) - median(disks), 0.0)
    alone = f"the disk {1e3 * p95(disks):.1f} and {1e3 * median(disks):.1f} ms"
    return (
        f"gate: {kind}, p95 at most 3 ms beside the disk's own commit",
        f"{more:.1f} ms, median {typical:.1f} ms ({alone})",
    )
