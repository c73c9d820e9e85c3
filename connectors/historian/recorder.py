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

from ..model.endpoints import OpcuaConnection
from ..model.site import Site
from ..session.protocols import Sample
from ..session.scan_groups import KEEP_ALIVE_S, STALE_SCANS
from ..session.supervisor import Gap
from .database import HISTORY_FILE
from .errors import HistoryError
from .writer import HistoryWriter, SampleBatch

MOST_WAITING = 200_000
"""How many samples wait at most to be written; what comes then is dropped, and counted."""

_WRITE_S = 1.0
_THIN_OUT_S = 0.2  # of each write's second, at most, and one part of it
_STEP_US = 1_000_000  # by more than this the wall clock was set
_END_S = 1.5
_AWAKE_S = 0.5
_STOPPED_S = STALE_SCANS * _AWAKE_S

_logger = logging.getLogger(__name__)


class Recorder:
    """Writes down what comes, while the context is open. It never waits, and raises nothing.

    What keeps it from writing is logged once, and tried again each second; the agents go on.

    Args:
        state: The site's state folder; `history.db` is made there if there is none.
        source_limits: As for `HistoryWriter`.
        definitions: As for `HistoryWriter`.

    Attributes:
        trouble: What keeps it from writing now; empty for nothing.
    """

    def __init__(
        self,
        state: Path,
        source_limits: Mapping[str, float] | None = None,
        definitions: Mapping[str, str] | None = None,
    ) -> None:
        self._path = state / HISTORY_FILE
        self._limits = source_limits or {}
        self._definitions = definitions or {}
        self._clock = StampClock()
        self._waiting: deque[SampleBatch] = deque()
        self._taken = 0  # by the loop's thread only
        self._written = 0  # by the other one only
        self._is_broken_off = False
        self._awake_s = 0.0
        self._next_look: asyncio.TimerHandle | None = None
        self._writer: HistoryWriter | None = None  # of the thread, as is what follows
        self._left_out = ""
        self._unwritable = 0
        self._is_ending = Event()
        self._thread = Thread(target=self._work, name="historian", daemon=True)
        self._refused = 0
        self.trouble = ""

    @property
    def dropped(self) -> int:
        """How many samples were not written: too many waited, or they cannot be written."""
        return self._refused + self._unwritable

    async def __aenter__(self) -> Self:
        self._awake_s = time.monotonic()
        self._look_again()
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
        self._is_ending.set()
        await asyncio.to_thread(self._thread.join, _END_S)

    def arrived(self, samples: Sequence[Sample]) -> None:
        """Takes readings. See `SampleListener`. An empty list shows that the device is alive."""
        if self._taken - self._written + len(samples) >= MOST_WAITING:
            self._refused += len(samples)
            self._is_broken_off = True
            return
        self._be_awake()
        at_us, was_set = self._clock.now_us()
        self._taken += _weight(samples)
        self._waiting.append(SampleBatch(at_us, samples, self._is_broken_off or was_set))
        self._is_broken_off = False

    def gap(self, connection: str, gap: Gap) -> None:
        """Takes a gap; the bad samples that come with it say all of it."""

    def _look_again(self) -> None:
        self._be_awake()
        self._next_look = asyncio.get_running_loop().call_later(_AWAKE_S, self._look_again)

    def _be_awake(self) -> None:
        """Notes that the loop runs; where it stood still, nobody saw the plant."""
        before_s, self._awake_s = self._awake_s, time.monotonic()
        self._is_broken_off |= self._awake_s - before_s > _STOPPED_S

    # --- the thread ---------------------------------------------------------------------------

    def _work(self) -> None:
        batches: list[SampleBatch] = []
        is_last = False
        while not is_last:
            is_last = self._is_ending.wait(_WRITE_S)
            while self._waiting:
                batches.append(self._waiting.popleft())
            try:
                self._write(batches)
                self._tell("")
            except HistoryError as error:
                self._tell(str(error))
                self._close()  # opened anew, it may be another file
            except Exception as error:  # noqa: BLE001 (the supervisor: no file may end it)
                self._tell(f"{self._path}: unexpected {type(error).__name__}: {error}")
                self._close()
        self._close()
        if batches:
            _logger.warning("what came last was not recorded")

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> HistoryWriter:
        self._writer = self._writer or HistoryWriter(self._path, self._limits, self._definitions)
        return self._writer

    def _write(self, batches: list[SampleBatch]) -> None:
        if not batches:
            self._open()
            return
        now_us = batches[-1].at_us
        if self._fault_of(batches):
            while batches:  # one by one; what cannot be written is left out
                if fault := self._fault_of(batches[:1]):
                    self._unwritable += len(batches[0].samples)
                    self._tell_left_out(fault)
                self._note_written(batches, 1)
        self._note_written(batches, len(batches))
        self._thin_out(self._open(), now_us)

    def _fault_of(self, batches: Sequence[SampleBatch]) -> str:
        """Writes batches, or returns what is wrong with them."""
        writer = self._open()
        try:
            writer.write(batches)
        except HistoryError:
            raise
        except Exception as error:  # noqa: BLE001 (the supervisor: nothing that comes may end it)
            self._close()
            return f"unexpected {type(error).__name__}: {error}"
        return ""

    def _note_written(self, batches: list[SampleBatch], count: int) -> None:
        self._written += sum(_weight(each.samples) for each in batches[:count])
        del batches[:count]

    def _thin_out(self, writer: HistoryWriter, now_us: int) -> None:
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

    def _tell_left_out(self, reason: str) -> None:
        if reason != self._left_out:
            self._left_out = reason
            _logger.warning("something cannot be recorded, and is left out: %s", reason)


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
    """Returns the limits that a `HistoryWriter` needs to judge samples as the agents judge them."""
    limits: dict[str, float] = {}
    for name, tag in site.tags.items():
        connection = site.connections[tag.connection]
        if isinstance(connection, OpcuaConnection) and connection.stamps == "cyclic":
            is_subscribed = connection.updates == "subscribe"
            scan_s = site.scan_s(tag)
            limits[name] = STALE_SCANS * (max(scan_s, KEEP_ALIVE_S) if is_subscribed else scan_s)
    return limits
