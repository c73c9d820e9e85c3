"""Leases: what was to stand for a while is taken back at its end, and not before."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .actions import Deed
from .journal import Row

_APPLIED = {"VERIFIED", "RESOLVED_APPLIED"}
_UNDER_WAY = {"PLANNED", "DUE", "CLAIMED", "SENDING"}


@dataclass
class Leases:
    """Which requests' agents the gate has found gone."""

    lost: set[str] = field(default_factory=set[str])
    by_run: set[str] = field(default_factory=set[str])  # what a run's own word was for

    def lose(self, row: Row) -> None:
        self.lost.add(row.subject)

    def due_faults(self, deed: Deed, faults: Iterable[str], is_told: bool) -> Iterator[str]:
        """Yields why an action might not become due, unless a lease is what it is due by."""
        found = list(faults)
        if _is_back(deed) and deed.request.run_id:
            if is_told and not found:
                self.by_run.add(deed.name)
            return
        yield from found

    def early_faults(self, row: Row, deed: Deed, deeds: Mapping[str, Deed]) -> Iterator[str]:
        """Yields why it was not yet time to take back what is taken back now."""
        request = deed.request
        if request.lease is None or not _is_back(deed) or deed.name in self.by_run:
            return
        commands = [deeds[each.action_id] for each in request.actions if each.kind == "command"]
        yield from _order_faults(deed, commands, deeds)
        ends = [each.ended_at for each in commands if each.state in _APPLIED and each.ended_at]
        is_whole = all(each.state in _APPLIED for each in commands)
        if request.request_id in self.lost or (not is_whole and not request.run_id):
            return
        if not ends or row.at < max(ends) + request.lease:
            yield f"the lease of {request.request_id} was not over"


def _order_faults(deed: Deed, commands: list[Deed], deeds: Mapping[str, Deed]) -> Iterator[str]:
    """Yields what should have been taken back before: what was written later."""
    undone = {each.action.undoes: each.state for each in deeds.values() if each.action.undoes}
    for each in reversed(commands):
        if each.name == deed.action.undoes:
            return
        if each.state in _UNDER_WAY:
            yield f"{each.name} may still come"
        if each.state in _APPLIED and undone.get(each.name) not in _APPLIED | {"SKIPPED"}:
            yield f"{each.name} was written after it, and stands"


def _is_back(deed: Deed) -> bool:
    return deed.request.lease is not None and bool(deed.action.undoes)
