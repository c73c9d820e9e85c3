"""What a ledger says, seen from outside: opened for reading only, and never for longer than a look.

A connection that stayed open would spare the next gate the recovery of what a killed one left.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

_OVER = {"CLOSED", "REJECTED", "EXPIRED", "REVOKED", "SUPERSEDED", "INVALIDATED", "DENIED"}
_DOUBTS = {"UNKNOWN", "MISMATCH"}
_UNDER_WAY = {"DUE", "CLAIMED", "SENDING"}
_ENDS = {f"request.{state}" for state in _OVER} | {f"action.{state}" for state in _DOUBTS}

_POLL_S = 0.0005


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

    def _open(self) -> closing[sqlite3.Connection]:
        return closing(
            sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None)
        )

    def _all(self, question: str, *values: object) -> list[Any]:
        with self._open() as connection:
            return connection.execute(question, values).fetchall()

    def head(self) -> int:
        """Returns the number of the journal's last row."""
        return int(self._all("SELECT coalesce(max(seq), 0) FROM journal")[0][0])

    def kinds(self, after: int) -> list[tuple[str, str]]:
        """Returns kind and subject of the rows after this one."""
        return self._all("SELECT kind, subject FROM journal WHERE seq > ? ORDER BY seq", after)

    def await_row(self, after: int, kind: str, count: int, within_s: float) -> bool:
        """Waits for the so-and-so-many-eth row of a kind; `False` if it will not come."""
        until_s, seen = monotonic() + within_s, 0
        with self._open() as connection:
            for found in self._rows(connection, after, until_s):
                seen += found == kind
                if seen == count:
                    return True
                if found in _ENDS:
                    return False
        return False

    @staticmethod
    def _rows(connection: sqlite3.Connection, after: int, until_s: float) -> Iterator[str]:
        while monotonic() < until_s:
            rows = connection.execute(
                "SELECT kind, seq FROM journal WHERE seq > ? ORDER BY seq", (after,)
            ).fetchall()
            yield from (kind for kind, _ in rows)
            if rows:
                after = rows[-1][1]
            else:
                sleep(_POLL_S)

    def state(self, after: int) -> str:
        """Returns the state of the action that moved last since a row, else of its request."""
        moved = {"action": "", "request": ""}
        for kind, _ in self.kinds(after):
            machine, _, word = kind.partition(".")
            if machine in moved and word.isupper():
                moved[machine] = word
        return moved["action"] or moved["request"] or "nothing filed"

    def standing(self, after: int) -> Standing | None:
        """Returns where the request stands that was filed since a row, if there is one."""
        filed = [subject for kind, subject in self.kinds(after) if kind == "request.filed"]
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

    def locked(self) -> Collection[str]:
        """Returns the scopes that are locked out."""
        return [row[0] for row in self._all("SELECT scope FROM lockout WHERE is_locked = 1")]

    def tag(self, action_id: str) -> str:
        """Returns the tag that an action writes."""
        return str(self._all("SELECT tag FROM action WHERE action_id = ?", action_id)[0][0])
