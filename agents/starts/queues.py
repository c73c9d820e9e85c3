"""Queues of cases whose playbook waits for its equipment."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from ..case import Case


class Queues:
    """Places of candidates that could start if their equipment were free.

    A place follows from the time of the trigger, which the journal has, so it outlives a restart.

    Args:
        owned: Equipment that a run of each playbook owns, by the playbook's name with its roles.
    """

    def __init__(self, owned: Mapping[str, AbstractSet[str]]) -> None:
        self._owned = owned
        self._waiting: dict[tuple[str, str], str] = {}  # stamp of the trigger, by case and name

    def add(self, case: Case, name: str) -> None:
        """Notes a candidate that waits."""
        self._waiting[case.case_id, name] = case.triggered.get(name, case.opened_at)

    def leave(self, case_id: str) -> None:
        """Forgets the candidates of a case, which is judged anew, answered or closed."""
        for each in [each for each in self._waiting if each[0] == case_id]:
            del self._waiting[each]

    def ahead(self, case: Case, name: str) -> list[str]:
        """Returns the cases that wait longer for some of the same equipment, in their order."""
        own = case.triggered.get(name, case.opened_at), case.case_id, name
        found = [
            (since, case_id, other)
            for (case_id, other), since in self._waiting.items()
            if not self._owned[other].isdisjoint(self._owned[name])
        ]
        return [each[1] for each in sorted(found) if each < own]
