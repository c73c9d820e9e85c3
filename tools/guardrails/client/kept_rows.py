"""Answers of the gate about rows of the journal, which a copy keeps and continues itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..ledger.store.journal import JournalRow

_QUESTIONS = 200  # the one that was asked longest ago goes first

_Question = tuple[str | None, str | None]


class KeptRows:
    """Every row about a subject, of a kind, or both, for the questions that were asked last.

    A terminal asks the same again whenever it draws, and rows never change.
    """

    def __init__(self) -> None:
        self._answers: dict[_Question, list[JournalRow]] = {}

    def find(self, subject: str | None, kind: str | None) -> list[JournalRow] | None:
        """Returns all rows that the copy has, or `None` if the gate must be asked."""
        found = self._answers.pop((subject, kind), None)
        if found is None:
            return None
        self._answers[subject, kind] = found
        return list(found)

    def keep(self, subject: str | None, kind: str | None, rows: Sequence[JournalRow]) -> None:
        """Keeps the gate's answer, which has all rows that the copy has."""
        self._answers[subject, kind] = list(rows)
        if len(self._answers) > _QUESTIONS:
            del self._answers[next(iter(self._answers))]

    def add(self, row: JournalRow, fields: Mapping[str, Any]) -> None:
        """Adds the next row of the journal to the answers that it belongs to."""
        subject, kind = fields["subject"], fields["kind"]
        for question in ((subject, kind), (subject, None), (None, kind)):
            if question in self._answers:
                self._answers[question].append(row)
