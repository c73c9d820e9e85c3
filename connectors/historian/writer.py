"""Writes changes, and unchanged values at intervals."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..model.values import DataValue
from ..session.protocols import Sample
from ..session.scan_groups import aged
from .database import MINUTE_US, open_for_writing, transaction, translated
from .downsampling import Downsampler
from .stored_values import Stored, to_stored

REPEAT_US = 5 * MINUTE_US
"""How often an unchanged value is written again."""


class SampleBatch(NamedTuple):
    """Samples that came at one moment."""

    at_us: int  # microseconds since 1970
    samples: Sequence[Sample]
    is_after_gap: bool = False  # whether samples before it are missing


class _Written(NamedTuple):
    """Last written row of a tag."""

    value: Stored
    status: int
    at_us: int


_INSERT = (
    "INSERT INTO sample VALUES (?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET value = excluded.value, status = excluded.status"
)

_Row = tuple[int, int, Stored, int]


class HistoryWriter:
    """The open database of the one writing process, for use from one thread.

    Args:
        path: Its path. It is made if it is missing.
        source_limits: Age limit of tags whose device samples them anew in each cycle, after which a
            sample is not good, seconds.
        definitions: See `definitions`. A tag that is missing here has an empty one.

    Raises:
        HistoryError: It cannot be opened, or is not a historian's database.
    """

    def __init__(
        self,
        path: Path,
        source_limits: Mapping[str, float],
        definitions: Mapping[str, str] | None = None,
    ) -> None:
        self._path = path
        self._definitions = definitions or {}
        self._limits = source_limits
        self._connection = open_for_writing(path)
        self._last_written: dict[str, _Written] = {}
        self._recording = 0  # none yet
        self._recorded_until = 0
        self._repeated_us = 0
        try:
            with translated(path):
                found = self._connection.execute("SELECT name, definition, id FROM tag")
                self._ids = {
                    str(name): int(number)
                    for name, definition, number in found
                    if definition == self._definitions.get(name, "")
                }
                self._downsampler = Downsampler(self._connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the database."""
        self._connection.close()

    def write(self, batches: Sequence[SampleBatch]) -> None:
        """Writes batches in order, all or none. After `HistoryError` try another writer."""
        with translated(self._path), transaction(self._connection):
            self._write(batches)

    def downsample(self, now_us: int) -> bool:
        """Does one small due part, and returns whether there was one. Raises `HistoryError`."""
        with translated(self._path), transaction(self._connection):
            return self._downsampler.advance(now_us)

    def _write(self, batches: Sequence[SampleBatch]) -> None:
        rows: list[_Row] = []
        for batch in batches:
            if batch.is_after_gap or not self._recording:
                self._begin(batch.at_us)
            self._recorded_until = batch.at_us
            for name, reading in batch.samples:
                if isinstance(reading.value, tuple):
                    continue  # arrays are neither judged nor shown in trends
                status = int(self._judged(name, reading).status)
                self._take(rows, name, to_stored(reading.value), status, batch.at_us)
            self._repeat(rows, batch.at_us)
        self._connection.executemany(_INSERT, rows)
        self._note_end()

    def _note_end(self) -> None:
        self._connection.execute(
            "UPDATE recording SET end_us = ? WHERE number = ?",
            (self._recorded_until, self._recording),
        )

    def _judged(self, name: str, reading: DataValue) -> DataValue:
        limit_s = self._limits.get(name)
        if limit_s is None:
            return reading
        return aged(reading, reading.received_s, limit_s)

    def _begin(self, at_us: int) -> None:
        self._note_end()
        begun = self._connection.execute(
            "INSERT INTO recording(begin_us, end_us) VALUES (?, ?)", (at_us, at_us)
        )
        self._recording = begun.lastrowid or 0
        self._last_written.clear()
        self._repeated_us = at_us

    def _repeat(self, rows: list[_Row], at_us: int) -> None:
        """Writes values again that have not changed for long."""
        if at_us - self._repeated_us < REPEAT_US:
            return
        self._repeated_us = at_us
        for name, (value, status, since_us) in list(self._last_written.items()):
            if at_us - since_us >= REPEAT_US // 2:
                self._put(rows, name, _Written(value, status, at_us))

    def _take(self, rows: list[_Row], name: str, value: Stored, status: int, at_us: int) -> None:
        before = self._last_written.get(name)
        if before is not None:
            is_same = before.value == value and type(before.value) is type(value)
            if is_same and before.status == status:
                return
            at_us = max(at_us, before.at_us + 1)  # a batch may hold several changes
        self._put(rows, name, _Written(value, status, at_us))

    def _put(self, rows: list[_Row], name: str, new: _Written) -> None:
        rows.append((self._id_of(name), new.at_us, new.value, new.status))
        self._last_written[name] = new

    def _id_of(self, name: str) -> int:
        found = self._ids.get(name)
        if found is None:
            made = self._connection.execute(
                "INSERT INTO tag(name, definition) VALUES (?, ?)",
                (name, self._definitions.get(name, "")),
            )
            found = self._ids[name] = made.lastrowid or 0
        return found
