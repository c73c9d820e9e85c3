"""Keys of a playbook file that several tables share."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model, spelled

Id = Annotated[str, spelled(r"[a-z][a-z0-9-]*", "is no id: a-z, 0-9 and hyphen, first a letter")]
PlaybookId = Annotated[
    str,
    spelled(
        r"[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*",
        "is no id of a playbook: parts of a-z, 0-9 and hyphen, joined by '/'",
    ),
]
Name = Annotated[str, spelled(r"[a-z][a-z0-9_]*", "is no name: a-z, 0-9 and _, first a letter")]
Text = Annotated[str, Field(min_length=1)]
_SHORTEST_S, _LONGEST_S = 1.0, 86_400.0

OnTimeout = Literal["hold", "stop"]
StepOnTimeout = Literal["hold", "stop", "skip"]
Then = Literal["hold", "rollback", "safe_state", "continue", "escalate"]


def _check_scalar(value: Any) -> Any:
    if not isinstance(value, bool | int | float | str):
        raise ValueError("must be true, false, a number or a text")
    return value


_SCALARS = WithJsonSchema({"type": ["boolean", "number", "string"]})
Scalar = Annotated[Any, AfterValidator(_check_scalar), _SCALARS]
"""Value as written in the file; the tag or unit gives its meaning."""

Writes = Annotated[dict[str, Scalar], Field(min_length=1)]
"""Tag, or role and attribute, to value."""


def as_list(value: Any) -> Any:
    """Returns a text as a list of it, anything else as it is."""
    return [value] if isinstance(value, str) else value


_OneOrSeveral = Text | Annotated[list[Text], Field(min_length=1)]
Recipients = Annotated[
    list[Text],
    BeforeValidator(as_list, json_schema_input_type=_OneOrSeveral),
    Field(min_length=1),
]
"""One recipient or several."""


def _check_decision_timeout(seconds: float) -> float:
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise ValueError("must lie between 1 s and 24 h: a person reads and signs in that time")
    return seconds


DecisionTimeout = Annotated[Duration, AfterValidator(_check_decision_timeout)]
"""Time-out of a decision by a person."""


class ApprovalSpec(Model):
    """Approval of a run, never by its proposer."""

    role: Text = Field(description="role of the site's policy")
    not_: Literal["requester"] = Field(
        default="requester", alias="not", description="the proposer does not approve"
    )
    within: DecisionTimeout = Field(description="time-out")
    on_timeout: OnTimeout | None = Field(None, description="what happens then")
    covers: list[Literal["steps", "rollback", "safe_state"]] | None = Field(
        None, description="what the approval covers"
    )

    @model_validator(mode="after")
    def _check(self) -> "ApprovalSpec":
        if self.covers is not None and "steps" not in self.covers:
            raise ValueError("covers: must have steps, whose writes are what is asked for")
        return self


class StepApprovalSpec(Model):
    """Approval of one step, never by its proposer."""

    role: Text = Field(description="role of the site's policy")
    not_: Literal["requester"] = Field(
        default="requester", alias="not", description="the proposer does not approve"
    )
    within: DecisionTimeout = Field(description="time-out")
    on_timeout: StepOnTimeout | None = Field(
        None, description="what happens then; skip leaves the step out"
    )


class HoldPointSpec(Model):
    """Stop before a step, with an approval of its own."""

    role: Text = Field(description="role of the site's policy")
    prompt: Text = Field(description="question to the person, with values such as {PT-102.pv}")
    within: DecisionTimeout = Field(description="time-out")
    on_timeout: StepOnTimeout | None = Field(
        None, description="what happens then; skip leaves out the steps up to the next hold point"
    )


class RampSpec(Model):
    """Ramp of a number in several writes."""

    rate: Text = Field(description="change in a time, such as 1 m3/h/min")


class ManualSpec(Model):
    """Work of people, signed off by them."""

    role: Text = Field(description="role of the people who sign off")
    instructions: Annotated[list[Text], Field(min_length=1)] = Field(
        description="what is to be done, with values such as {PT-102.pv}"
    )
    sign_off: int = Field(default=1, ge=1, le=4, description="number of people who sign off")
    within: DecisionTimeout = Field(description="time-out")
    on_timeout: StepOnTimeout | None = Field(
        None, description="what happens then; skip leaves the step out"
    )


class _TimedSpec(Model):
    within: Duration = Field(description="time-out")
    hold: Duration = Field(
        0.0, description="how long the condition must hold, complete when within ends"
    )

    @model_validator(mode="after")
    def _check(self) -> "_TimedSpec":
        if self.hold > self.within:
            raise ValueError("hold: must be complete when within ends, so it cannot be longer")
        return self


class VerifySpec(_TimedSpec):
    """Verification by a condition that is true for `hold` before `within` ends."""

    that: Text = Field(description="condition")


class WaitSpec(_TimedSpec):
    """Wait for a condition."""

    until: Text = Field(description="condition")


class ExpectationSpec(Model):
    """Expected result shown to the approver."""

    that: Text = Field(description="condition")
    within: Duration | None = Field(None, description="time-out, by default that of verify")


def _expectation(value: Any) -> Any:
    return {"that": value} if isinstance(value, str) else value


ExpectField = Annotated[
    ExpectationSpec, BeforeValidator(_expectation, json_schema_input_type=Text | ExpectationSpec)
]


class UndoSpec(Model):
    """Undo of a step, or none and the reason."""

    if_: str | None = Field(
        default=None,
        alias="if",
        min_length=1,
        description="condition: it is undone only if this is true",
    )
    write: Writes | None = Field(None, description="tag to value, with just the tags of the step")
    verify: VerifySpec | None = Field(
        None, description="condition that decides whether the undo has worked"
    )
    none: str | None = Field(None, description="why the step is not undone")

    @model_validator(mode="after")
    def _check(self) -> "UndoSpec":
        is_none = self.none is not None
        if is_none == bool(self.write) or (is_none and (self.if_ or self.verify)):
            raise ValueError("write the values that undo it, or none and the reason")
        return self


def _undo(value: Any) -> Any:
    return {"none": ""} if value == "none" else value


UndoField = Annotated[
    UndoSpec, BeforeValidator(_undo, json_schema_input_type=Literal["none"] | UndoSpec)
]


class WorkOrderEvidenceSpec(Model):
    """Attachment of a work order, a trend or the run's own steps."""

    trend: str | None = Field(default=None, min_length=1, description="tag whose trend is attached")
    last: Duration | None = Field(None, description="length of the trend")
    trace: Literal["self"] | None = Field(None, description="attaches the run's own events")

    @model_validator(mode="after")
    def _check(self) -> "WorkOrderEvidenceSpec":
        if bool(self.trend) == bool(self.trace) or (self.trend is None) != (self.last is None):
            raise ValueError("write {trend: TAG, last: DURATION} or {trace: self}")
        return self


