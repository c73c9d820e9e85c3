"""Model of a bound step, in which every name, value and condition is resolved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import Condition, Expression, Template

Then = Literal["hold", "rollback", "safe_state", "continue", "escalate"]
"""Reaction of a run to a failed step."""
MOST_NESTED = 3
"""Most runs within one another, the outermost included."""
OnTimeout = Literal["hold", "stop", "skip"]


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
    """Write to a tag of a value, or of one that is computed when its request is made."""

    tag: Tag
    value: Value | Expression

    @property
    def known(self) -> Value:
        """The value of a write that is not computed, such as one of the safe state."""
        if isinstance(self.value, Expression):
            raise TypeError(f"{self.tag.name} is computed")
        return self.value

    @property
    def shown(self) -> str:
        """The value with its unit, or the expression."""
        if isinstance(self.value, Expression):
            return self.value.bound
        return f"{self.tag.show_value(self.value)} {self.tag.unit}".rstrip()


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
class Manual:
    """Work of people. `within_s` of its approval is the time until they have signed it off."""

    sign_off: RequiredApproval
    people: int  # number of different people
    instructions: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class WorkOrderStep:
    """Work order of a step. With `traces` the run's steps are attached."""

    asset: str
    kind: Literal["corrective", "preventive", "inspection"]
    priority: int
    due: float | Expression  # seconds, or computed in them
    at_most_s: float | None  # the longest time, also while `due` is unknown
    title: Template
    trends: tuple[TrendEvidence, ...]
    traces: bool


@dataclass(frozen=True, slots=True)
class NotifyStep:
    """Notice to recipients."""

    to: tuple[str, ...]
    text: Template


@dataclass(frozen=True, slots=True)
class RunPlaybook:
    """Another playbook in a run of its own."""

    playbook: str  # its id
    roles: Mapping[str, str]  # its roles to equipment, without those that have their default


@dataclass(frozen=True, slots=True)
class OnFail:
    """Reaction to a failed step, and the recipient of its notice."""

    then: Then
    notify: str = ""
    retry: int = 0  # further attempts


Work = tuple[Write, ...] | Wait | Manual | WorkOrderStep | NotifyStep | RunPlaybook
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
    approval: RequiredApproval | None = None  # of this step alone
    ramp_per_s: float | None = None  # change of its one write, tag's unit in a second
    expects: tuple[StepExpectation, ...] = ()
    verify: Verify | None = None
    undo: Undo | None = None  # `None` if the step is not undone; `undo_reason` says why
    undo_reason: str = ""
    on_fail: OnFail = OnFail("hold")

    @property
    def writes(self) -> tuple[Write, ...]:
        """Writes of the step. Empty for other work."""
        return self.work if isinstance(self.work, tuple) else ()

    @property
    def own_approval(self) -> RequiredApproval | None:
        """Approval of the segment that begins here, `None` if it goes on or is the playbook's."""
        return self.hold_point.approval if self.hold_point else self.approval

    @property
    def templates(self) -> Iterator[Template]:
        """Every text with values in it."""
        if self.hold_point:
            yield self.hold_point.prompt
        match self.work:
            case Manual(instructions=texts):
                yield from texts
            case WorkOrderStep(title=text) | NotifyStep(text=text):
                yield text
            case _:
                pass

    @property
    def conditions(self) -> Iterator[Condition]:
        """Every condition in it."""
        yield from (each.that for each in self.expects)
        if self.if_:
            yield self.if_
        if self.verify:
            yield self.verify.that
        if isinstance(self.work, Wait):
            yield self.work.until
        if self.undo and self.undo.if_:
            yield self.undo.if_
        if self.undo and self.undo.verify:
            yield self.undo.verify.that
