"""Model of a bound playbook, in which every name, value and condition is resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import Condition, StepValue, Template

from .start import Trigger

Then = Literal["hold", "rollback", "safe_state", "continue"]
"""Reaction of a run to a failed step."""
OnTimeout = Literal["hold", "stop"]


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
class RequiredApproval:
    """Approval that a segment requires. `within_s` is wall-clock time."""

    role: str
    within_s: float
    on_timeout: OnTimeout


@dataclass(frozen=True, slots=True)
class HoldPoint:
    """Stop before a step, which begins a new segment with its own approval."""

    approval: RequiredApproval
    prompt: Template


@dataclass(frozen=True, slots=True)
class Write:
    """Write of a value to a tag."""

    tag: Tag
    value: Value


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait until a condition has held for `hold_s`, within `within_s`. Process time."""

    until: Condition
    hold_s: float
    within_s: float


@dataclass(frozen=True, slots=True)
class Verify:
    """Verification of a step. `hold_s` is complete before `within_s`, process time."""

    that: Condition
    hold_s: float
    within_s: float


@dataclass(frozen=True, slots=True)
class StepExpectation:
    """Expected result shown to the approver, evaluated until `within_s` is over."""

    that: Condition
    within_s: float


@dataclass(frozen=True, slots=True)
class Undo:
    """Undo of a step, carried out only if `if_` is true."""

    writes: tuple[Write, ...]
    if_: Condition | None
    verify: Verify | None


@dataclass(frozen=True, slots=True)
class TrendEvidence:
    """Trend attached to a work order."""

    tag: Tag
    last_s: float


@dataclass(frozen=True, slots=True)
class WorkOrderStep:
    """Work order of a step. With `traces` the run's steps are attached."""

    asset: str
    kind: Literal["corrective", "preventive", "inspection"]
    priority: int
    due_s: float
    title: Template
    trends: tuple[TrendEvidence, ...]
    traces: bool


@dataclass(frozen=True, slots=True)
class NotifyStep:
    """Notice to recipients."""

    to: tuple[str, ...]
    text: Template


@dataclass(frozen=True, slots=True)
class OnFail:
    """Reaction to a failed step, and the recipient of its notice."""

    then: Then
    notify: str = ""


Work = tuple[Write, ...] | Wait | WorkOrderStep | NotifyStep
"""Work of a step, exactly one of these."""


@dataclass(frozen=True, slots=True)
class Step:
    """Step of a bound playbook. A step of the safe state has only `if_` and writes."""

    id: str
    title: str
    place: str  # `file:line`
    work: Work
    if_: Condition | None = None
    hold_point: HoldPoint | None = None
    expects: tuple[StepExpectation, ...] = ()
    verify: Verify | None = None
    undo: Undo | None = None  # `None` if the step is not undone; `undo_reason` says why
    undo_reason: str = ""
    on_fail: OnFail = OnFail("hold")

    @property
    def writes(self) -> tuple[Write, ...]:
        """Writes of the step. Empty for other work."""
        return self.work if isinstance(self.work, tuple) else ()


@dataclass(frozen=True, slots=True)
class Escalation:
    """Notice after a run was in a state, or a case undecided, for `after_s`, wall-clock time."""

    when: Literal["held", "aborted", "undecided"]
    after_s: float
    to: tuple[str, ...]


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
    triggers: tuple[Trigger, ...]
    assets: tuple[str, ...]  # equipment that a run owns exclusively
    evidence_for: tuple[Check, ...]
    evidence_against: tuple[Check, ...]
    permissives: tuple[Check, ...]
    invariants: tuple[Invariant, ...]
    approval: RequiredApproval | None  # `None` only if nothing is written
    steps: tuple[Step, ...]
    safe_state: tuple[Step, ...]
    escalations: tuple[Escalation, ...]
    max_writes: int
    max_duration_s: float

    @property
    def writes(self) -> tuple[Write, ...]:
        """Every possible write of the steps, their undo and the safe state."""
        steps = (*self.steps, *self.safe_state)
        own = [write for step in steps for write in step.writes]
        return tuple(own + [each for step in steps if step.undo for each in step.undo.writes])

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
        names |= {tag.name for tag in self.trend_tags}
        return frozenset(names.union(*(each.tags for each in self._templates)))

    @property
    def _templates(self) -> tuple[Template, ...]:
        found = [step.hold_point.prompt for step in self.steps if step.hold_point]
        for step in self.steps:
            match step.work:
                case WorkOrderStep(title=title):
                    found.append(title)
                case NotifyStep(text=text):
                    found.append(text)
                case _:
                    pass
        return tuple(found)

    @property
    def step_values(self) -> tuple[StepValue, ...]:
        """Every value that a run records about its steps, once."""
        asking: tuple[Condition | Template, ...] = (*self.conditions, *self._templates)
        return tuple({value.key: value for each in asking for value in each.step_values}.values())

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition in it, those of the triggers included."""
        found = [each.condition for each in (*self.evidence_for, *self.evidence_against)]
        found += [each.condition for each in self.permissives]
        found += [each.condition for each in self.invariants]
        for trigger in self.triggers:
            found += [each.condition for each in trigger.parts]
            found += [trigger.condition] if len(trigger.parts) > 1 else []
            found += [trigger.rearm] if trigger.rearm else []
        for step in (*self.steps, *self.safe_state):
            found += _conditions_of(step)
        return tuple(found)


def owned_by(plan: BoundPlaybook, site: Site) -> tuple[str, ...]:
    """Returns the equipment that a run owns, with all its parts."""
    parts = (part for asset in plan.assets for part in site.members_of(asset))
    return tuple(dict.fromkeys(parts))


def _conditions_of(step: Step) -> list[Condition]:
    found = [each.that for each in step.expects]
    if step.if_:
        found.append(step.if_)
    if step.verify:
        found.append(step.verify.that)
    if isinstance(step.work, Wait):
        found.append(step.work.until)
    if step.undo:
        found += [
            each for each in (step.undo.if_, step.undo.verify and step.undo.verify.that) if each
        ]
    return found
