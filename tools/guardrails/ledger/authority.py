"""Authority over equipment as the ledger has it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ...safe_text import plain
from .store.database import TableReader

TakenMode = Literal["OPERATOR", "LOCAL", "MAINTENANCE"]
Mode = Literal[TakenMode, "AGENT"]

LONGEST_NAME = 64
"""Number of characters that are kept and shown of the name of a person."""
CLOSED_MODES = frozenset({"LOCAL", "MAINTENANCE"})
"""Modes in which nothing is written from here."""

_COLUMNS = "SELECT equipment, generation, mode, person, until FROM authority"


@dataclass(frozen=True, slots=True)
class Authority:
    """Authority over a piece of equipment or the site."""

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


def load_authority(reader: TableReader, scopes: Iterable[str] | None = None) -> list[Authority]:
    """Returns the rows of some or all scopes, in order. A scope that was never set has none."""
    if scopes is None:
        return [Authority(*row) for row in reader.all(_COLUMNS)]
    wanted = list(scopes)
    question = f"{_COLUMNS} WHERE equipment IN ({', '.join('?' * len(wanted))})"
    rows = reader.all(question, *wanted)
    return sorted((Authority(*row) for row in rows), key=lambda row: wanted.index(row.scope))
