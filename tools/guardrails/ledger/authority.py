"""Authority over equipment as the ledger's table has it. Nothing of a row has been checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ...safe_text import plain
from .store.database import LedgerReader, Transaction

TakenMode = Literal["OPERATOR", "LOCAL", "MAINTENANCE"]
Mode = Literal[TakenMode, "AGENT"]

LONGEST_NAME = 64
"""Number of characters that are kept and shown of the name of a person."""
CLOSED_MODES = frozenset({"LOCAL", "MAINTENANCE"})
"""Modes in which nothing is written from here."""

_COLUMNS = "SELECT equipment, generation, mode, person, until FROM authority"
# By the generation: a row that is written once more does not make an old grant the newest.
_NEWEST = (
    "SELECT kind, json_extract(text, '$.body.generation') AS generation FROM journal "
    "WHERE subject = ? AND kind IN ('authority.given', 'authority.taken') "
    "ORDER BY generation DESC, kind DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """Row of the table for a piece of equipment or the site."""

    scope: str
    generation: int
    mode: Mode
    person: str
    until: str | None  # stamp at which a grant ends; `None` unless the mode is AGENT

    @property
    def is_closed(self) -> bool:
        """Whether a person works there, so that nothing is written from here."""
        return self.mode in CLOSED_MODES

    @property
    def words(self) -> str:
        """Mode and person as text."""
        return f"{self.scope} is {self.mode}, set by {plain(self.person, LONGEST_NAME)}"


def load_authority(reader: LedgerReader, scopes: Iterable[str] | None = None) -> list[Authority]:
    """Returns the rows of some or all scopes, in order. A scope that was never set has none."""
    if scopes is None:
        return [Authority(*row) for row in reader.all(_COLUMNS)]
    wanted = list(scopes)
    question = f"{_COLUMNS} WHERE equipment IN ({', '.join('?' * len(wanted))})"
    rows = reader.all(question, *wanted)
    return sorted((Authority(*row) for row in rows), key=lambda row: wanted.index(row.scope))


def set_authority(
    transaction: Transaction, equipment: str, mode: Mode, person: str, until: str | None
) -> int:
    """Sets the row of a piece of equipment, and returns its new generation."""
    rows = load_authority(transaction, [equipment])
    generation = rows[0].generation + 1 if rows else 1
    transaction.change(  # no upsert: the schema refuses to insert equipment that is there
        "UPDATE authority SET generation = ?, mode = ?, person = ?, until = ? WHERE equipment = ?"
        if rows
        else "INSERT INTO authority(generation, mode, person, until, equipment) "
        "VALUES (?, ?, ?, ?, ?)",
        (generation, mode, person, until, equipment),
    )
    return generation


def newest_change(reader: LedgerReader, scope: str) -> tuple[str, object] | None:
    """Returns kind and generation of the latest journal row about a scope's authority."""
    rows = reader.all(_NEWEST, scope)
    return (rows[0][0], rows[0][1]) if rows else None
