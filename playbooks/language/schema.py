"""Keys of a playbook file, `playbook/1`."""

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
    PlaybookId,
    Recipients,
    Scalar,
    Text,
    UndoField,
    VerifySpec,
    WaitSpec,
    WorkOrderSpec,
    Writes,
    check_one_of,
)


class ParameterSpec(Model):
    """Parameter that is bound when a run begins, a role for equipment or a quantity."""

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
    """Trigger by an alarm with the roles it binds, or by a condition with its duration."""

    alarm: str = ""
    bind: dict[str, str] = Field(default_factory=dict)
    when: str = ""
    for_: Duration | None = Field(default=None, alias="for")

    @model_validator(mode="after")
    def _check(self) -> "TriggerItemSpec":
        check_one_of({"alarm": self.alarm, "when": self.when})
        if self.when and self.bind:
            raise ValueError("bind: goes with alarm; a condition is about the default roles")
        return self


class TriggerSpec(Model):
    """Triggers of a run, any of which starts it on its rising edge."""

    any: list[TriggerItemSpec] = Field(min_length=1)
    rearm: str = ""


class ConcurrencySpec(Model):
    """Equipment that a run owns exclusively."""

    key: list[Text] = Field(min_length=1)
    policy: Literal["reject"]


class EvidenceSpec(Model):
    """Evidence, with the playbook that it suggests."""

    id: Id
    that: Text
    suggest: str = ""


class DiagnosisSpec(Model):
    """Evidence for and against this playbook."""

    for_: list[EvidenceSpec] = Field(default_factory=list[EvidenceSpec], alias="for")
    against: list[EvidenceSpec] = Field(default_factory=list[EvidenceSpec])


class PermissiveSpec(Model):
    """Condition that must be met before a request is submitted."""

    id: Id
    that: Text


class InvariantSpec(Model):
    """Condition from the first write to the end of the run."""

    that: Text
    grace: Duration
    on_violation: Literal["hold", "rollback", "safe_state"]


class StepSpec(Model):
    """Step with exactly one kind of work, and its verification."""

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
        check_one_of(work)
        for name in ("expect", "verify", "undo"):
            if getattr(self, name) and not self.write:
                raise ValueError(f"{name}: goes with write")
        return self


class SafeStepSpec(Model):
    """Step of the safe state, approved with the run and not undone."""

    id: Id
    title: str = ""
    if_: str | None = Field(default=None, alias="if", min_length=1)
    write: Writes


class SafeStateSpec(Model):
    """Writes that bring the plant into a safe state."""

    title: str = ""
    steps: list[SafeStepSpec] = Field(min_length=1)


class RollbackSpec(Model):
    """Order in which steps are undone."""

    order: Literal["reverse"]


class EscalationSpec(Model):
    """Notice after a run was held or aborted, or a case undecided, for a time."""

    when: Literal["held", "aborted", "undecided"]
    after: Duration
    to: Recipients


class LimitsSpec(Model):
    """Limits of a run."""

    max_writes: int = Field(ge=0)
    max_duration: Duration


class PlaybookFile(Model):
    """Playbook file."""

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
        """Default equipment by role."""
        return {
            name: str(each.default)
            for name, each in self.parameters.items()
            if each.type == "asset"
        }
