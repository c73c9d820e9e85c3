"""Earlier writes of tags, by the intents in the ledger."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from sqlite3 import Row

from handwheel.connectors.model.values import Value

from ...errors import PermitRefused
from ...requests.timestamps import Instant, parse_stamp, stamp
from .journal_rows import newest_row
from .records import load_exactly
from .store.database import LedgerReader

_COLUMNS = "SELECT action_id, request_id, tag, sent_at, sent_boot_id, sent_boot_ms "
# Not by the wall clock where the boot clock can tell, since the wall clock can be set.
_WITHIN = f"""
{_COLUMNS} FROM action JOIN intent USING (action_id)
WHERE tag IN (SELECT value FROM json_each(?)) AND sent_at IS NOT NULL AND action_id != ?
AND CASE sent_boot_id WHEN ? THEN sent_boot_ms > ? ELSE sent_at > ? END ORDER BY intent.seq DESC
"""  # noqa: S608 (our own columns)
_LAST = f"""
{_COLUMNS} FROM action JOIN intent USING (action_id)
WHERE tag = ? AND sent_at IS NOT NULL AND action_id != ? AND (sent_boot_id = ?) = ?
ORDER BY CASE sent_boot_id WHEN ? THEN sent_boot_ms ELSE sent_at END DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class SentWrite:
    """One write whose intent was recorded, whatever has become of it."""

    action_id: str
    request_id: str
    tag: str
    # How long ago; the boot clock counts where it can, and the wall clock, which can be set, only
    # over a restart.
    since_s: float


def sent_within(
    reader: LedgerReader, tags: Collection[str], within_s: float, now: Instant, but: str = ""
) -> list[SentWrite]:
    """Returns every write of some tags in the last stretch of time, the newest first.

    Args:
        but: The action that is not meant.
    """
    wanted = json.dumps(sorted(tags))
    since_ms, since = now.boot_ms - within_s * 1000.0, now.wall - timedelta(seconds=within_s)
    rows = reader.all(_WITHIN, wanted, but, now.boot_id, since_ms, stamp(since))
    return [each for each in _read(rows, now) if each.since_s < within_s]


def last_sent(reader: LedgerReader, tag: str, now: Instant, but: str = "") -> SentWrite | None:
    """Returns the last write of a tag but an action's, or `None` if there was none."""
    boot = now.boot_id
    # What was sent since the machine was started is younger than anything before.
    rows = reader.all(_LAST, tag, but, boot, 1, boot) or reader.all(_LAST, tag, but, boot, 0, boot)
    return next(_read(rows, now), None)


def _read(rows: Iterable[Row], now: Instant) -> Iterator[SentWrite]:
    for action_id, request_id, tag, sent_at, boot_id, boot_ms in rows:
        at = Instant(parse_stamp(sent_at), boot_id, boot_ms)
        yield SentWrite(action_id, request_id, tag, elapsed_s(at, now))


def elapsed_s(at: Instant, now: Instant) -> float:
    """Returns the seconds since a moment, on the boot clock where it can tell.

    Over a restart the wall clock counts, or for how long the machine has been on since.
    """
    if at.boot_id == now.boot_id:
        return (now.boot_ms - at.boot_ms) / 1000.0
    return max((now.wall - at.wall).total_seconds(), now.boot_ms / 1000.0)


def value_sent(reader: LedgerReader, sent: SentWrite) -> Value:
    """Returns the value that a write was for."""
    return load_exactly(reader, sent.request_id).action(sent.action_id).value


def value_before(reader: LedgerReader, sent: SentWrite) -> Value:
    """Returns what the tag of a write read right before its frame left.

    Raises:
        PermitRefused: It was no number.
    """
    row = newest_row(reader, sent.action_id, "action.SENDING")
    text = str(row.fields["body"].get("before")) if row else ""
    try:
        if isfinite(float(text)):
            return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        pass
    raise PermitRefused(f"it is not known what {sent.tag} was before {sent.action_id}")
