"""Records what connections deliver: a listener in front, a thread with the file behind."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

from ..connection import Gap
from ..endpoints import OpcuaConnection
from ..groups import KEEP_ALIVE_S, STALE_SCANS
from ..session import Sample
from ..site import Site
from .errors import HistoryError
from .file import HISTORY_FILE
from .writing import Batch, Writer

MOST_WAITING = 200_000
"""How many samples wait at most to be written; what comes then is dropped, and counted."""

_WRITE_S = 1.0
_THIN_OUT_S = 0.2  # of each write's second, at most, and one part of it
_STEP_US = 1_000_000  # by more than this the wall clock was set
_END_S = 1.5

_logger = logging.getLogger(__name__)


class Recorder:
    """Writes down what comes, while the context is open. It never waits, and raises nothing.

    What keeps it from writing is logged once, and tried again each second; the agents go on.

    Args:
        state: The site's state folder; `history.db` is made there if there is none.
        source_limits: As for `Writer`.

    Attributes:
        dropped: How many samples were not written because too many waited.
        trouble: What keeps it from writing now; empty for nothing.
    """

    def __init__(self, state: Path, source_limits: Mapping[str, float] | None = None) -> None:
        self._path = state / HISTORY_FILE
        self._limits = source_limits or {}
        self._clock = StampClock()
        self._waiting: deque[Batch] = deque()
        self._taken = 0  # by the loop's thread only
        self._written = 0  # by the other one only
        self._is_broken_off = False
        self._is_ending = Event()
        self._thread = Thread(target=self._work, name="historian", daemon=True)
        self.dropped = 0
        self.trouble = ""

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_ending.set()
        await asyncio.to_thread(self._thread.join, _END_S)

    def arrived(self, samples: Sequence[Sample]) -> None:
        """Takes readings; see `Listener`. None at all are a sign that the plant is still seen."""
        if self._taken - self._written + len(samples) >= MOST_WAITING:
            self.dropped += len(samples)
            self._is_broken_off = True
            return
        at_us, was_set = self._clock.now_us()
        self._taken += _weight(samples)
        self._waiting.append(Batch(at_us, samples, self._is_broken_off or was_set))
        self._is_broken_off = False

    def gap(self, connection: str, gap: Gap) -> None:
        """Takes a gap; the bad samples that come with it say all of it."""

    # --- the thread ---------------------------------------------------------------------------

    def _work(self) -> None:
        writer: Writer | None = None
        batches: list[Batch] = []
        is_last = False
        while not is_last:
            is_last = self._is_ending.wait(_WRITE_S)
            while self._waiting:
                batches.append(self._waiting.popleft())
            try:
                writer = writer or Writer(self._path, self._limits)
                if batches:
                    self._write(writer, batches)
                self._tell("")
            except HistoryError as error:
                self._tell(str(error))
                if writer is not None:  # opened anew, it may be another file
                    writer.close()
                    writer = None
        if writer is not None:
            writer.close()
        if batches:
            _logger.warning("what came last was not recorded")

    def _write(self, writer: Writer, batches: list[Batch]) -> None:
        writer.write(batches)
        now_us = batches[-1].at_us
        self._written += sum(_weight(each.samples) for each in batches)
        batches.clear()
        self._thin_out(writer, now_us)

    def _thin_out(self, writer: Writer, now_us: int) -> None:
        until_s = time.monotonic() + _THIN_OUT_S
        while not self._is_ending.is_set() and writer.thin_out(now_us):
            if time.monotonic() > until_s:
                return

    def _tell(self, trouble: str) -> None:
        """Logs a trouble once, and its end."""
        if trouble and not self.trouble:
            _logger.warning("nothing is recorded: %s; it is tried again", trouble)
        elif self.trouble and not trouble:
            _logger.warning("recording again; %d samples were lost", self.dropped)
        self.trouble = trouble


def _weight(samples: Sequence[Sample]) -> int:
    return max(len(samples), 1)  # a sign of life takes room as well


class StampClock:
    """The wall clock, made to go forwards only.

    Set forwards, it jumps, and there is a gap; set back, it goes on ahead of the wall until the
    process starts anew: two samples of one tag never stand for the same moment.
    """

    def __init__(self) -> None:
        self._offset_us = 0

    def now_us(self) -> tuple[int, bool]:
        """Returns microseconds since 1970, and whether the clock was set forwards before."""
        wall_us, running_us = time.time_ns() // 1000, time.monotonic_ns() // 1000
        was_set = wall_us - (running_us + self._offset_us) > _STEP_US
        if was_set:
            self._offset_us = wall_us - running_us
        return running_us + self._offset_us, was_set


def source_limits(site: Site) -> dict[str, float]:
    """Returns the limits that a `Writer` needs to judge samples as the agents judge them."""
    limits: dict[str, float] = {}
    for name, tag in site.tags.items():
        connection = site.connections[tag.connection]
        if isinstance(connection, OpcuaConnection) and connection.stamps == "cyclic":
            is_told = connection.updates == "subscribe"
            scan_s = site.scan_s(tag)
            limits[name] = STALE_SCANS * (max(scan_s, KEEP_ALIVE_S) if is_told else scan_s)
    return limits
