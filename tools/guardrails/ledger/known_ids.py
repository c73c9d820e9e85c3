"""Ids in a ledger, for the completion of commands."""

from collections.abc import Mapping

from .journal_rows import subjects_of
from .store.database import LedgerReader

_QUERIES: Mapping[str, str] = {
    "requests": "SELECT request_id FROM request",
    "waiting requests": "SELECT request_id FROM request WHERE state IN ('PENDING', 'PARTIAL')",
    "open requests": (
        "SELECT request_id FROM request WHERE state IN ('PENDING', 'PARTIAL', 'APPROVED')"
    ),
    "held requests": "SELECT request_id FROM action WHERE state IN ('UNKNOWN', 'MISMATCH')",
    "runs": "SELECT run_id FROM run",
    "open runs": "SELECT run_id FROM run WHERE is_open = 1",
}  # fmt: skip


def known_ids(reader: LedgerReader, known: str) -> list[str]:
    """Returns the ids of one kind, such as `waiting requests` or `cases`."""
    if known == "cases":
        return subjects_of(reader, "case.opened")
    return [str(row[0]) for row in reader.all(_QUERIES[known])]