class WorkOrderSpec(Model):
    """Work order."""

    asset: Text = Field(description="equipment or role")
    class_: Literal["corrective", "preventive", "inspection"] = Field(
        alias="class", description="kind of work"
    )
    priority: int = Field(ge=1, le=4, description="1 is the most urgent")
    due: Duration | Text = Field(
        description="time to be done in, or an expression such as min(14 d, E-101.days_to_limit)"
    )
    at_most: Duration | None = Field(None, description="longest time, also while due is unknown")
    title: Text = Field(description="work to be done")
    evidence: list[WorkOrderEvidenceSpec] = Field(
        default_factory=list[WorkOrderEvidenceSpec], description="attachments"
    )


class NotifySpec(Model):
    """Notice to recipients."""

    to: Recipients = Field(description="one recipient or several")
    text: Text = Field(description="notice, with values such as {PT-102.pv}")


class RunSpec(Model):
    """Playbook that a step runs."""

    playbook: PlaybookId = Field(description="id of the playbook, such as cw/less-load")
    bind: dict[Name, Text] = Field(
        default_factory=dict[str, str],
        description="its roles to equipment or to roles of this playbook, where not the default",
    )


def _run(value: Any) -> Any:
    return {"playbook": value} if isinstance(value, str) else value


RunField = Annotated[RunSpec, BeforeValidator(_run, json_schema_input_type=PlaybookId | RunSpec)]


class OnFailSpec(Model):
    """Reaction of the run to a failed step."""

    retry: int = Field(
        default=0, ge=0, le=10, description="more attempts; 0 for a write, which is never repeated"
    )
    then: Then = Field(description="reaction of the run")
    notify: str = Field("", description="who is told")


def one_of(*keys: str) -> ConfigDict:
    """Returns the part of a JSON Schema by which exactly one of the keys is given."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in keys]})


class OneOf(Model):
    """Table with exactly one of the keys that `one_of` names in its configuration."""

    @model_validator(mode="after")
    def _check_one_of(self) -> Self:
        schema: Any = self.model_config.get("json_schema_extra")
        keys = [key for each in schema["oneOf"] for key in each["required"]]
        given = [key for key in keys if getattr(self, key)]
        if len(given) != 1:
            here = f"are {', '.join(given)}" if given else "is none"
            raise ValueError(f"has exactly one of {', '.join(keys)}; here {here}")
        return self
