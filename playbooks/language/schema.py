"""The keys of a playbook, `playbook/1`, as an engineer writes them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model, spelled

from .schema_parts import (
    Approval,
    Expect,
    HoldPoint,
    Id,
    Name,
    Notify,
    OnFail,
    People,
    PlaybookId,
    Scalar,
    Text,
    UndoField,
    Verify,
    Wait,
    WorkOrder,
    Writes,
    one_of,
)


class Parameter(Model):
    """What is bound when a run begins: a piece of equipment in a role, or a quantity."""

    type: Literal["asset", "quantity"]
    class_: str = Field(default="", alias="class")
    default: Scalar
    check: str = ""
    unit: str = ""
    min: Scalar = ""
    max: Scalar = ""

    @model_validator(mode="after")
    def _check(self) -> "Parameter":
        wrong = ("unit", "min", "max") if self.type == "asset" else ("class_", "check")
        for name in wrong:
            if name in self.model_fields_set:
                raise ValueError(f"{name.rstrip('_')}: does not go with type {self.type}")
        return self


class TriggerItem(Model):
    """One trigger: an alarm and the roles it binds, or a condition and how long it must hold."""

    alarm: str = ""
    bind: dict[str, str] = Field(default_factory=dict)
    when: str = ""
    for_: Duration | None = Field(default=None, alias="for")

    @model_validator(mode="after")
    def _check(self) -> "TriggerItem":
        if reason := one_of({"alarm": self.alarm, "when": self.when}):
            raise ValueError(reason)
        if self.when and self.bind:
            raise ValueError("bind: goes with alarm; a condition is about the default roles")
        return self


class Trigger(Model):
    """What starts a run: any of these, on its rising edge."""

    any: list[TriggerItem] = Field(min_length=1)
    rearm: str = ""


class Concurrency(Model):
    """The equipment that one run at a time may own."""

    key: list[Text] = Field(min_length=1)
    policy: Literal["reject"]


class Evidence(Model):
    """One piece of evidence, and the playbook that it speaks for."""

    id: Id
    that: Text
    suggest: str = ""


class Diagnosis(Model):
    """What speaks for this playbook, and what against it."""

    for_: list[Evidence] = Field(default_factory=list[Evidence], alias="for")
    against: list[Evidence] = Field(default_factory=list[Evidence])


class Permissive(Model):
    """What must be true before anybody is asked."""

    id: Id
    that: Text


class Invariant(Model):
    """What must hold from the first write to the end."""

    that: Text
    grace: Duration
    on_violation: Literal["hold", "rollback", "safe_state"]


class Step(Model):
    """One step: exactly one thing that is done, and how it is seen that it is done."""

    id: Id
    title: str = ""
    if_: str | None = Field(default=None, alias="if", min_length=1)
    hold_point: HoldPoint | None = None
    write: Writes | None = None
    wait: Wait | None = None
    workorder: WorkOrder | None = None
    notify: Notify | None = None
    expect: list[Expect] = Field(default_factory=list[Expect])
    verify: Verify | None = None
    undo: UndoField | None = None
    on_fail: OnFail | None = None

    @model_validator(mode="after")
    def _check(self) -> "Step":
        work = {
            "write": self.write,
            "wait": self.wait,
            "workorder": self.workorder,
            "notify": self.notify,
        }
        if reason := one_of(work):
            raise ValueError(reason)
        for name in ("expect", "verify", "undo"):
            if getattr(self, name) and not self.write:
                raise ValueError(f"{name}: goes with write")
        return self


class SafeStep(Model):
    """One step of the safe state: it asks nobody and is not taken back."""

    id: Id
    title: str = ""
    if_: str | None = Field(default=None, alias="if", min_length=1)
    write: Writes


class SafeState(Model):
    """What is written when a run must be left in a safe state."""

    title: str = ""
    steps: list[SafeStep] = Field(min_length=1)


class Rollback(Model):
    """How steps are taken back: the newest first."""

    order: Literal["reverse"]


class Escalation(Model):
    """Who is told when a run has stood still for a while."""

    when: Literal["held", "aborted"]
    after: Duration
    to: People


class Limits(Model):
    """What a run may come to at most."""

    max_writes: int = Field(ge=0)
    max_duration: Duration


class PlaybookFile(Model):
    """The file of a playbook."""

    schema_: Literal["playbook/1"] = Field(alias="schema")
    id: PlaybookId
    version: Annotated[str, spelled(r"\d+\.\d+\.\d+", "is no version; write three numbers: 1.0.0")]
    title: Text
    plant: str = ""
    owner: Text
    style: Literal["computer-assisted"]
    references: list[str] = Field(default_factory=list)
    parameters: dict[Name, Parameter] = Field(default_factory=dict[str, Parameter])
    trigger: Trigger | None = None
    concurrency: Concurrency | None = None
    diagnosis: Diagnosis = Field(default_factory=Diagnosis)
    permissives: list[Permissive] = Field(default_factory=list[Permissive])
    invariants: list[Invariant] = Field(default_factory=list[Invariant])
    approval: Approval | None = None
    steps: list[Step] = Field(min_length=1)
    rollback: Rollback | None = None
    safe_state: SafeState | None = None
    escalate: list[Escalation] = Field(default_factory=list[Escalation])
    limits: Limits
    tests: list[str] = Field(default_factory=list)

    @property
    def roles(self) -> dict[str, str]:
        """The roles and the equipment that they have by default."""
        return {
            name: str(each.default)
            for name, each in self.parameters.items()
            if each.type == "asset"
        }
