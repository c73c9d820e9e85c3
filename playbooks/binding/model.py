"""Model of a bound playbook, in which every name, value and condition is resolved."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.conditions import Checked, Condition, Expression, StepValue, Template

from .advice import Advice
from .start import Concurrency, Schedule, Style, Trigger
from .step_model import RequiredApproval, Step, WorkOrderStep, Write


@dataclass(frozen=True, slots=True)
class Check:
    """Named condition of the evidence or the permissives."""

    id: str
    condition: Condition
    place: str  # `file:line`
    suggest: str = ""  # the playbook that this evidence suggests; empty for none
    now: Condition | None = None  # of a permissive, the condition without its `held`


@dataclass(frozen=True, slots=True)
class Invariant:
    """Condition from the first write to the end. Unknown counts as a violation."""

    condition: Condition
    grace_s: float
    on_violation: Literal["hold", "rollback", "safe_state"]
    place: str


@dataclass(frozen=True, slots=True)
class Escalation:
    """Notice after a run was in a state, or a case undecided, for `after_s`, wall-clock time."""

    when: Literal["held", "aborted", "undecided"]
    after_s: float
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adjustable:
    """Value of a playbook that may be another one within its limits, each as text."""

    name: str
    type: str  # `quantity`, `number`, `bool` or `enum`
    default: str
    unit: str = ""
    low: str = ""  # empty without a limit
    high: str = ""
    values: tuple[str, ...] = ()  # words that an `enum` may be

    @property
    def fields(self) -> dict[str, Any]:
        """It as plain JSON, without what is empty."""
        found = {
            "name": self.name, "type": self.type, "default": self.default, "unit": self.unit,
            "low": self.low, "high": self.high, "values": list(self.values),
        }  # fmt: skip
        return {name: each for name, each in found.items() if each}


@dataclass(frozen=True, slots=True)
class BoundPlaybook:
    """Playbook bound to equipment and parameters."""

    id: str
    version: str
    title: str
    file: str  # display name of its file
    digest: str  # SHA-256 of the file's bytes, hexadecimal
    roles: Mapping[str, str]  # role to equipment, such as `duty` to `P-101A`
    parameters: Mapping[str, str]  # every bound role and value, as text
    given: Mapping[str, str]  # of them the values that are not the default
    triggers: tuple[Trigger, ...]
    assets: tuple[str, ...]  # equipment that a run owns exclusively
    evidence_for: tuple[Check, ...]
    evidence_against: tuple[Check, ...]
    permissives: tuple[Check, ...]
    invariants: tuple[Invariant, ...]
    approval: RequiredApproval | None  # `None` if every segment that writes has its own
    covers: frozenset[str]  # what an approval is for: `steps`, `rollback` and `safe_state`
    steps: tuple[Step, ...]
    safe_state: tuple[Step, ...]
    escalations: tuple[Escalation, ...]
    max_writes: int
    max_duration_s: float
    lease_s: float | None  # how long its writes stand; `None` if only the run ends them
    schedules: tuple[Schedule, ...]
    is_manual: bool  # whether a person may order a start
    style: Style
    achieves: Condition | None  # what a complete run has brought about
    concurrency: Concurrency
    deadline_s: float | None  # from the trigger to the first write, wall-clock time
    advice: Advice | None = None  # on its set points
    adjustable: tuple[Adjustable, ...] = ()  # its values, without texts

    @property
    def writes(self) -> tuple[Write, ...]:
        """Every possible write of the steps, their undo and the safe state."""
        steps = (*self.steps, *self.safe_state)
        own = [write for step in steps for write in step.writes]
        return tuple(own + [each for step in steps if step.undo for each in step.undo.writes])

    @property
    def segments(self) -> list[list[Step]]:
        """The steps in parts of one request each. An approval of a step is for it alone."""
        found: list[list[Step]] = []
        for step in self.steps:
            follows_own = bool(found) and found[-1][-1].approval is not None
            if not found or step.own_approval or follows_own:
                found.append([])
            found[-1].append(step)
        return found

    @property
    def recovery_approval(self) -> RequiredApproval | None:
        """Approval of a rollback that is requested anew, the playbook's or else a step's first."""
        own = (each.own_approval for each in self.steps)
        return self.approval or next((each for each in own if each), None)

    @property
    def order_role(self) -> str:
        """Role of a person who orders its runs about, as long as no request names another."""
        return self.recovery_approval.role if self.recovery_approval else "operator"

    @property
    def order_needs(self) -> tuple[Collection[str], Collection[str]]:
        """Roles that a person must hold to order a start, and the tags that it writes."""
        return [self.order_role], sorted({each.tag.name for each in self.writes})

    @property
    def formulas(self) -> tuple[Expression, ...]:
        """Every expression whose value is written, advised on, or the time of a work order."""
        orders = (step.work for step in self.steps if isinstance(step.work, WorkOrderStep))
        found = (
            *(each.value for each in self.writes),
            *(each.due for each in orders),
            self.advice.objective if self.advice else None,
        )
        return tuple(each for each in found if isinstance(each, Expression))

    @property
    def trend_tags(self) -> tuple[Tag, ...]:
        """Tags whose trend is attached to a work order."""
        works = [step.work for step in self.steps if isinstance(step.work, WorkOrderStep)]
        return tuple(trend.tag for work in works for trend in work.trends)

    @property
    def tags(self) -> frozenset[str]:
        """Names of the tags that it reads or writes."""
        names = {name for each in self.conditions for name in each.tags}
        names |= {each.tag.name for each in self.writes}
        names |= {name for each in self.formulas for name in each.tags}
        names |= {tag.name for tag in self.trend_tags}
        return frozenset(names.union(*(each.tags for each in self._templates)))

    @property
    def _templates(self) -> tuple[Template, ...]:
        return tuple(text for step in self.steps for text in step.templates)

    @property
    def step_values(self) -> tuple[StepValue, ...]:
        """Every value that a run records about its steps, once."""
        asking: tuple[Checked | Template, ...] = (
            *self.conditions, *self._templates, *self.formulas,
        )  # fmt: skip
        return tuple({value.key: value for each in asking for value in each.step_values}.values())

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition in it, those of the triggers included."""
        found = [each.condition for each in (*self.evidence_for, *self.evidence_against)]
        found += [each.condition for each in self.permissives]
        found += [each.condition for each in self.invariants]
        found += [self.achieves] if self.achieves else []
        for trigger in self.triggers:
            found += [each.condition for each in trigger.parts]
            found += [trigger.condition] if len(trigger.parts) > 1 else []
            found += [trigger.rearm] if trigger.rearm else []
        for step in (*self.steps, *self.safe_state):
            found += step.conditions
        return tuple(found)


def owned_by(plan: BoundPlaybook, site: Site) -> tuple[str, ...]:
    """Returns the equipment that a run owns, with all its parts."""
    parts = (part for asset in plan.assets for part in site.members_of(asset))
    return tuple(dict.fromkeys(parts))
