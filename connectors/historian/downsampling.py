"""Downsampling and retention, in parts so small that other work does not wait.

A minute keeps its lowest and highest value, the mean weighted by time, the last, and the time with
good quality; so does an hour. A spike stays visible as long as anything is kept.
"""

import sqlite3
from collections.abc import Iterator, Mapping

from .database import HOUR_US, MINUTE_US
from .stored_values import Stored, number_of
from .time_slots import aggregate, held_pieces

DAY_US = 24 * HOUR_US
RAW_US = 3 * DAY_US
MINUTES_US = 90 * DAY_US
HOURS_US = 5 * 365 * DAY_US

_NEVER_US = 2**62
_SETTLED_US = MINUTE_US  # older samples do not arrive
_PART = 10  # minutes at once
_HOURS = (
    "INSERT OR REPLACE INTO hour "
    "SELECT tag, ?1, min(low), max(high), "
    "CASE WHEN sum(good_us) > 0 THEN sum(mean * good_us) / sum(good_us) ELSE avg(mean) END, "
    "(SELECT last FROM minute AS m WHERE m.tag = minute.tag AND m.at_us >= ?1 AND m.at_us < ?2 "
    "ORDER BY m.at_us DESC LIMIT 1), sum(good_us) "
    "FROM minute WHERE tag = ?3 AND at_us >= ?1 AND at_us < ?2 GROUP BY tag"
)


def recordings(
    connection: sqlite3.Connection, since_us: int, until_us: int
) -> list[tuple[int, int]]:
    """Returns the times recorded without a gap, in order."""
    return connection.execute(
        "SELECT begin_us, end_us FROM recording WHERE end_us >= ? AND begin_us <= ? "
        "ORDER BY begin_us",
        (since_us, until_us),
    ).fetchall()


def rows_of(
    connection: sqlite3.Connection, tag: int, since_us: int, until_us: int
) -> Iterator[tuple[int, Stored, int]]:
    """Yields time, value and status of a tag, with the row that held at the start."""
    before = connection.execute(
        "SELECT max(at_us) FROM sample WHERE tag = ? AND at_us <= ?", (tag, since_us)
    ).fetchone()[0]
    yield from connection.execute(
        "SELECT at_us, value, status FROM sample WHERE tag = ? AND at_us >= ? AND at_us < ? "
        "ORDER BY at_us",
        (tag, since_us if before is None else before, until_us),
    )


def good_number(value: Stored, status: int) -> float | None:
    """Returns the number that a trend shows, if the sample is good."""
    return number_of(value) if (status >> 30) & 0b11 == 0 else None


class Downsampler:
    """Downsamples and deletes samples within a transaction of the writer's connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def advance(self, now_us: int) -> bool:
        """Does one due part and returns whether there was one."""
        marks = read_marks(self._connection)
        if marks.get("minutes_until", 0) > now_us:  # the clock was set back
            self._mark("minutes_until", now_us - now_us % MINUTE_US)
            self._mark("hours_until", now_us - now_us % HOUR_US)
            return True
        if self._add_minutes(marks, now_us) or self._add_hours(marks):
            return True
        minutes_until, hours_until = marks.get("minutes_until", 0), marks.get("hours_until", 0)
        return (
            self._delete_old(
                "sample", marks, min(now_us - RAW_US, minutes_until), _PART * MINUTE_US
            )
            or self._delete_old("minute", marks, min(now_us - MINUTES_US, hours_until), 6 * HOUR_US)
            or self._delete_old("hour", marks, now_us - HOURS_US, 30 * DAY_US)
        )

    def _tags(self) -> list[int]:
        return [row[0] for row in self._connection.execute("SELECT id FROM tag")]

    def _mark(self, name: str, at_us: int) -> None:
        self._connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, at_us))

    def _add_minutes(self, marks: Mapping[str, int], now_us: int) -> bool:
        done, settled = marks.get("minutes_until", 0), now_us - _SETTLED_US
        settled -= settled % MINUTE_US
        found = self._connection.execute(
            "SELECT min(max(begin_us, ?1)) FROM recording WHERE end_us >= ?1", (done,)
        ).fetchone()[0]
        begin = settled if found is None else min(found - found % MINUTE_US, settled)
        if begin == settled:  # nothing was recorded until then
            is_late = settled - done >= _PART * MINUTE_US
            if is_late:
                self._mark("minutes_until", settled)
            return is_late
        end = min(settled, begin + _PART * MINUTE_US)
        self._connection.executemany(
            "INSERT OR REPLACE INTO minute VALUES (?, ?, ?, ?, ?, ?, ?)",
            (row for tag in self._tags() for row in self._minutes(tag, begin, end)),
        )
        self._mark("minutes_until", end)
        return True

    def _minutes(self, tag: int, begin: int, end: int) -> Iterator[tuple[object, ...]]:
        found = rows_of(self._connection, tag, begin, end)
        rows = [(at_us, good_number(value, status)) for at_us, value, status in found]
        if not rows:
            return
        spans = recordings(self._connection, rows[0][0], end)
        for n, slot in enumerate(
            aggregate(held_pieces(rows, spans, begin, end), begin, end, (end - begin) // MINUTE_US)
        ):
            if slot.last is not None:
                at_us, good_us = begin + n * MINUTE_US, round(slot.good * MINUTE_US)
                yield tag, at_us, slot.low, slot.high, slot.mean, slot.last, good_us

    def _add_hours(self, marks: Mapping[str, int]) -> bool:
        done, until = marks.get("hours_until", 0), marks.get("minutes_until", 0)
        until -= until % HOUR_US
        if done >= until:
            return False
        begin = min(self._oldest("minute", done), until)
        begin -= begin % HOUR_US
        if begin == until:  # every minute is in an hour
            self._mark("hours_until", until)
            return True
        self._connection.executemany(
            _HOURS, ((begin, begin + HOUR_US, tag) for tag in self._tags())
        )
        self._mark("hours_until", begin + HOUR_US)
        return True

    def _delete_old(self, table: str, marks: Mapping[str, int], cut_us: int, part_us: int) -> bool:
        begin = marks.get(f"{table}_from", 0)
        if begin + part_us > cut_us:
            return False
        begin = max(begin, min(self._oldest(table, 0), cut_us))
        is_due = begin + part_us <= cut_us
        if is_due:
            delete = f"DELETE FROM {table} WHERE tag = ? AND at_us < ?"  # noqa: S608 (our names)
            ends = ((tag, begin + part_us) for tag in self._tags())
            self._connection.executemany(delete, ends)
            if table == "sample":
                self._connection.execute("DELETE FROM recording WHERE end_us < ?", (begin,))
        self._mark(f"{table}_from", begin + part_us if is_due else begin)
        return is_due

    def _oldest(self, table: str, since_us: int) -> int:
        """Returns the time of the first row since then, far ahead if there is none."""
        question = f"SELECT min(at_us) FROM {table} WHERE tag = ? AND at_us >= ?"  # noqa: S608 (our names)
        found = (
            self._connection.execute(question, (tag, since_us)).fetchone()[0]
            for tag in self._tags()
        )
        return min((each for each in found if each is not None), default=_NEVER_US)


def read_marks(connection: sqlite3.Connection) -> dict[str, int]:
    """Returns the progress of downsampling and deleting, such as `minutes_until`."""
    return dict(connection.execute("SELECT name, at_us FROM mark").fetchall())
