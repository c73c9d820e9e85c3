"""What a ledger says, seen from outside: opened for reading only, and never for longer than a look.

A connection that stayed open would spare the next gate the recovery of what a killed one left.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DOUBTS = {"UNKNOWN", "MISMATCH"}
_UNDER_WAY = {"DUE", "CLAIMED", "SENDING"}


@dataclass(frozen=True)
class Standing:
    """Where a request and its actions stand; the actions by their ids, in order."""

    request_id: str
    state: str
    actions: Sequence[tuple[str, str]]

    @property
    def is_under_way(self) -> bool:
        return any(state in _UNDER_WAY for _, state in self.actions)

    @property
    def doubtful(self) -> str:
        """The action that a person must resolve; empty if there is none."""
        return next((name for name, state in self.actions if state in _DOUBTS), "")


class LedgerView:
    """One ledger."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _all(self, question: str, *values: object) -> list[Any]:
        where = f"file:{self._path}?mode=ro"
        with closing(sqlite3.connect(where, uri=True, isolation_level=None)) as connection:
            return connection.execute(question, values).fetchall()

    def kinds(self) -> list[tuple[str, str]]:
        """Returns kind and subject of the rows."""
        return self._all("SELECT kind, subject FROM journal ORDER BY seq")

    def state(self) -> str:
        """Returns the state of the action that moved last, else of its request."""
        moved = {"action": "", "request": ""}
        for kind, _ in self.kinds():
            machine, _, word = kind.partition(".")
            if machine in moved and word.isupper():
                moved[machine] = word
        return moved["action"] or moved["request"] or "nothing filed"

    def standing(self) -> Standing | None:
        """Returns where the request stands that was filed last, if there is one."""
        filed = [subject for kind, subject in self.kinds() if kind == "request.filed"]
        if not filed:
            return None
        # In one look: between two of them the request may end.
        rows = self._all(
            "SELECT action_id, action.state, request.state FROM action JOIN request "
            "USING (request_id) WHERE request_id = ? ORDER BY position",
            filed[-1],
        )
        return Standing(filed[-1], rows[0][2], [(row[0], row[1]) for row in rows])

    def actions(self) -> list[tuple[str, str]]:
        """Returns every action and its state, in the order of filing."""
        return self._all("SELECT action_id, state FROM action ORDER BY rowid")
