"""Lockouts as the ledger latches them: deleting the file unlocks nothing."""

from collections.abc import Collection, Iterable, Mapping

from ...requests.stamps import Instant
from .database import Database, Transaction
from .lifecycle import invalidate_in
from .transitions import OPEN_REQUESTS

SITE = "site"
"""The scope that covers everything."""


def generations(database: Database, scopes: Iterable[str]) -> dict[str, int]:
    """Returns how often each scope has been locked out; a later approval needs a later request."""
    known = {row[0]: row[1] for row in database.all("SELECT scope, generation FROM lockout")}
    return {scope: known.get(scope, 0) for scope in scopes}


def locked_scopes(database: Database) -> Mapping[str, int]:
    """Returns the scopes that are locked out, each with its generation."""
    rows = database.all("SELECT scope, generation FROM lockout WHERE is_locked = 1")
    return {row[0]: row[1] for row in rows}


def latch(
    database: Database, scope: str, covered: Collection[str] | None, now: Instant
) -> list[str]:
    """Locks a scope out, and invalidates the open requests that it covers.

    Args:
        covered: The equipment in the scope; `None` for all of it.

    Returns:
        The ids of the requests that it ended.

    Raises:
        LedgerError: It cannot be recorded; the lockout file holds all the same.
    """
    with database.transaction(now) as transaction:
        if transaction.one("SELECT is_locked FROM lockout WHERE scope = ?", scope) == 1:
            return []
        transaction.change(
            "INSERT INTO lockout VALUES (?, 1, 1) ON CONFLICT(scope) "
            "DO UPDATE SET generation = generation + 1, is_locked = 1",
            (scope,),
        )
        generation: int = transaction.one("SELECT generation FROM lockout WHERE scope = ?", scope)
        transaction.record("lockout.latched", scope, {"scope": scope, "generation": generation})
        return invalidate_in(transaction, f"lockout of {scope}", OPEN_REQUESTS, covered)


def release(
    transaction: Transaction, scope: str, generation: int, covered: Collection[str] | None
) -> None:
    """Unlocks a scope, and invalidates what was asked for while it was locked.

    The schema wants the signed release in the same ledger.

    Args:
        covered: The equipment in the scope; `None` for all of it.

    Raises:
        LostRace: The scope is not locked, or has been locked out again since.
    """
    transaction.change(
        "UPDATE lockout SET is_locked = 0 WHERE scope = ? AND generation = ? AND is_locked = 1",
        (scope, generation),
    )
    transaction.record("lockout.released", scope, {"scope": scope, "generation": generation})
    reason = f"it was asked for during the lockout of {scope}"
    invalidate_in(transaction, reason, OPEN_REQUESTS, covered)
