"""Queues of cases whose playbook waits for its equipment."""

from ..deviations.case import Case
from ..deviations.triggers import TriggerWatch


class Queues:
    """Places of candidates that could start if their equipment were free.

    A place follows from the time of the trigger, which the journal has, so it outlives a restart.
    """

    def __init__(self) -> None:
        # Stamp of the trigger and watch, by case and name.
        self._waiting: dict[tuple[str, str], tuple[str, TriggerWatch]] = {}

    def add(self, case: Case, watch: TriggerWatch) -> None:
        """Notes a candidate that waits."""
        since = case.triggered.get(watch.name, case.opened_at)
        self._waiting[case.case_id, watch.name] = since, watch

    def leave(self, case_id: str) -> None:
        """Forgets the candidates of a case, which is judged anew, answered or closed."""
        for each in [each for each in self._waiting if each[0] == case_id]:
            del self._waiting[each]

    def ahead(self, case: Case, watch: TriggerWatch) -> list[str]:
        """Returns the cases that wait longer for some of the same equipment, in their order."""
        own = case.triggered.get(watch.name, case.opened_at), case.case_id, watch.name
        found = [
            (since, case_id, name)
            for (case_id, name), (since, other) in self._waiting.items()
            if not other.owned.isdisjoint(watch.owned)
        ]
        return [each[1] for each in sorted(found) if each < own]
