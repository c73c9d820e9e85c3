"""Bound parts of a playbook about the start of a run, and what an order of one needs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from handwheel.tools.conditions import Condition

Style = Literal["manual", "computer-assisted", "automated"]
"""Who executes after ISA-106."""
Policy = Literal["reject", "queue", "preempt_lower"]
"""What becomes of a run whose equipment another run owns."""
LOWEST_PRIORITY = 4
_WEEK = 7  # days


@dataclass(frozen=True, slots=True)
class TriggerPart:
    """Condition of a trigger with its duration."""

    condition: Condition  # for an alarm, that it is active
    for_s: float  # time that it must be true without a break, process time


@dataclass(frozen=True, slots=True)
class Trigger:
    """Trigger of a run, which is true while all of its parts are."""

    condition: Condition  # every part, joined by `and`
    parts: tuple[TriggerPart, ...]  # one, or those of `all`
    rearm: Condition | None  # condition to fire again, once no run owns the equipment
    place: str  # `file:line` of the trigger


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times of the day at which a run starts, in UTC."""

    times: tuple[time, ...]
    days: frozenset[int]  # days of the week, Monday is 0
    text: str  # such as `06:00 UTC on mon`
    place: str  # `file:line`

    def latest(self, now: datetime) -> datetime:
        """Returns the latest moment of the schedule until now."""
        return max(each for each in self._around(now, -1) if each <= now)

    def next(self, now: datetime) -> datetime:
        """Returns the first moment of the schedule after now."""
        return min(each for each in self._around(now, 1) if each > now)

    def _around(self, now: datetime, step: int) -> Iterator[datetime]:
        today = now.astimezone(UTC).date()
        for each in (today + timedelta(days=step * number) for number in range(_WEEK + 1)):
            if each.weekday() in self.days:
                yield from (datetime.combine(each, at, UTC) for at in self.times)


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Rules for runs beside other runs."""

    policy: Policy = "reject"
    max_runs: int | None = None  # most runs of the playbook at once
    priority: int = LOWEST_PRIORITY  # 1 is the most urgent


def split_given(
    given: Mapping[str, str], roles: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the given equipment by role, and the other given values."""
    chosen = {name: value for name, value in given.items() if name in roles}
    return chosen, {name: value for name, value in given.items() if name not in roles}
