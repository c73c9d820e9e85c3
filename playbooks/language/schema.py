"""The keys of a playbook, `playbook/1`, as an engineer writes them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model, spelled

from .schema_parts import (
    ApprovalSpec,
    ExpectField,
    HoldPointSpec,
    Id,
    Name,
    NotifySpec,
    OnFailSpec,
    People,
    PlaybookId,
    Scalar,
    Text,
    UndoField,
    VerifySpec,
    WaitSpec,
    WorkOrderSpec,
    Writes,
    one_of,
)


class ParameterSpec(Model):
    """What is bound when a run begins: a piece of equipment in a role, or a quantity."""

    type: Literal["asset", "quantity"]
    class_: str = Field(default="", alias="class")
    default: Scalar
    check: str = ""
    unit: str = ""
    min: Scalar = ""
    max: Scalar = ""

    @model_validator(mode="after")
    def _check(self) -> "ParameterSpec":
        wrong = ("unit", "min", "max") if self.type == "asset" else ("class_", "check")
        for name in wrong:
            if name in self.model_fields_set:
                raise ValueError(f"{name.rstrip('_')}: does not go with type {self.type}")
        return self


class TriggerItemSpec(Model):
    """One trigger: an alarm and the roles it binds, or a condition and how long it must hold."""

    alarm: str = ""
    bind: dict[str, str] = Field(default_factory=dict)
    when: str = ""
    for_: Duration | None = Field(default=None, alias="for")

    @model_validator(mode="after")
    def _check(self) -> "TriggerItemSpec":
        if reason := one_of({"alarm": self.alarm, "when": self.when}):
            raise ValueError(reason)
        if self.when and self.bind:
            raise ValueError("bind: goes with alarm; a condition is about the default roles")
        return self


class TriggerSpec(Model):
    """What starts a run: any of these, on its rising edge."""

    any: list[TriggerItemSpec] = Field(min_length=1)
    rearm: str = ""


class ConcurrencySpec(Model):
    """The equipment that one run at a time may own."""

    key: list[Text] = Field(min_length=1)
    policy: Literal["reject"]


class EvidenceSpec(Model):
    """One piece of evidence, and the playbook that it speaks for."""

    id: Id
    that: Text
    suggest: str = ""


class DiagnosisSpec(Model):
    """What speaks for this playbook, and what against it."""

    for_: list[EvidenceSpec] = Field(default_factory=list[EvidenceSpec], alias="for")
    against: list[EvidenceSpec] = Field(default_factory=list[EvidenceSpec])


class PermissiveSpec(Model):
    """What must be true before anybody is asked."""

    id: Id
    that: Text


class InvariantSpec(Model):
    """What must hold from the first write to the end."""

    that: Text
    grace: Duration
    on_violation: Literal["hold", "rollback", "safe_state"]


class StepSpec(Model):
    """One step: exactly one thing that is done, and how it is seen that it is done."""

    id: Id
    title: str = ""
    if_: str | None = Field(default=None, alias="if", min_length=1)
    hold_point: HoldPointSpec | None = None
    write: Writes | None = None
    wait: WaitSpec | None = None
    workorder: WorkOrderSpec | None = None
    notify: NotifySpec | None = None
    expect: list[ExpectField] = Field(default_factory=list[ExpectField])
    verify: VerifySpec | None = None
    undo: UndoField | None = None
    on_fail: OnFailSpec | None = None

    @model_validator(mode="after")
    def _check(self) -> "StepSpec":
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


class SafeStepSpec(Model):
    """One step of the safe state: it asks nobody and is not taken back."""

    id: Id
    title: str = ""
    if_: str | None = Field(default=None, alias="if", min_length=1)
    write: Writes


class SafeStateSpec(Model):
    """What is written when a run must be left in a safe state."""

    title: str = ""
    steps: list[SafeStepSpec] = Field(min_length=1)


class RollbackSpec(Model):
    """How steps are taken back: the newest first."""

    order: Literal["reverse"]


class EscalationSpec(Model):
    """Who is told when a run has stood still for a while."""

    when: Literal["held", "aborted"]
    after: Duration
    to: People


class LimitsSpec(Model):
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
    parameters: dict[Name, ParameterSpec] = Field(default_factory=dict[str, ParameterSpec])
    trigger: TriggerSpec | None = None
    concurrency: ConcurrencySpec | None = None
    diagnosis: DiagnosisSpec = Field(default_factory=DiagnosisSpec)
    permissives: list[PermissiveSpec] = Field(default_factory=list[PermissiveSpec])
    invariants: list[InvariantSpec] = Field(default_factory=list[InvariantSpec])
    approval: ApprovalSpec | None = None
    steps: list[StepSpec] = Field(min_length=1)
    rollback: RollbackSpec | None = None
    safe_state: SafeStateSpec | None = None
    escalate: list[EscalationSpec] = Field(default_factory=list[EscalationSpec])
    limits: LimitsSpec
    tests: list[str] = Field(default_factory=list)

    @property
    def roles(self) -> dict[str, str]:
        """The roles and the equipment that they have by default."""
        return {
            name: str(each.default)
            for name, each in self.parameters.items()
            if each.type == "asset"
        }
