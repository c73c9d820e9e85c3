"""Queries of the journal by subject and kind, and the time of a row."""

from datetime import UTC, datetime
from functools import lru_cache

from ...requests.canonical import parse_canonical
from ...requests.timestamps import Instant, parse_stamp
from .store.database import LedgerReader
from .store.journal import JournalRow

UNKNOWN = Instant(datetime.max.replace(tzinfo=UTC), "", 0)
"""A moment since which no time can be told, for no machine was ever started under that name.

Later than any other, so that what counts from the last of some moments counts from this one.
"""

_NEVER = 2**63 - 1
_SINCE_START = (
    "SELECT 1 FROM journal WHERE hash = ? AND seq >= "
    "(SELECT max(seq) FROM journal WHERE subject = ? AND kind = 'gate.started')"
)
_SINCE_OUTCOME = (
    "SELECT 1 FROM journal WHERE hash = ? AND seq >= (SELECT coalesce(max(seq), 0) FROM journal "
    "WHERE subject = ? AND kind IN ('action.MISMATCH', 'action.UNKNOWN'))"
)
# Kind and condition of the effects that did not come: a row of the table hides none of these.
_NOT_CAME = (
    "SELECT substr(kind, 8), json_extract(text, '$.body.expected') FROM journal "
    "WHERE subject = ? AND kind IN ('effect.MISSED', 'effect.UNKNOWN') ORDER BY seq"
)


def has_row(reader: LedgerReader, subject: str, kind: str) -> bool:
    """Whether the journal has a row of a kind about a subject."""
    return bool(reader.all("SELECT 1 FROM journal WHERE subject = ? AND kind = ?", subject, kind))


def has_field(
    reader: LedgerReader, subject: str, kind: str, field: str, value: object, before: int = _NEVER
) -> bool:
    """Whether a row before another has a value in a field of its body."""
    rows = reader.all(
        "SELECT 1 FROM journal WHERE subject = ? AND kind = ? AND seq < ? "
        "AND json_extract(text, ?) = ?",
        *(subject, kind, before, f"$.body.{field}", value),
    )
    return bool(rows)


def has_hash(reader: LedgerReader, mark: str) -> bool:
    """Whether a row of the journal has a hash."""
    return bool(reader.all("SELECT 1 FROM journal WHERE hash = ?", mark))


def is_since_start(reader: LedgerReader, mark: str, epoch: int) -> bool:
    """Whether the row with a hash is not older than the start of a gate."""
    return bool(reader.all(_SINCE_START, mark, str(epoch)))


def is_since_outcome(reader: LedgerReader, mark: str, action_id: str) -> bool:
    """Whether the row with a hash is not older than an action's unknown or wrong outcome."""
    return bool(reader.all(_SINCE_OUTCOME, mark, action_id))


def rows_of(
    reader: LedgerReader, subject: str, kind: str | None = None, after: int = 0
) -> list[JournalRow]:
    """Returns the rows about a subject, in order, all or those of a kind behind a number."""
    question = "SELECT seq, text, hash FROM journal WHERE subject = ? AND seq > ?"
    if kind is None:
        rows = reader.all(f"{question} ORDER BY seq", subject, after)
    else:
        rows = reader.all(f"{question} AND kind = ? ORDER BY seq", subject, after, kind)
    return [JournalRow(*row) for row in rows]


def rows_by_kind(reader: LedgerReader, subject: str) -> dict[str, list[JournalRow]]:
    """Returns the rows about a subject by their kind, those of each in order."""
    question = "SELECT seq, text, hash, kind FROM journal WHERE subject = ? ORDER BY seq"
    found: dict[str, list[JournalRow]] = {}
    for row in reader.all(question, subject):
        found.setdefault(str(row[3]), []).append(JournalRow(row[0], row[1], row[2]))
    return found


def subjects_after(reader: LedgerReader, after: int) -> list[tuple[int, str]]:
    """Returns number and subject of the rows behind a number, in order."""
    rows = reader.all("SELECT seq, subject FROM journal WHERE seq > ? ORDER BY seq", after)
    return [(row[0], str(row[1])) for row in rows]


def subjects_of(reader: LedgerReader, kind: str, letter: str) -> list[str]:
    """Returns the subjects of the rows of a kind, in order.

    Args:
        letter: Of the ids that such subjects are, such as `C`: an index finds them by it.
    """
    rows = reader.all(
        "SELECT subject FROM journal WHERE subject >= ? AND subject < ? AND kind = ? "
        "ORDER BY +seq",
        f"{letter}-", f"{letter}.", kind,
    )  # fmt: skip
    return [str(row[0]) for row in rows]


def newest_seq(reader: LedgerReader, subject: str, kind: str) -> int:
    """Returns the number of the last row of a kind about a subject, 0 if there is none."""
    question = "SELECT max(seq) FROM journal WHERE subject = ? AND kind = ?"
    return int(reader.all(question, subject, kind)[0][0] or 0)


def newest_stamp(reader: LedgerReader, kind: str) -> object | None:
    """Returns the stamp of the last row of a kind, or `None` if there is none."""
    rows = reader.all(
        "SELECT json_extract(text, '$.at') FROM journal WHERE kind = ? ORDER BY seq DESC LIMIT 1",
        kind,
    )
    return rows[0][0] if rows else None


def newest_refusal(reader: LedgerReader, proposer: str, kind: str, why: str) -> str | None:
    """Returns the text of the last row about a proposer's refused proposal for a reason."""
    rows = reader.all(
        "SELECT text FROM journal WHERE subject = ? AND kind = ? "
        "AND json_extract(text, '$.body.why') = ? ORDER BY seq DESC LIMIT 1",
        *(proposer, kind, why),
    )
    return rows[0][0] if rows else None


def effects_not_come(reader: LedgerReader, action_id: str) -> list[tuple[str, str]]:
    """Returns verdict and condition of every effect of an action that did not come."""
    return [(row[0], row[1]) for row in reader.all(_NOT_CAME, action_id)]


@lru_cache(maxsize=256)
def moment_of(text: str) -> Instant:
    """Returns when a row was written, or `UNKNOWN` if its canonical text does not say so."""
    try:
        fields = parse_canonical(text)
        at, boot_id = parse_stamp(fields["at"]), fields["boot_id"]
        boot_ms = round(fields["boot_s"] * 1000.0)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return UNKNOWN
    return Instant(at, boot_id, boot_ms) if isinstance(boot_id, str) else UNKNOWN
