"""Starts of playbooks by their schedules and by their triggers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from handwheel.playbooks.binding.model import BoundPlaybook, owned_by
from handwheel.playbooks.binding.start import Schedule
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import RunState
from handwheel.tools.requests.timestamps import Instant, parse_stamp, stamp

from ..agent_context import CaseContext
from ..deviations.case import Case, CaseLog, plan_name
from ..deviations.triggers import Occasion, TriggerWatch

_PREFIX = "schedule."
_LATE_S = 60.0


class _Event(StrEnum):
    SEEN = "seen"  # the agents know the schedule; only later moments count
    DUE = "due"
    ANSWERED = "answered"


@dataclass(slots=True)
class _Noted:
    """State of the schedules of one playbook, as the journal has it."""

    at: datetime  # the latest moment that was taken
    looks_at: datetime  # nothing is due before


class Schedules:
    """Schedules of a site's playbooks.

    A moment at which no agents ran is made up for when they start, only the latest one. It stays
    due until a run has answered it, and the next one takes its place.

    Args:
        watches: Of the playbooks, by name; those without a schedule cost nothing.
    """

    def __init__(self, log: CaseLog, watches: Mapping[str, TriggerWatch]) -> None:
        self._log = log
        self._watches = watches
        self._noted: dict[str, _Noted] = {}

    def load(self, cases: Iterable[Case], now: Instant) -> None:
        """Takes up what the last process left, and notes schedules that are new."""
        open_ = {name for case in cases for name in case.playbooks if name not in case.done}
        for name, watch in self._watches.items():
            if not watch.plan.schedules:
                continue
            last = self._last(name)
            if last is None:
                self._log.record_schedule(_Event.SEEN, name, stamp(now.wall))
                last = _Event.SEEN, now.wall
            event, at = last
            self._noted[name] = _Noted(at, at)
            if event is _Event.DUE and name in open_:
                watch.occasion = _occasion(watch.plan.schedules, at, at)

    def _last(self, name: str) -> tuple[_Event, datetime] | None:
        kinds = {f"{_PREFIX}{each}": each for each in _Event}
        rows = [row.fields for row in self._log.database.find_rows(name)]
        found = [row for row in rows if row["kind"] in kinds]
        if not found:
            return None
        return kinds[str(found[-1]["kind"])], parse_stamp(str(found[-1]["body"]["at"]))

    def look(self, now: Instant) -> Iterator[str]:
        """Gives each playbook the moment that has come. Yields those to be noted once opened."""
        for name, noted in self._noted.items():
            if now.wall < noted.looks_at:
                continue
            schedules = self._watches[name].plan.schedules
            latest = max(each.latest(now.wall) for each in schedules)
            noted.looks_at = min(each.next(now.wall) for each in schedules)
            if latest > noted.at:
                noted.at = latest
                self._watches[name].occasion = _occasion(schedules, latest, now.wall)
                yield name

    def note_due(self, name: str) -> None:
        """Records that the moment of a playbook was taken. Raises `LedgerError`."""
        self._log.record_schedule(_Event.DUE, name, stamp(self._noted[name].at))

    def note_end(self, name: str, run: Run) -> None:
        """Records that a run has answered the moment of a playbook. Raises `LedgerError`.

        One that a person has stopped or rejected is an answer too.
        """
        if name in self._noted and self._is_answered(name, run):
            self._log.record_schedule(_Event.ANSWERED, name, stamp(self._noted[name].at))

    def end(self, name: str, run: Run) -> None:
        """Forgets the moment or order that a run has answered, once that is recorded."""
        if self._is_answered(name, run):
            self._watches[name].occasion = None

    def _is_answered(self, name: str, run: Run) -> bool:
        is_open = name in self._watches and self._watches[name].occasion is not None
        return is_open and run.is_closed and run.state is not RunState.NOT_STARTED


def _occasion(schedules: Iterable[Schedule], at: datetime, now: datetime) -> Occasion:
    due = next((each for each in schedules if each.latest(at) == at), None)
    late_s = (now - at).total_seconds()
    late = ", which was missed while no agents ran" if late_s > _LATE_S else ""
    text = f"schedule {at:%Y-%m-%d %H:%M} UTC{late}"
    return Occasion(text, due.place if due else "")


class Watches:
    """Watches of the playbooks of a site.

    Attributes:
        by_name: The watch of each playbook.
    """

    def __init__(self, context: CaseContext) -> None:
        self._context = context
        self.by_name = {watch.name: watch for watch in map(self._new, context.plans)}

    def _new(self, plan: BoundPlaybook) -> TriggerWatch:
        return TriggerWatch(plan, set(owned_by(plan, self._context.ledger.context.site)))

    def of(self, plan: BoundPlaybook) -> TriggerWatch:
        """Returns the watch of a playbook, a new one without triggers for other values."""
        name = plan_name(plan)
        if name not in self.by_name:
            self.by_name[name] = self._new(replace(plan, triggers=(), schedules=()))
            self._context.plant.history.add(plan.conditions)
        return self.by_name[name]
