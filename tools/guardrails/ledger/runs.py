"""Runs in the ledger, with their journal rows and the equipment that they own."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ...errors import LedgerError
from ...requests.canonical import parse_canonical
from ...requests.timestamps import Instant
from .journal_rows import rows_of
from .runner_lock import check_runner_lock
from .store.database import Database, LedgerReader, Transaction

PREFIX = "run."
"""What stands before the kind of a run's event in the journal."""
ORDERED = f"{PREFIX}ordered"
"""Kind of an order to a run, which is no event of the run itself."""

ANCESTORS = "ancestors"
"""Runs that have started a nested run, the nearest first, in the body of its first event."""

_OPENED, _USES = "opened", "uses"
_OPEN_NESTED = (
    "SELECT run_id, text FROM run JOIN journal ON subject = run_id AND kind = 'run.opened' "
    "WHERE is_open = 1 AND json_valid(text) AND json_type(text, '$.body.ancestors') = 'array' "
    "ORDER BY run.rowid"
)
_NEVER = 2**63 - 1


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
    database: Database,
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
        if ancestors:
            body = {**body, ANCESTORS: list(ancestors), _USES: list(assets)}
        transaction.change(
            "INSERT INTO run(run_id, playbook) VALUES (?, ?)", (entry.run_id, entry.playbook)
        )
        for asset in assets:
            if asset not in owners:
                _own(transaction, entry.run_id, asset)
        return _record(transaction, entry.run_id, _OPENED, body), ""


def record_event(
    database: Database,
    run_id: str,
    kind: str,
    body: Mapping[str, object],
    holder: str,
    now: Instant,
    *,
    closes: bool = False,
) -> RunRow:
    """Appends an event to a run, after which the run may own nothing any more.

    Raises:
        LostRace: The caller's runner lock is over.
    """
    with database.transaction(now) as transaction:
        check_runner_lock(transaction, holder)
        row = _record(transaction, run_id, kind, body)
        if closes:
            transaction.change(
                "UPDATE run SET is_open = 0 WHERE run_id = ? AND is_open = 1", (run_id,)
            )
            for asset in assets_of(transaction, run_id):
                transaction.change(
                    "UPDATE run_asset SET is_open = 0 WHERE run_id = ? AND asset = ?",
                    (run_id, asset),
                )
            _hand_on(transaction, run_id)
        return row


def _hand_on(transaction: Transaction, run_id: str) -> None:
    """Gives what a closed run owned to the open runs within it that use it, outer ones first."""
    assets, owners = set(assets_of(transaction, run_id)), asset_owners(transaction)
    for nested, body in _nested(transaction):
        if run_id in body[ANCESTORS]:
            for asset in sorted(assets.intersection(body[_USES]) - owners.keys()):
                _own(transaction, nested, asset)
                owners[asset] = nested


def _own(transaction: Transaction, run_id: str, asset: str) -> None:
    transaction.change("INSERT INTO run_asset(run_id, asset) VALUES (?, ?)", (run_id, asset))


def _users(reader: LedgerReader) -> dict[str, list[str]]:
    """Returns the open nested runs that use equipment, whoever owns it."""
    found: dict[str, list[str]] = {}
    for nested, body in _nested(reader):
        for asset in body[_USES]:
            found.setdefault(asset, []).append(nested)
    return found


def _nested(reader: LedgerReader) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the open nested runs with the body of their first event, outer ones first.

    A damaged one is left out, since nobody works on it.
    """
    for run_id, text in reader.all(_OPEN_NESTED):
        try:
            body = cast("dict[str, list[str]]", parse_canonical(text)["body"])
            if {str} == {type(each) for key in (ANCESTORS, _USES) for each in body[key]}:
                yield run_id, body
        except (LookupError, TypeError, ValueError):
            continue


def load_rows(database: Database, run_id: str) -> list[RunRow]:
    """Returns everything that the journal tells of a run, orders included.

    Raises:
        LedgerError: It cannot be read, or a row is none of a run's: nobody can tell then where
            the run stands.
    """
    found: list[RunRow] = []
    for row in rows_of(database, run_id):
        seq = row.seq
        try:
            fields = parse_canonical(row.text)
            kind: object = fields["kind"]
            if isinstance(kind, str) and not kind.startswith(PREFIX):
                continue
            at, body = fields["at"], fields["body"]
        except (LookupError, TypeError, ValueError):
            raise _damaged(run_id, seq) from None
        if not (isinstance(kind, str) and isinstance(at, str) and isinstance(body, dict)):
            raise _damaged(run_id, seq)
        found.append(RunRow(seq, kind.removeprefix(PREFIX), at, cast("dict[str, Any]", body)))
    return found


def _damaged(run_id: str, seq: int) -> LedgerError:
    return LedgerError(
        f"run {run_id} is damaged: row {seq} of the journal is not written as it must be"
    )


def load_runs(database: Database, *, only_open: bool = False) -> list[RunEntry]:
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


def newest_event(reader: LedgerReader, run_id: str, before: int = _NEVER) -> int | None:
    """Returns the number of the last journal row about a run before another, or `None`."""
    question = (
        f"SELECT max(seq) FROM journal WHERE subject = ? AND kind LIKE '{PREFIX}%' AND seq < ?"  # noqa: S608
    )
    seq: int | None = reader.all(question, run_id, before)[0][0]
    return seq


def _record(transaction: Transaction, run_id: str, kind: str, body: Mapping[str, object]) -> RunRow:
    row = transaction.record(f"run.{kind}", run_id, dict(body))
    return RunRow(row.seq, kind, str(row.fields["at"]), row.fields["body"])
