"""Keys of a playbook file that several tables share."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

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
Then = Literal["hold", "rollback", "safe_state", "continue"]


def _check_scalar(value: Any) -> Any:
    if not isinstance(value, bool | int | float | str):
        raise ValueError("must be true, false, a number or a text")
    return value


Scalar = Annotated[Any, AfterValidator(_check_scalar)]
"""Value as written in the file; the tag or unit gives its meaning."""

Writes = Annotated[dict[str, Scalar], Field(min_length=1)]
"""Tag, or role and attribute, to value."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Recipients = Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)]
"""One recipient or several."""


def _check_decision_timeout(seconds: float) -> float:
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise ValueError("must lie between 1 s and 24 h: a person reads and signs in that time")
    return seconds


DecisionTimeout = Annotated[Duration, AfterValidator(_check_decision_timeout)]
"""Time-out of a decision by a person."""


class ApprovalSpec(Model):
    """Approval of a run, never by its proposer."""

    role: Text
    not_: Literal["requester"] = Field(default="requester", alias="not")
    within: DecisionTimeout
    on_timeout: OnTimeout | None = None
    covers: list[Literal["steps", "rollback", "safe_state"]] | None = None

    @model_validator(mode="after")
    def _check(self) -> "ApprovalSpec":
        if self.covers is not None and len(set(self.covers)) != 3:
            raise ValueError("covers: less than [steps, rollback, safe_state] is not supported yet")
        return self


class HoldPointSpec(Model):
    """Stop before a step, with an approval of its own."""

    role: Text
    prompt: Text
    within: DecisionTimeout
    on_timeout: OnTimeout | None = None


class _TimedSpec(Model):
    within: Duration
    hold: Duration = 0.0

    @model_validator(mode="after")
    def _check(self) -> "_TimedSpec":
        if self.hold > self.within:
            raise ValueError("hold: must be complete when within ends, so it cannot be longer")
        return self


class VerifySpec(_TimedSpec):
    """Verification by a condition that is true for `hold` before `within` ends."""

    that: Text


class WaitSpec(_TimedSpec):
    """Wait for a condition."""

    until: Text


class ExpectationSpec(Model):
    """Expected result shown to the approver."""

    that: Text
    within: Duration | None = None


def _expectation(value: Any) -> Any:
    return {"that": value} if isinstance(value, str) else value


ExpectField = Annotated[ExpectationSpec, BeforeValidator(_expectation)]


class UndoSpec(Model):
    """Undo of a step, or none and the reason."""

    if_: str | None = Field(default=None, alias="if", min_length=1)
    write: Writes | None = None
    verify: VerifySpec | None = None
    none: str | None = None

    @model_validator(mode="after")
    def _check(self) -> "UndoSpec":
        is_none = self.none is not None
        if is_none == bool(self.write) or (is_none and (self.if_ or self.verify)):
            raise ValueError("write the values that undo it, or none and the reason")
        return self


def _undo(value: Any) -> Any:
    return {"none": ""} if value == "none" else value


UndoField = Annotated[UndoSpec, BeforeValidator(_undo)]


class WorkOrderEvidenceSpec(Model):
    """Attachment of a work order, a trend or the run's own steps."""

    trend: str | None = Field(default=None, min_length=1)
    last: Duration | None = None
    trace: Literal["self"] | None = None

    @model_validator(mode="after")
    def _check(self) -> "WorkOrderEvidenceSpec":
        if bool(self.trend) == bool(self.trace) or (self.trend is None) != (self.last is None):
            raise ValueError("write {trend: TAG, last: DURATION} or {trace: self}")
        return self


class WorkOrderSpec(Model):
    """Work order."""

    asset: Text
    class_: Literal["corrective", "preventive", "inspection"] = Field(alias="class")
    priority: int = Field(ge=1, le=4)
    due: Duration
    title: Text
    evidence: list[WorkOrderEvidenceSpec] = Field(default_factory=list[WorkOrderEvidenceSpec])


class NotifySpec(Model):
    """Notice to recipients."""

    to: Recipients
    text: Text


class OnFailSpec(Model):
    """Reaction of the run to a failed step."""

    retry: int = Field(default=0, ge=0)
    then: Then
    notify: str = ""


def check_one_of(table: Mapping[str, object]) -> None:
    """Raises `ValueError` unless exactly one of the keys is given."""
    given = [name for name, value in table.items() if value]
    if len(given) != 1:
        here = f"are {', '.join(given)}" if given else "is none"
        raise ValueError(f"has exactly one of {', '.join(table)}; here {here}")
