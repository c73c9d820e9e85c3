"""Epochs of gates, and intents. An intent is recorded before its frame leaves."""

import os

from ...requests.timestamps import Instant
from .store.database import Database, LedgerReader, Transaction

_PROVEN = (
    "SELECT intent.seq FROM intent JOIN journal USING (seq) JOIN action USING (action_id) "
    "WHERE action_id = ? AND wire = ? AND intent.seq = ? AND journal.subject = action_id "
    "AND journal.kind = 'action.intent' AND state = 'SENDING'"
)


def has_gate(reader: LedgerReader) -> bool:
    """Whether a gate of the site was ever started."""
    return bool(reader.all("SELECT 1 FROM gate LIMIT 1"))


def newest_epoch(reader: LedgerReader) -> int | None:
    """Returns the epoch of the gate that was started last, or `None` if there was none."""
    epoch: int | None = reader.all("SELECT max(epoch) FROM gate")[0][0]
    return epoch


def start_epoch(database: Database, now: Instant) -> int:
    """Records that a gate starts, and returns its epoch."""
    with database.transaction(now) as transaction:
        transaction.change(
            "INSERT INTO gate(pid, boot_id) VALUES (?, ?)", (os.getpid(), now.boot_id)
        )
        epoch = newest_epoch(transaction) or 0
        transaction.record("gate.started", str(epoch), {"epoch": epoch, "pid": os.getpid()})
    return epoch


def insert_intent(
    transaction: Transaction, action_id: str, wire: str, digest: str, epoch: int
) -> int:
    """Records an intent in the journal and the table, and returns its journal row."""
    body: dict[str, object] = {"wire": wire, "digest": digest}
    seq = transaction.record("action.intent", action_id, body).seq
    transaction.change(
        "INSERT INTO intent(action_id, wire, epoch, seq) VALUES (?, ?, ?, ?)",
        (action_id, wire, epoch, seq),
    )
    return seq


def is_proven(reader: LedgerReader, action_id: str, wire: str, seq: int) -> bool:
    """Whether table and journal hold this intent of an action that is being sent."""
    return bool(reader.all(_PROVEN, action_id, wire, seq))


def epochs_of_run(reader: LedgerReader, run_id: str) -> dict[str, int]:
    """Returns the actions of a run that have an intent, each with the epoch of its gate."""
    rows = reader.all(
        "SELECT action_id, epoch FROM intent JOIN action USING (action_id) "
        "JOIN request USING (request_id) WHERE run_id = ?",
        run_id,
    )
    return {row[0]: row[1] for row in rows}


def epochs_of_request(reader: LedgerReader, request_id: str, kind: str = "%") -> dict[str, int]:
    """Returns the actions of a kind that have an intent, each with the epoch of its gate."""
    rows = reader.all(
        "SELECT action_id, epoch FROM intent JOIN action USING (action_id) "
        "WHERE request_id = ? AND kind LIKE ?",
        request_id,
        kind,
    )
    return {row[0]: row[1] for row in rows}


def all_wires(reader: LedgerReader) -> dict[str, str]:
    """Returns the bytes of every intent, hexadecimal, by action."""
    return {row[0]: row[1] for row in reader.all("SELECT action_id, wire FROM intent")}
