"""Finds requests that may have waited too long, by their rows, without parsing the others."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from sqlite3 import Row
from typing import NamedTuple

from ...requests.canonical import digest, parse_canonical
from ...requests.timestamps import Instant, parse_stamp
from .store.database import Database
from .store.states import OPEN_REQUESTS, WAITING_REQUESTS

_MOST_KNOWN = 8192
_MARKS = ", ".join("?" * len(OPEN_REQUESTS))
_OPEN = (
    "SELECT request_id, digest, state, filed_boot_id, filed_boot_ms FROM request "  # noqa: S608
    f"WHERE state IN ({_MARKS}) ORDER BY rowid"
)
_TEXTS = "SELECT digest, text FROM request WHERE digest IN (SELECT value FROM json_each(?))"
_UNCLAIMED = (
    "SELECT DISTINCT request_id FROM action JOIN request USING (request_id) "  # noqa: S608
    "WHERE action.state = 'DUE' AND coalesce(due_boot_ms, 0) < ? "
    f"AND request.state IN ({_MARKS})"
)


class _Wait(NamedTuple):
    filed_at: datetime
    within_s: float


_known: dict[str, _Wait] = {}  # by the digest of the request's text: one text is one wait for ever


def note_wait(mark: str, filed_at: datetime, within_s: float) -> None:
    """Remembers how long after its filing a request waits, by the digest of its text."""
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known[mark] = _Wait(filed_at, within_s)


def maybe_overdue(database: Database, now: Instant, due_s: float) -> list[str]:
    """Returns the open requests that seem to have waited too long. The caller checks each.

    One that is too damaged to tell is not among them. The gate has `due_s` seconds to claim a due
    action.
    """
    states = sorted(OPEN_REQUESTS)
    rows = database.all(_OPEN, *states)
    if not rows:
        return []
    unknown = [row[1] for row in rows if row[1] not in _known]
    waits = _read(database, unknown) if unknown else {}
    found = [row[0] for row in rows if _waits_too_long(row, waits, now)]
    latest_ms = now.boot_ms - int(due_s * 1000.0)
    unclaimed = [row[0] for row in database.all(_UNCLAIMED, latest_ms, *states)]
    return list(dict.fromkeys([*found, *unclaimed]))


def _waits_too_long(row: Row, waits: Mapping[str, _Wait], now: Instant) -> bool:
    _, mark, state, boot_id, boot_ms = row
    if state not in WAITING_REQUESTS:
        return bool(boot_id != now.boot_id)
    wait = _known.get(mark) or waits.get(mark)
    if wait is None:
        return False
    waited_s = now.since_s(Instant(wait.filed_at, boot_id, boot_ms))
    return waited_s is None or waited_s > wait.within_s


def _read(database: Database, marks: Sequence[str]) -> dict[str, _Wait]:
    """Returns how long the requests of these digests wait, and keeps it for the next time.

    Of a text that is not its digest's nothing is kept.
    """
    found: dict[str, _Wait] = {}
    for mark, text in database.all(_TEXTS, json.dumps(marks)):
        try:
            document = parse_canonical(text)
            wait = _Wait(parse_stamp(document["filed_at"]), float(document["within_s"]))
        except (ValueError, TypeError, LookupError):
            continue
        found[mark] = wait
        if digest("request", text) == mark:
            note_wait(mark, *wait)
    return found
