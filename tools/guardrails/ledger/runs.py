"""Runs in the ledger, with their journal rows and the equipment that they own."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .store.database import Ledger, LedgerReader, TableReader

PREFIX = "run."
"""What stands before the kind of a run's event in the journal."""
ORDERED = f"{PREFIX}ordered"
"""Kind of an order to a run, which is no event of the run itself."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One event as the journal keeps it."""

    seq: int
    kind: str  # without the prefix
    at: str  # when, as a stamp
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A run as the ledger lists it."""

    run_id: str
    playbook: str
    is_open: bool


def owner_in_the_way(reader: TableReader, assets: Iterable[str], ancestors: Sequence[str]) -> str:
    """Returns a run that is in the way of one with some equipment, empty if there is none.

    Args:
        ancestors: The runs that have started it, which are in nobody's way.
    """
    owners = asset_owners(reader)
    users = _users(reader) if ancestors else {}
    for asset in assets:
        others: set[str] = {owners.get(asset, ""), *users.get(asset, ())} - {"", *ancestors}
        if others:
            return min(others)
    return ""


def _users(reader: TableReader) -> dict[str, list[str]]:
    """Returns the open nested runs that use equipment, whoever owns it."""
    found: dict[str, list[str]] = {}
    question = "SELECT run_id, uses FROM nested_run JOIN run USING (run_id) WHERE is_open = 1"
    for nested, uses in reader.all(question):
        for asset in json.loads(uses):
            found.setdefault(asset, []).append(nested)
    return found


def load_rows(reader: LedgerReader, run_id: str) -> list[RunRow]:
    """Returns everything that the journal tells of a run, orders included."""
    found: list[RunRow] = []
    for row in reader.find_rows(run_id):
        fields = row.fields
        if fields["kind"].startswith(PREFIX):
            kind = fields["kind"].removeprefix(PREFIX)
            found.append(RunRow(row.seq, kind, fields["at"], fields["body"]))
    return found


def load_runs(database: Ledger, *, only_open: bool = False) -> list[RunEntry]:
    """Returns the runs in the order in which they were opened."""
    where = "WHERE is_open = 1" if only_open else ""
    rows = database.all(f"SELECT run_id, playbook, is_open FROM run {where} ORDER BY rowid")  # noqa: S608
    return [RunEntry(row[0], row[1], bool(row[2])) for row in rows]


def asset_owners(reader: TableReader) -> dict[str, str]:
    """Returns the equipment that open runs own, each with the run."""
    rows = reader.all("SELECT asset, run_id FROM run_asset WHERE is_open = 1")
    return {row[0]: row[1] for row in rows}


def is_run_open(reader: TableReader, run_id: str) -> bool | None:
    """Returns whether a run is open, or `None` if there is no such run."""
    rows = reader.all("SELECT is_open FROM run WHERE run_id = ?", run_id)
    return bool(rows[0][0]) if rows else None


def newest_event(reader: LedgerReader, run_id: str, before: int | None = None) -> int:
    """Returns the number of the last journal row about a run, orders included, or 0.

    Args:
        before: Only rows before this number; `None` for all.
    """
    rows = reader.find_rows(run_id, before=before, newest_first=True, limit=1)
    return rows[0].seq if rows else 0
