"""The parts of a playbook's keys that several of them share."""

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
"""A value as it stands in the file: it gets its meaning from the tag or the unit it is for."""

Writes = Annotated[dict[str, Scalar], Field(min_length=1)]
"""Tag, or role and attribute, to value."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


People = Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)]
"""One recipient or several."""


def _check_peoples_time(seconds: float) -> float:
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise ValueError("must lie between 1 s and 24 h: people read, and sign, in that time")
    return seconds


PeoplesTime = Annotated[Duration, AfterValidator(_check_peoples_time)]
"""How long people have."""


class ApprovalSpec(Model):
    """Who must approve; never the one who asked."""

    role: Text
    not_: Literal["requester"] = Field(default="requester", alias="not")
    within: PeoplesTime
    on_timeout: OnTimeout | None = None
    covers: list[Literal["steps", "rollback", "safe_state"]] | None = None

    @model_validator(mode="after")
    def _check(self) -> "ApprovalSpec":
        if self.covers is not None and len(set(self.covers)) != 3:
            raise ValueError("covers: less than [steps, rollback, safe_state] is not supported yet")
        return self


class HoldPointSpec(Model):
    """A stop before a step, at which a person looks and approves what follows."""

    role: Text
    prompt: Text
    within: PeoplesTime
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
    """What decides a step: true for `hold`, before `within` ends."""

    that: Text


class WaitSpec(_TimedSpec):
    """A step that only waits."""

    until: Text


class ExpectationSpec(Model):
    """What is promised to the approver."""

    that: Text
    within: Duration | None = None


def _expectation(value: Any) -> Any:
    return {"that": value} if isinstance(value, str) else value


ExpectField = Annotated[ExpectationSpec, BeforeValidator(_expectation)]


class UndoSpec(Model):
    """What takes a step back; or that nothing does, and why."""

    if_: str | None = Field(default=None, alias="if", min_length=1)
    write: Writes | None = None
    verify: VerifySpec | None = None
    none: str | None = None

    @model_validator(mode="after")
    def _check(self) -> "UndoSpec":
        is_none = self.none is not None
        if is_none == bool(self.write) or (is_none and (self.if_ or self.verify)):
            raise ValueError("write what takes it back, or none and the reason")
        return self


def _undo(value: Any) -> Any:
    return {"none": ""} if value == "none" else value


UndoField = Annotated[UndoSpec, BeforeValidator(_undo)]


class WorkOrderEvidenceSpec(Model):
    """What goes with a work order: a trend, or the run's own events."""

    trend: str | None = Field(default=None, min_length=1)
    last: Duration | None = None
    trace: Literal["self"] | None = None

    @model_validator(mode="after")
    def _check(self) -> "WorkOrderEvidenceSpec":
        if bool(self.trend) == bool(self.trace) or (self.trend is None) != (self.last is None):
            raise ValueError("write {trend: TAG, last: DURATION} or {trace: self}")
        return self


class WorkOrderSpec(Model):
    """A work order to be raised."""

    asset: Text
    class_: Literal["corrective", "preventive", "inspection"] = Field(alias="class")
    priority: int = Field(ge=1, le=4)
    due: Duration
    title: Text
    evidence: list[WorkOrderEvidenceSpec] = Field(default_factory=list[WorkOrderEvidenceSpec])


class NotifySpec(Model):
    """A notice to people."""

    to: People
    text: Text


class OnFailSpec(Model):
    """What becomes of the run when a step fails."""

    retry: int = Field(default=0, ge=0)
    then: Then
    notify: str = ""


def one_of(table: Mapping[str, object]) -> str:
    """Returns what is wrong if not exactly one of the keys is given; empty if one is."""
    given = [name for name, value in table.items() if value]
    if len(given) == 1:
        return ""
    names = ", ".join(table)
    return f"has exactly one of {names}; here {'are ' + ', '.join(given) if given else 'is none'}"
