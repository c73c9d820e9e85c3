"""Reads the history, as trends for display and as scans for windows."""

from collections.abc import Iterator, Mapping
from heapq import merge
from pathlib import Path
from typing import NamedTuple, Self

from ..model.site import Site
from ..model.values import DataValue, StatusCode
from .database import HISTORY_FILE, HOUR_US, MINUTE_US, open_for_reading, translated_read
from .definitions import definitions
from .downsampling import good_number, read_marks, recordings, rows_of
from .stored_values import Stored, from_stored
from .time_slots import Piece, Slot, aggregate, held_pieces

_SLEW_US = 1_000_000  # smaller steps are corrections of the clock

_Row = tuple[int, str, Stored, int]


class Scan(NamedTuple):
    """Readings of the plant at one moment."""

    at_s: float  # seconds since 1970
    readings: Mapping[str, DataValue]  # of the tags recorded then; none where nothing was recorded


class HistoryReader:
    """An open history, which is read only.

    Values of a tag under another definition (see `definitions`) are not returned. A tag that is
    missing there has an empty one.

    Raises:
        HistoryError: There is none, or it is not a historian's database.
    """

    def __init__(self, state: Path, definitions: Mapping[str, str] | None = None) -> None:
        self._path = state / HISTORY_FILE
        self._definitions = definitions or {}
        self._connection = open_for_reading(self._path)

    @classmethod
    def of(cls, site: Site) -> Self:
        """Opens the history of a site, whose tags are as they are defined now."""
        return cls(site.state, definitions(site))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes it."""
        self._connection.close()

    def trend(self, tag: str, since_s: float, until_s: float, count: int) -> list[Slot]:
        """Returns a tag's values in `count` equal slots of time, the oldest first.

        Long slots are read from minutes or hours, as are times whose samples are deleted. Times
        that are not yet downsampled are read from samples. If the tag was never recorded, each slot
        is a gap. Times are seconds since 1970.

        Raises:
            HistoryError: It cannot be read.
        """
        since, until = round(since_s * 1e6), round(until_s * 1e6)
        if count < 1 or until <= since:
            raise ValueError(f"no {count} slots lie from {since_s} to {until_s}")
        with translated_read(self._path):
            number = self._number(tag)
            if number is None:
                return aggregate((), since, until, count)
            return aggregate(self._pieces(number, since, until, count), since, until, count)

    def newest(self, tag: str) -> tuple[float, DataValue] | None:
        """Returns a tag's newest sample and its seconds since 1970. Raises `HistoryError`."""
        with translated_read(self._path):
            found = self._connection.execute(
                "SELECT at_us, value, status FROM sample WHERE tag = ? ORDER BY at_us DESC LIMIT 1",
                (self._number(tag),),
            ).fetchone()
        return None if found is None else (found[0] / 1e6, _reading(found[1], found[2]))

    def scans(self, tags: Mapping[str, float], until_s: float, step_s: float) -> Iterator[Scan]:
        """Yields the readings that regular scans would have found.

        Values recorded under a wall clock that was later set back are left out, since their time is
        unknown.

        Args:
            tags: Start by name, seconds since 1970.
            until_s: Now, by the wall clock, seconds since 1970.

        Raises:
            HistoryError: It cannot be read.
        """
        with translated_read(self._path):
            until = round(until_s * 1e6)
            trusted = self._trusted_us(until)
            since = {
                number: (name, max(round(tags[name] * 1e6), trusted + 1))
                for name in tags
                if (number := self._number(name)) is not None
            }
            if not since:
                return
            begin = min(each for _, each in since.values())
            rows = merge(*(self._rows(n, *each, until, after=trusted) for n, each in since.items()))
            spans = recordings(self._connection, begin, until)
            yield from _scans_at(rows, spans, begin, until, round(step_s * 1e6))

    def _rows(
        self, number: int, name: str, since: int, until: int, *, after: int
    ) -> Iterator[_Row]:
        for at_us, value, status in rows_of(self._connection, number, since, until):
            if at_us > after:
                yield at_us, name, value, status

    def _number(self, tag: str) -> int | None:
        found = self._connection.execute(
            "SELECT id FROM tag WHERE name = ? AND definition = ?",
            (tag, self._definitions.get(tag, "")),
        ).fetchone()
        return None if found is None else int(found[0])

    def _trusted_us(self, now: int) -> int:
        """Returns the time after which recorded times agree with the present wall clock."""
        newest = trusted = 0
        for begin, end in self._connection.execute(
            "SELECT begin_us, end_us FROM recording ORDER BY number"
        ):
            if begin < newest - _SLEW_US:
                trusted = newest
            newest = max(newest, end)
        return newest if newest > now + _SLEW_US else trusted

    def _pieces(self, tag: int, since: int, until: int, count: int) -> Iterator[Piece]:
        marks, width = read_marks(self._connection), (until - since) / count
        minutes_until = marks.get("minutes_until", 0)
        hours_until = marks.get("hours_until", 0)
        hours_end = hours_until if width >= HOUR_US else marks.get("minute_from", 0)
        minutes_end = minutes_until if width >= MINUTE_US else marks.get("sample_from", 0)
        hours_end = min(hours_end, hours_until)
        yield from self._buckets("hour", HOUR_US, tag, since, min(until, hours_end))
        since = max(since, hours_end)
        yield from self._buckets("minute", MINUTE_US, tag, since, min(until, minutes_end))
        since = max(since, minutes_end)
        if since < until:
            yield from self._raw(tag, since, until)

    def _buckets(self, table: str, size: int, tag: int, since: int, until: int) -> Iterator[Piece]:
        found = self._connection.execute(
            f"SELECT at_us, low, high, mean, last, good_us FROM {table} "  # noqa: S608 (our names)
            "WHERE tag = ? AND at_us > ? AND at_us < ? ORDER BY at_us",
            (tag, since - size, until),
        )
        for at_us, low, high, mean, last, good_us in found:
            yield Piece(at_us, at_us + size, low, high, mean, last, good_us)

    def _raw(self, tag: int, since: int, until: int) -> Iterator[Piece]:
        rows = [
            (at_us, good_number(value, status))
            for at_us, value, status in rows_of(self._connection, tag, since, until)
        ]
        if rows:
            spans = recordings(self._connection, rows[0][0], until)
            yield from held_pieces(rows, spans, since, until)


def _reading(value: Stored, status: int) -> DataValue:
    # Without a time of arrival, since its age is not recorded.
    return DataValue(from_stored(value), StatusCode(status), None, None, 0.0)


def _scans_at(
    rows: Iterator[_Row], spans: list[tuple[int, int]], since: int, until: int, step: int
) -> Iterator[Scan]:
    waiting = next(rows, None)
    for begin, end in spans:
        if end < since:
            continue
        readings: dict[str, DataValue] = {}
        next_us = max(begin, since)
        while next_us < min(end + step, until):
            while waiting is not None and waiting[0] <= next_us:
                at_us, name, value, status = waiting
                if at_us >= begin:
                    readings[name] = _reading(value, status)
                waiting = next(rows, None)
            yield Scan(next_us / 1e6, dict(readings))
            next_us += step
        if end < until:
            yield Scan(min(end + step, until) / 1e6, {})
