"""Earlier writes of tags, as the ledger holds them. A row that cannot be read denies.

A gate counts what it has sent itself besides: see `OwnWrites`.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, takewhile
from math import isfinite
from sqlite3 import Row
from typing import Any, cast

from handwheel.connectors.model.values import Value

from ...errors import LedgerError, PermitRefused
from ...requests.request import Action
from ...requests.timestamps import Instant, parse_stamp, stamp
from .journal_rows import rows_of
from .records import load_exactly
from .store.database import Database

_COLUMNS = "SELECT action_id, request_id, tag, sent_at, sent_boot_id, sent_boot_ms "
_SENT = f"{_COLUMNS} FROM action JOIN intent USING (action_id) "
_DIGITS = "[0-9]" * 2
_STAMP = f"{_DIGITS * 2}-{_DIGITS}-{_DIGITS}T{_DIGITS}:{_DIGITS}:{_DIGITS}.{_DIGITS}[0-9]Z"
# What is surely too old is left out by the database; a row that cannot be read is not. Not by
# the wall clock where the boot clock can tell: the wall clock can be set.
_YOUNG = (
    "AND NOT coalesce(sent_boot_id = ? AND sent_boot_ms <= ?, 0) "
    "AND NOT coalesce(sent_boot_id != ? AND sent_at GLOB ? AND sent_at <= ?, 0) "
)
_NEWEST_FIRST = "ORDER BY intent.seq DESC"
# By when it was sent, not by its number, so that a forged row hides no earlier one. What was sent
# since the machine was started is younger than anything before.
_LAST = (
    f"{_COLUMNS} FROM action CROSS JOIN intent USING (action_id) WHERE tag = ? AND action_id != ? "
)
_LAST_SINCE_BOOT = f"{_LAST} AND sent_boot_id = ? ORDER BY sent_boot_ms DESC LIMIT 1"
# An action whose intent is forged was never claimed, and holds up no other.
_LAST_EVER = f"{_LAST} AND sent_at IS NOT NULL ORDER BY sent_at DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """One write as the gate that has sent it remembers it."""

    action_id: str
    at: Instant
    before: Value | None  # what the tag read right before; `None` if that is not known
    value: Value  # what was to be written


@dataclass(frozen=True, slots=True)
class SentWrite:
    """One write whose intent was recorded, whatever has become of it."""

    action_id: str
    request_id: str
    tag: str
    # How long ago; the boot clock counts where it can, and the wall clock, which can be set, only
    # over a restart.
    since_s: float
    own: OwnWrite | None = None  # what the gate that asks remembers; `None` from the ledger


class OwnWrites:
    """Writes of this gate process, in memory. No row of the ledger makes them older.

    An intent whose transaction came to nothing counts as well: then the memory alone tells of it.
    """

    def __init__(self) -> None:
        self._of: dict[str, list[OwnWrite]] = {}

    def note(self, action: Action, before: Value | None, at: Instant) -> None:
        """Notes that the intent to write a tag is being recorded, and what the tag reads."""
        write = OwnWrite(action.action_id, at, before, action.value)
        self._of.setdefault(action.tag, []).append(write)

    def newest_first(self, tag: str, now: Instant, but: str) -> Iterator[SentWrite]:
        """Yields the writes of a tag, the newest first."""
        for own in reversed(self._of.get(tag, ())):
            if own.action_id != but:
                request_id, since_s = own.action_id.split("/")[0], elapsed_s(own.at, now)
                yield SentWrite(own.action_id, request_id, tag, since_s, own)


NO_WRITES = OwnWrites()
"""Writes of a process that is no gate, which are none."""


def sent_within(
    database: Database,
    tags: Collection[str],
    within_s: float,
    now: Instant,
    but: str = "",
    own: OwnWrites = NO_WRITES,
) -> list[SentWrite]:
    """Returns every write of some tags in the last stretch of time, the newest first.

    Args:
        but: The action that is not meant.
        own: What the gate that asks has sent itself, whatever the ledger says of it.

    Raises:
        PermitRefused: A row is damaged, so that the number is unknown.
    """
    wanted = sorted(tags)
    marks = ", ".join("?" * len(wanted))
    rows = database.all(
        f"{_SENT} WHERE tag IN ({marks}) AND action_id != ? {_YOUNG} {_NEWEST_FIRST}",
        *wanted,
        but,
        now.boot_id,
        now.boot_ms - within_s * 1000.0,
        now.boot_id,
        _STAMP,
        stamp(now.wall - timedelta(seconds=within_s)),
    )
    found = [each for each in _read(rows, now) if each.since_s < within_s]
    told = {each.action_id for each in found}
    untold = [
        each
        for tag in wanted
        for each in takewhile(lambda each: each.since_s < within_s, own.newest_first(tag, now, but))
        if each.action_id not in told
    ]
    return sorted([*untold, *found], key=_since_s) if untold else found


def last_sent(
    database: Database, tag: str, now: Instant, but: str = "", own: OwnWrites = NO_WRITES
) -> SentWrite | None:
    """Returns the last write of a tag, or `None` if there was none."""
    rows = database.all(_LAST_SINCE_BOOT, tag, but, now.boot_id) or database.all(
        _LAST_EVER, tag, but
    )
    found = [*_read(rows, now), *islice(own.newest_first(tag, now, but), 1)]
    return min(found, key=_since_s, default=None)


def _since_s(sent: SentWrite) -> float:
    return sent.since_s


def _read(rows: list[Row], now: Instant) -> Iterator[SentWrite]:
    for action_id, request_id, tag, sent_at, boot_id, boot_ms in rows:
        try:
            at = Instant(parse_stamp(sent_at), str(boot_id), int(boot_ms))
        except (ValueError, TypeError):
            raise PermitRefused(f"it cannot be read when {tag} was last written") from None
        yield SentWrite(action_id, request_id, tag, elapsed_s(at, now))


def elapsed_s(at: Instant, now: Instant) -> float:
    """Returns the seconds since a moment, on the boot clock where it can tell.

    Over a restart the wall clock counts, or for how long the machine has been on since.
    """
    if at.boot_id == now.boot_id:
        return (now.boot_ms - at.boot_ms) / 1000.0
    return max((now.wall - at.wall).total_seconds(), now.boot_ms / 1000.0)


def value_sent(database: Database, sent: SentWrite) -> Value:
    """Returns the value that a write was for. A damaged request raises `PermitRefused`."""
    if sent.own is not None:
        return sent.own.value
    try:
        record = load_exactly(database, sent.request_id)
        if record.is_intact:
            return record.action(sent.action_id).value
    except (LedgerError, StopIteration):
        pass
    raise PermitRefused(f"it cannot be read what {sent.action_id} has written")


def value_before(database: Database, sent: SentWrite) -> Value | None:
    """Returns what the tag of a write read right before its frame left.

    Raises:
        PermitRefused: The journal does not tell, or it was no number.
    """
    if sent.own is not None:
        return sent.own.before
    try:
        (row,) = rows_of(database, sent.action_id, "action.SENDING")
        body = cast("dict[str, Any]", json.loads(row.text))["body"]
        text = str(body["before"])
        if isfinite(float(text)):
            return int(text) if text.lstrip("-").isdecimal() else float(text)
    except (ValueError, TypeError, KeyError, OverflowError):
        pass
    raise PermitRefused(f"it cannot be read what {sent.tag} was before {sent.action_id}")
