"""Epochs of gates, and intents. An intent is recorded before its frame leaves."""

import os

from ...requests.timestamps import Instant
from .journal_rows import has_field
from .store.database import Ledger, LedgerReader, TableReader, Transaction


def has_gate(reader: TableReader) -> bool:
    """Whether a gate of the site was ever started."""
    return bool(reader.all("SELECT 1 FROM gate LIMIT 1"))


def newest_epoch(reader: TableReader) -> int | None:
    """Returns the epoch of the gate that was started last, or `None` if there was none."""
    epoch: int | None = reader.all("SELECT max(epoch) FROM gate")[0][0]
    return epoch


def start_of_epoch(reader: TableReader, epoch: int) -> int:
    """Returns the journal row with which a gate started."""
    return int(reader.all("SELECT seq FROM gate WHERE epoch = ?", epoch)[0][0])


def start_epoch(database: Ledger, now: Instant) -> int:
    """Records that a gate starts, and returns its epoch."""
    with database.transaction(now) as transaction:
        epoch = (newest_epoch(transaction) or 0) + 1
        transaction.record("gate.started", str(epoch), {"epoch": epoch, "pid": os.getpid()})
    return epoch


def record_intent(transaction: Transaction, action_id: str, wire: str, digest: str) -> int:
    """Records an intent, and returns its journal row."""
    return transaction.record("action.intent", action_id, {"wire": wire, "digest": digest}).seq


def has_intent(reader: TableReader, action_id: str) -> bool:
    """Whether the frame of an action may have left, or may leave."""
    return bool(reader.all("SELECT 1 FROM intent WHERE action_id = ?", action_id))


def was_not_sent(reader: LedgerReader, action_id: str) -> bool:
    """Whether the gate recorded an intent of an action whose frame was not sent."""
    return has_field(reader, action_id, "action.REFUSED", "sent", False)
