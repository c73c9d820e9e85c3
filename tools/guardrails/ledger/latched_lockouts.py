"""Lockouts as the ledger latches them. Deleting the file releases nothing."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ...requests.timestamps import Instant
from .lifecycle import invalidate_in
from .store.database import Database, LedgerReader, Transaction
from .store.states import OPEN_REQUESTS

SITE = "site"
"""The scope that covers everything."""

_SAID = (
    "SELECT json_extract(text, '$.body.said') FROM journal "
    "WHERE subject = ? AND kind = 'lockout.latched' ORDER BY seq DESC LIMIT 1"
)


class LatchedLockout(NamedTuple):
    """Row of the table. `signatures.administrators.locked_out` judges it."""

    scope: str
    generation: int
    is_locked: bool


def load_lockouts(reader: LedgerReader) -> list[LatchedLockout]:
    """Returns every scope that was ever locked out."""
    rows = reader.all("SELECT scope, generation, is_locked FROM lockout")
    return [LatchedLockout(row[0], row[1], bool(row[2])) for row in rows]


def lockout_generations(database: Database, scopes: Iterable[str]) -> dict[str, int]:
    """Returns how often each scope was locked out. A later approval needs a later request."""
    known = {each.scope: each.generation for each in load_lockouts(database)}
    return {scope: known.get(scope, 0) for scope in scopes}


def locked_scopes(database: Database) -> Mapping[str, int]:
    """Returns the scopes that the table calls locked out, with their generations."""
    return {each.scope: each.generation for each in load_lockouts(database) if each.is_locked}


def latch(
    database: Database, scope: str, covered: Collection[str] | None, now: Instant, said: str = ""
) -> list[str]:
    """Locks a scope out, and invalidates the open requests that it covers.

    Args:
        covered: The equipment in the scope; `None` for all of it.
        said: Note in the lockout's file, which any user can write.

    Returns:
        The ids of the requests that it ended.

    Raises:
        LedgerError: It cannot be recorded; the lockout file holds all the same.
    """
    with database.transaction(now) as transaction:
        before = {each.scope: each for each in load_lockouts(transaction)}.get(scope)
        if before and before.is_locked:
            return []
        generation = before.generation + 1 if before else 1
        transaction.change(  # no upsert: the schema refuses to insert a scope that is there
            "UPDATE lockout SET generation = ?, is_locked = 1 WHERE scope = ?"
            if before
            else "INSERT INTO lockout(generation, scope, is_locked) VALUES (?, ?, 1)",
            (generation, scope),
        )
        body: dict[str, object] = {"scope": scope, "generation": generation}
        transaction.record("lockout.latched", scope, body | ({"said": said} if said else {}))
        return invalidate_in(transaction, f"lockout of {scope}", OPEN_REQUESTS, covered)


def latched_note(database: Database, scope: str) -> str:
    """Returns the note of a scope's latest lockout when it was latched, empty if it had none."""
    rows = database.all(_SAID, scope)
    return str(rows[0][0] or "") if rows else ""


def release(
    transaction: Transaction, scope: str, generation: int, covered: Collection[str] | None
) -> None:
    """Unlocks a scope, and invalidates what was asked for while it was locked.

    The schema wants a release in the same ledger; that an administrator has signed it, and that
    the scope is locked, is the caller's to know.

    Raises:
        LostRace: The scope was never locked, or has been locked out again since.
    """
    transaction.change(
        "UPDATE lockout SET is_locked = 0 WHERE scope = ? AND generation = ?", (scope, generation)
    )
    transaction.record("lockout.released", scope, {"scope": scope, "generation": generation})
    reason = f"it was asked for during the lockout of {scope}"
    invalidate_in(transaction, reason, OPEN_REQUESTS, covered)
