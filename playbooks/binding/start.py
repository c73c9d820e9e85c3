"""Bound parts of a playbook about the start of a run."""

from dataclasses import dataclass
from typing import Literal

from handwheel.tools.conditions import Condition

Style = Literal["manual", "computer-assisted", "automated"]
"""Who executes after ISA-106."""
Policy = Literal["reject", "queue", "preempt_lower"]
"""What becomes of a run whose equipment another run owns."""
LOWEST_PRIORITY = 4


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
class Concurrency:
    """Rules for runs beside other runs."""

    policy: Policy = "reject"
    max_runs: int | None = None  # most runs of the playbook at once
    priority: int = LOWEST_PRIORITY  # 1 is the most urgent
