"""Runs in the ledger, with their journal rows and the equipment that they own."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...requests.timestamps import Instant
from .runner_lock import check_runner_lock
from .store.database import Ledger, LedgerReader, Transaction

PREFIX = "run."
"""What stands before the kind of a run's event in the journal."""
ORDERED = f"{PREFIX}ordered"
"""Kind of an order to a run, which is no event of the run itself."""

ANCESTORS = "ancestors"
"""Runs that have started a nested run, the nearest first, in the body of its first event."""

_OPENED, _USES = "opened", "uses"


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


def open_run(
    database: Ledger,
    entry: RunEntry,
    assets: Collection[str],
    body: Mapping[str, object],
    holder: str,
    now: Instant,
    ancestors: Sequence[str] = (),
) -> tuple[RunRow, str]:
    """Opens a run, unless another one owns one of its assets.

    Args:
        body: Of its first event.
        ancestors: The runs that have started it, the nearest first. What they own stays theirs,
            and goes to this run if they end first.

    Returns:
        Its first row; and the run that is in the way, empty if there is none. Then nothing was
        opened and the row is empty.

    Raises:
        LostRace: The caller's runner lock is over.
    """
    with database.transaction(now) as transaction:
        check_runner_lock(transaction, holder)
        owners = asset_owners(transaction)
        users = _users(transaction) if ancestors else {}
        for asset in assets:
            others = {owners.get(asset, ""), *users.get(asset, ())} - {"", *ancestors}
            if others:
                return RunRow(0, "", "", {}), min(others)
        body = {**body, "playbook": entry.playbook, "owns": list(assets)}
        if ancestors:
            body |= {ANCESTORS: list(ancestors), _USES: list(assets)}
        return _record(transaction, entry.run_id, _OPENED, body), ""


def record_event(
    database: Ledger,
    run_id: str,
    kind: str,
    body: Mapping[str, object],
    holder: str,
    now: Instant,
) -> RunRow:
    """Appends an event to a run, which owns nothing any more after those of `fold.CLOSING`.

    Raises:
        LostRace: The caller's runner lock is over.
    """
    with database.transaction(now) as transaction:
        check_runner_lock(transaction, holder)
        return _record(transaction, run_id, kind, body)


def _users(reader: LedgerReader) -> dict[str, list[str]]:
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


def assets_of(reader: LedgerReader, run_id: str) -> list[str]:
    """Returns the equipment that a run owns, or has owned."""
    rows = reader.all("SELECT asset FROM run_asset WHERE run_id = ? ORDER BY asset", run_id)
    return [row[0] for row in rows]


def asset_owners(reader: LedgerReader) -> dict[str, str]:
    """Returns the equipment that open runs own, each with the run."""
    rows = reader.all("SELECT asset, run_id FROM run_asset WHERE is_open = 1")
    return {row[0]: row[1] for row in rows}


def is_run_open(reader: LedgerReader, run_id: str) -> bool | None:
    """Returns whether a run is open, or `None` if there is no such run."""
    rows = reader.all("SELECT is_open FROM run WHERE run_id = ?", run_id)
    return bool(rows[0][0]) if rows else None


def newest_event(reader: LedgerReader, run_id: str, before: int | None = None) -> int | None:
    """Returns the number of the last journal row about a run before another, or `None`."""
    rows = reader.find_rows(run_id, before=before, newest_first=True, limit=1)
    return rows[0].seq if rows else None


def _record(transaction: Transaction, run_id: str, kind: str, body: Mapping[str, object]) -> RunRow:
    row = transaction.record(f"run.{kind}", run_id, dict(body))
    return RunRow(row.seq, kind, str(row.fields["at"]), row.fields["body"])
