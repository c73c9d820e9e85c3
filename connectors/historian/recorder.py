"""Records samples of connections, with a listener and a thread that writes the file."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Self

from ..model.endpoints import OpcuaConnection
from ..model.site import Site
from ..session.protocols import Sample
from ..session.scan_groups import STALE_SCANS, stale_after_s
from ..session.supervisor import Gap
from .database import HISTORY_FILE
from .errors import HistoryError
from .writer import HistoryWriter, SampleBatch

MOST_WAITING = 200_000
"""Limit of samples that wait to be written. Further ones are dropped and counted."""

_WRITE_S = 1.0
_DOWNSAMPLE_S = 0.2  # limit per second, after which the present part is finished
_STEP_US = 1_000_000  # by a larger step the wall clock was set
_END_S = 1.5
_CHECK_S = 0.5
_STOPPED_S = STALE_SCANS * _CHECK_S

_logger = logging.getLogger(__name__)


class Recorder:
    """Records samples while the context is open. It never waits and raises nothing.

    A fault of the file is logged once, and the write is tried again each second. The agents go on.

    Args:
        state: The site's state folder; `history.db` is made there if there is none.
        source_limits: As for `HistoryWriter`.
        definitions: As for `HistoryWriter`.

    Attributes:
        fault: Present fault that prevents writing; empty for none.
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
        self._clock = RecordingClock()
        self._waiting: deque[SampleBatch] = deque()
        self._taken = 0  # changed by the loop's thread only
        self._written = 0  # changed by the historian's thread only
        self._has_gap = False
        self._running_s = 0.0
        self._next_check: asyncio.TimerHandle | None = None
        self._writer: HistoryWriter | None = None  # used by the historian's thread only
        self._skipped = ""
        self._unwritable = 0
        self._is_ending = Event()
        self._thread = Thread(target=self._work, name="historian", daemon=True)
        self._refused = 0
        self.fault = ""

    @property
    def dropped(self) -> int:
        """Number of samples not written, because too many waited or they are unwritable."""
        return self._refused + self._unwritable

    async def __aenter__(self) -> Self:
        self._running_s = time.monotonic()
        self._check_again()
        self._thread.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._next_check is not None:
            self._next_check.cancel()
        self._is_ending.set()
        await asyncio.to_thread(self._thread.join, _END_S)

    def arrived(self, samples: Sequence[Sample]) -> None:
        """Takes readings. See `SampleListener`. An empty list shows that the device is alive."""
        if self._taken - self._written + len(samples) >= MOST_WAITING:
            self._refused += len(samples)
            self._has_gap = True
            return
        self._note_running()
        at_us, was_set = self._clock.now_us()
        self._taken += _weight(samples)
        self._waiting.append(SampleBatch(at_us, samples, self._has_gap or was_set))
        self._has_gap = False

    def gap(self, connection: str, gap: Gap) -> None:
        """Ignores a gap, since its bad samples are recorded."""

    def _check_again(self) -> None:
        self._note_running()
        self._next_check = asyncio.get_running_loop().call_later(_CHECK_S, self._check_again)

    def _note_running(self) -> None:
        """Notes that the loop runs. After a standstill there is a gap."""
        before_s, self._running_s = self._running_s, time.monotonic()
        self._has_gap |= self._running_s - before_s > _STOPPED_S

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
                self._log_fault("")
            except HistoryError as error:
                self._log_fault(str(error))
                self._close()  # the path may have another file by then
            except Exception as error:  # noqa: BLE001 (no fault of a file may end the thread)
                self._log_fault(f"{self._path}: unexpected {type(error).__name__}: {error}")
                self._close()
        self._close()
        if batches:
            _logger.warning("the last samples were not recorded")

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
        if self._try_write(batches):
            while batches:  # one by one; a batch that cannot be written is skipped
                if fault := self._try_write(batches[:1]):
                    self._unwritable += len(batches[0].samples)
                    self._log_skipped(fault)
                self._note_written(batches, 1)
        self._note_written(batches, len(batches))
        self._downsample(self._open(), now_us)

    def _try_write(self, batches: Sequence[SampleBatch]) -> str | None:
        """Writes batches, or returns the reason why they cannot be written."""
        writer = self._open()
        try:
            writer.write(batches)
        except HistoryError:
            raise
        except Exception as error:  # noqa: BLE001 (no sample may end the thread)
            self._close()
            return f"unexpected {type(error).__name__}: {error}"
        return None

    def _note_written(self, batches: list[SampleBatch], count: int) -> None:
        self._written += sum(_weight(each.samples) for each in batches[:count])
        del batches[:count]

    def _downsample(self, writer: HistoryWriter, now_us: int) -> None:
        until_s = time.monotonic() + _DOWNSAMPLE_S
        while not self._is_ending.is_set() and writer.downsample(now_us):
            if time.monotonic() > until_s:
                return

    def _log_fault(self, fault: str) -> None:
        if fault and not self.fault:
            _logger.warning("nothing is recorded: %s; it is tried again", fault)
        elif self.fault and not fault:
            _logger.warning("recording again; %d samples were lost", self.dropped)
        self.fault = fault

    def _log_skipped(self, reason: str) -> None:
        if reason != self._skipped:
            self._skipped = reason
            _logger.warning("samples cannot be recorded and are skipped: %s", reason)


def _weight(samples: Sequence[Sample]) -> int:
    return max(len(samples), 1)  # a sign of life also takes memory


class RecordingClock:
    """The wall clock, which here never goes back.

    Set forwards, it jumps and there is a gap. Set back, it goes on ahead of the wall clock until
    the process restarts, so that two samples of one tag never have the same time.
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
    """Returns the age limits with which a `HistoryWriter` judges samples as agents do."""
    limits: dict[str, float] = {}
    for name, tag in site.tags.items():
        connection = site.connections.get(tag.connection)  # none of a computed tag
        if isinstance(connection, OpcuaConnection) and connection.stamps == "cyclic":
            limits[name] = stale_after_s(site.scan_s(tag), is_subscribed=False)
    return limits
