"""Queries of the journal by subject and kind, and the time of a row."""

from ...requests.timestamps import Instant, parse_stamp
from .store.database import LedgerReader
from .store.journal import JournalRow


def has_row(reader: LedgerReader, subject: str, kind: str) -> bool:
    """Whether the journal has a row of a kind about a subject."""
    return bool(reader.find_rows(subject, kind, limit=1))


def has_field(
    reader: LedgerReader,
    subject: str,
    kind: str,
    field: str,
    value: object,
    before: int | None = None,
) -> bool:
    """Whether a row before another has a value in a field of its body."""
    rows = reader.find_rows(subject, kind, before=before)
    return any(row.fields["body"].get(field) == value for row in rows)


def rows_by_kind(reader: LedgerReader, subject: str) -> dict[str, list[JournalRow]]:
    """Returns the rows about a subject by their kind, those of each in order."""
    found: dict[str, list[JournalRow]] = {}
    for row in reader.find_rows(subject):
        found.setdefault(str(row.fields["kind"]), []).append(row)
    return found


def subjects_after(reader: LedgerReader, after: int) -> list[tuple[int, str]]:
    """Returns number and subject of the rows behind a number, in order."""
    return [(row.seq, str(row.fields["subject"])) for row in reader.find_rows(after=after)]


def subjects_of(reader: LedgerReader, kind: str) -> list[str]:
    """Returns the subjects of the rows of a kind, in order."""
    return [str(row.fields["subject"]) for row in reader.find_rows(kind=kind)]


def newest_row(
    reader: LedgerReader, subject: str | None = None, kind: str | None = None
) -> JournalRow | None:
    """Returns the last row about a subject or of a kind, or `None` if there is none."""
    return next(iter(reader.find_rows(subject, kind, newest_first=True, limit=1)), None)


def newest_seq(reader: LedgerReader, subject: str, kind: str) -> int:
    """Returns the number of the last row of a kind about a subject, 0 if there is none."""
    row = newest_row(reader, subject, kind)
    return row.seq if row else 0


def newest_stamp(reader: LedgerReader, kind: str) -> str | None:
    """Returns the stamp of the last row of a kind, or `None` if there is none."""
    row = newest_row(reader, kind=kind)
    return str(row.fields["at"]) if row else None


def newest_refusal(reader: LedgerReader, proposer: str, kind: str, why: str) -> JournalRow | None:
    """Returns the last row about a proposer's refused proposal for a reason."""
    rows = reader.find_rows(proposer, kind, newest_first=True)
    return next((row for row in rows if row.fields["body"].get("why") == why), None)


def moment_of(row: JournalRow) -> Instant:
    """Returns when a row was written."""
    fields = row.fields
    boot_ms = round(fields["boot_s"] * 1000.0)
    return Instant(parse_stamp(fields["at"]), fields["boot_id"], boot_ms)
