"""Lockouts as the ledger latches them: deleting the file unlocks nothing."""

from collections.abc import Collection, Iterable, Mapping

from ...requests.stamps import Instant
from .lifecycle import invalidate_in
from .store.database import Database, Transaction
from .store.states import OPEN_REQUESTS

SITE = "site"
"""The scope that covers everything."""

_SAID = (
    "SELECT json_extract(text, '$.body.said') FROM journal "
    "WHERE subject = ? AND kind = 'lockout.latched' ORDER BY seq DESC LIMIT 1"
)


def lockout_generations(database: Database, scopes: Iterable[str]) -> dict[str, int]:
    """Returns how often each scope has been locked out; a later approval needs a later request."""
    known = {row[0]: row[1] for row in database.all("SELECT scope, generation FROM lockout")}
    return {scope: known.get(scope, 0) for scope in scopes}


def locked_scopes(database: Database) -> Mapping[str, int]:
    """Returns the scopes that the table calls locked out; `locked_out` asks for the signatures."""
    rows = database.all("SELECT scope, generation FROM lockout WHERE is_locked = 1")
    return {row[0]: row[1] for row in rows}


def latch(
    database: Database,
    scope: str,
    covered: Collection[str] | None,
    now: Instant,
    said: str = "",
) -> list[str]:
    """Locks a scope out, and invalidates the open requests that it covers.

    Args:
        covered: The equipment in the scope; `None` for all of it.
        said: What the lockout's file says of who made it; anybody can write that.

    Returns:
        The ids of the requests that it ended.

    Raises:
        LedgerError: It cannot be recorded; the lockout file holds all the same.
    """
    with database.transaction(now) as transaction:
        if transaction.one("SELECT is_locked FROM lockout WHERE scope = ?", scope) == 1:
            return []
        before = transaction.one("SELECT generation FROM lockout WHERE scope = ?", scope)
        generation: int = (before or 0) + 1
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
    """Returns what the file of a scope's latest lockout said when it was latched; empty if nothing.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    rows = database.all(_SAID, scope)
    return str(rows[0][0] or "") if rows else ""


def release(
    transaction: Transaction, scope: str, generation: int, covered: Collection[str] | None
) -> None:
    """Unlocks a scope, and invalidates what was asked for while it was locked.

    The schema wants a release in the same ledger; that an administrator has signed it, and that
    the scope is locked, is the caller's to know.

    Args:
        covered: The equipment in the scope; `None` for all of it.

    Raises:
        LostRace: The scope was never locked, or has been locked out again since.
    """
    transaction.change(
        "UPDATE lockout SET is_locked = 0 WHERE scope = ? AND generation = ?",
        (scope, generation),
    )
    transaction.record("lockout.released", scope, {"scope": scope, "generation": generation})
    reason = f"it was asked for during the lockout of {scope}"
    invalidate_in(transaction, reason, OPEN_REQUESTS, covered)
