"""Lockouts as the ledger latches them. Deleting the file releases nothing."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ...requests.timestamps import Instant
from .journal_rows import newest_row
from .lifecycle import invalidate_in
from .store.database import Ledger, LedgerReader, LostRace, TableReader, Transaction
from .store.states import OPEN_REQUESTS

SITE = "site"
"""The scope that covers everything."""


class LatchedLockout(NamedTuple):
    """State of a scope's lockout, and how often there was one."""

    scope: str
    generation: int
    is_locked: bool


def load_lockouts(reader: TableReader) -> list[LatchedLockout]:
    """Returns every scope that was ever locked out."""
    rows = reader.all("SELECT scope, generation, is_locked FROM lockout")
    return [LatchedLockout(row[0], row[1], bool(row[2])) for row in rows]


def lockout_generations(reader: LedgerReader, scopes: Iterable[str]) -> dict[str, int]:
    """Returns how often each scope was locked out. A later approval needs a later request."""
    known = {each.scope: each.generation for each in load_lockouts(reader)}
    return {scope: known.get(scope, 0) for scope in scopes}


def locked_scopes(reader: TableReader) -> Mapping[str, int]:
    """Returns the scopes that are locked out, with their generations."""
    return {each.scope: each.generation for each in load_lockouts(reader) if each.is_locked}


def latch(
    database: Ledger, scope: str, covered: Collection[str] | None, now: Instant, said: str = ""
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
        body: dict[str, object] = {"scope": scope, "generation": generation}
        transaction.record("lockout.latched", scope, body | ({"said": said} if said else {}))
        return invalidate_in(transaction, f"lockout of {scope}", OPEN_REQUESTS, covered)


def latched_note(reader: LedgerReader, scope: str) -> str:
    """Returns the note of a scope's latest lockout when it was latched, empty if it had none."""
    row = newest_row(reader, scope, "lockout.latched")
    return str(row.fields["body"].get("said", "")) if row else ""


def release(
    transaction: Transaction, scope: str, generation: int, covered: Collection[str] | None
) -> None:
    """Unlocks a scope, and invalidates what was asked for while it was locked.

    That an administrator has signed it, and that the scope is locked, is the caller's to know.

    Raises:
        LostRace: The scope is not locked, or has been locked out again since.
    """
    if locked_scopes(transaction).get(scope) != generation:
        raise LostRace(f"{scope} is not locked out, or has been again since")
    transaction.record("lockout.released", scope, {"scope": scope, "generation": generation})
    reason = f"it was asked for during the lockout of {scope}"
    invalidate_in(transaction, reason, OPEN_REQUESTS, covered)
