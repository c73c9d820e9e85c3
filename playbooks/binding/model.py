"""A playbook bound to a site: every role, parameter, tag, value and condition resolved.

Nothing in here is text that still has to be understood; a run works with these objects only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import Condition, Template

Then = Literal["hold", "rollback", "safe_state", "continue"]
"""What becomes of a run when a step fails."""
OnTimeout = Literal["hold", "stop"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a run, in process time.

    Attributes:
        condition: For an alarm, that it is active.
        for_s: How long it must be true without a break.
        rearm: What must be true, besides that no run over the same assets is open, before it
            may fire again.
        place: `file:line` of the trigger.
    """

    condition: Condition
    for_s: float
    rearm: Condition | None
    place: str


@dataclass(frozen=True, slots=True)
class Check:
    """A condition with its name: evidence, or a permissive.

    Attributes:
        suggest: The playbook that this evidence speaks for; empty for none.
        place: `file:line`.
    """

    id: str
    condition: Condition
    place: str
    suggest: str = ""


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold from the first write to the end; unknown is a violation after the grace."""

    condition: Condition
    grace_s: float
    on_violation: Literal["hold", "rollback", "safe_state"]
    place: str


@dataclass(frozen=True, slots=True)
class RequiredApproval:
    """Who must approve, and how long they have, in people's time."""

    role: str
    within_s: float
    on_timeout: OnTimeout


@dataclass(frozen=True, slots=True)
class HoldPoint:
    """A stop before a step at which a person looks: it begins a segment of its own."""

    approval: RequiredApproval
    prompt: Template


@dataclass(frozen=True, slots=True)
class Write:
    """One tag and the value that it gets."""

    tag: Tag
    value: Value


@dataclass(frozen=True, slots=True)
class Wait:
    """A step that only waits: until the condition has held for `hold_s`, within `within_s`."""

    until: Condition
    hold_s: float
    within_s: float


@dataclass(frozen=True, slots=True)
class Verify:
    """What decides a step, in process time; `hold_s` must be complete when `within_s` ends."""

    that: Condition
    hold_s: float
    within_s: float


@dataclass(frozen=True, slots=True)
class StepExpectation:
    """What is promised to the approver, and judged when `within_s` is over."""

    that: Condition
    within_s: float


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes a step back; done only where `if_` holds."""

    writes: tuple[Write, ...]
    if_: Condition | None
    verify: Verify | None


@dataclass(frozen=True, slots=True)
class TrendEvidence:
    """A trend that goes with a work order."""

    tag: Tag
    last_s: float


@dataclass(frozen=True, slots=True)
class WorkOrderStep:
    """A work order to be raised; `traces` asks for the run's own events as evidence."""

    asset: str
    kind: Literal["corrective", "preventive", "inspection"]
    priority: int
    due_s: float
    title: Template
    trends: tuple[TrendEvidence, ...]
    traces: bool


@dataclass(frozen=True, slots=True)
class NotifyStep:
    """A notice to people."""

    to: tuple[str, ...]
    text: Template


@dataclass(frozen=True, slots=True)
class OnFail:
    """What becomes of the run, and who is told."""

    then: Then
    notify: str = ""


Work = tuple[Write, ...] | Wait | WorkOrderStep | NotifyStep
"""What a step does: exactly one of these."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a bound playbook; of a safe state, only `if_` and writes.

    Attributes:
        undo: `None` where nothing takes it back; `undo_reason` says why.
        place: `file:line`.
    """

    id: str
    title: str
    place: str
    work: Work
    if_: Condition | None = None
    hold_point: HoldPoint | None = None
    expects: tuple[StepExpectation, ...] = ()
    verify: Verify | None = None
    undo: Undo | None = None
    undo_reason: str = ""
    on_fail: OnFail = OnFail("hold")

    @property
    def writes(self) -> tuple[Write, ...]:
        """What it writes; empty for other work."""
        return self.work if isinstance(self.work, tuple) else ()


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is told when the run has been in a state for a while, in people's time."""

    when: Literal["held", "aborted"]
    after_s: float
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoundPlaybook:
    """A playbook for just these assets and parameters.

    Attributes:
        file: As people know it.
        digest: SHA-256 of the file's bytes, hexadecimal.
        roles: Role to equipment, such as `duty` to `P-101A`.
        parameters: Everything that was bound, as text, the roles included.
        assets: The equipment that one run at a time may own.
        approval: `None` only where nothing is written.
    """

    id: str
    version: str
    title: str
    file: str
    digest: str
    roles: Mapping[str, str]
    parameters: Mapping[str, str]
    triggers: tuple[Trigger, ...]
    assets: tuple[str, ...]
    evidence_for: tuple[Check, ...]
    evidence_against: tuple[Check, ...]
    permissives: tuple[Check, ...]
    invariants: tuple[Invariant, ...]
    approval: RequiredApproval | None
    steps: tuple[Step, ...]
    safe_state: tuple[Step, ...]
    escalations: tuple[Escalation, ...]
    max_writes: int
    max_duration_s: float

    @property
    def writes(self) -> tuple[Write, ...]:
        """Everything that it may write: steps, undo and safe state."""
        steps = (*self.steps, *self.safe_state)
        own = [write for step in steps for write in step.writes]
        return tuple(own + [each for step in steps if step.undo for each in step.undo.writes])

    @property
    def trend_tags(self) -> tuple[Tag, ...]:
        """The tags whose course goes with a work order."""
        works = [step.work for step in self.steps if isinstance(step.work, WorkOrderStep)]
        return tuple(trend.tag for work in works for trend in work.trends)

    @property
    def tags(self) -> frozenset[str]:
        """Every tag of the site that it reads or writes."""
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
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition in it, the triggers' too: what must be read and remembered for it."""
        found = [each.condition for each in (*self.evidence_for, *self.evidence_against)]
        found += [each.condition for each in self.permissives]
        found += [each.condition for each in self.invariants]
        for trigger in self.triggers:
            found += [each for each in (trigger.condition, trigger.rearm) if each]
        for step in (*self.steps, *self.safe_state):
            found += _conditions_of(step)
        return tuple(found)


def owned_by(plan: BoundPlaybook, site: Site) -> tuple[str, ...]:
    """Returns what one run of a playbook owns: its equipment, and all that is part of it."""
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
