"""Attempts to deliver notices, kept append-only beside the work orders.

They have a database of their own, which only the process that delivers writes. One that cannot be
read or written raises `ToolFailed`.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field

from handwheel.connectors.config.validation import Model

from ..append_only_store import AppendOnlyStore, append_only_table
from ..requests.request import Stamp

NOTICES_FILE = "notices.db"
"""Its name in the site's state folder."""

_APPLICATION_ID = 0x48574E31  # "HWN1"
_COLUMNS = "number INTEGER PRIMARY KEY, text TEXT NOT NULL"
_VERSIONS = {1: append_only_table("attempt", _COLUMNS, "number = NEW.number")}


class Attempt(Model):
    """One attempt to deliver a notice through a channel."""

    notice: str = Field(min_length=1)  # key of the notice
    channel: str = Field(min_length=1)
    at: Stamp
    # tried: another attempt comes; over: not sent, since it is not true any more
    outcome: Literal["delivered", "tried", "failed", "over"]
    answer: str  # of the receiver, or why there is none
    next_at: Stamp | None = None  # of the next attempt


class Attempts(AppendOnlyStore):
    """Open store of a site's attempts."""

    def __init__(self, state: Path) -> None:
        super().__init__(state / NOTICES_FILE, _APPLICATION_ID, _VERSIONS)

    def add(self, attempt: Attempt) -> None:
        """Stores an attempt."""
        with self._translated():
            row = (attempt.model_dump_json(),)
            self._connection.execute("INSERT INTO attempt(text) VALUES (?)", row)

    def all(self) -> list[Attempt]:
        """Returns the attempts, oldest first."""
        with self._translated():
            rows = self._connection.execute("SELECT text FROM attempt ORDER BY number")
            return [Attempt.model_validate_json(row[0]) for row in rows]
