"""Ids in a ledger, read without waiting for a writer."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

_QUERIES: Mapping[str, str] = {
    "requests": "SELECT request_id FROM request",
    "waiting requests": "SELECT request_id FROM request WHERE state IN ('PENDING', 'PARTIAL')",
    "open requests": (
        "SELECT request_id FROM request WHERE state IN ('PENDING', 'PARTIAL', 'APPROVED')"
    ),
    "held requests": "SELECT request_id FROM action WHERE state IN ('UNKNOWN', 'MISMATCH')",
    "cases": (
        "SELECT subject FROM journal WHERE subject >= 'C-' AND subject < 'C.' "
        "AND kind = 'case.opened'"
    ),
    "runs": "SELECT run_id FROM run",
    "open runs": "SELECT run_id FROM run WHERE is_open = 1",
}  # fmt: skip
_TIMEOUT_S = 0.2


def read_ids(state: Path, known: str) -> list[str]:
    """Returns the ids of one kind, such as `waiting requests`, from a state folder's ledger.

    For the completion of commands only, because nothing is checked. Not for a process that has
    the ledger open.

    Raises:
        sqlite3.Error: The ledger cannot be read within 0.2 s.
    """
    uri = f"{(state / 'ledger.db').as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=_TIMEOUT_S)) as database:
        return [str(row[0]) for row in database.execute(_QUERIES[known])]
