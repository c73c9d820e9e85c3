"""Keys of the steps of a playbook file, and of its rollback and safe state."""

from typing import Literal

from pydantic import Field, model_validator

from handwheel.connectors.config.validation import Model

from .schema_parts import (
    ExpectField,
    HoldPointSpec,
    Id,
    ManualSpec,
    NotifySpec,
    OneOf,
    OnFailSpec,
    RampSpec,
    RunField,
    StepApprovalSpec,
    UndoField,
    VerifySpec,
    WaitSpec,
    WorkOrderSpec,
    Writes,
    one_of,
)


class StepSpec(OneOf):
    """Step with exactly one kind of work, and its verification."""

    model_config = one_of("write", "wait", "manual", "workorder", "notify", "run")

    id: Id = Field(description="name of the step")
    title: str = Field("", description="purpose of the step")
    if_: str | None = Field(
        default=None,
        alias="if",
        min_length=1,
        description="condition: false skips the step, unknown holds the run",
    )
    hold_point: HoldPointSpec | None = Field(
        None, description="stop before the step, which begins a segment with its own approval"
    )
    approval: StepApprovalSpec | None = Field(
        None, description="approval of this step alone, instead of the playbook's"
    )
    write: Writes | None = Field(None, description="tag to value")
    ramp: RampSpec | None = Field(None, description="rate at which the value is approached")
    wait: WaitSpec | None = Field(None, description="wait until a condition has held")
    manual: ManualSpec | None = Field(None, description="work of people, signed off by them")
    workorder: WorkOrderSpec | None = Field(None, description="work order to raise")
    notify: NotifySpec | None = Field(None, description="notice to send")
    run: RunField | None = Field(None, description="another playbook, in a run of its own")
    expect: list[ExpectField] = Field(
        default_factory=list[ExpectField], description="expected results, shown to the approver"
    )
    verify: VerifySpec | None = Field(
        None, description="condition that decides whether the write has worked"
    )
    undo: UndoField | None = Field(None, description="writes that take the step back, or none")
    on_fail: OnFailSpec | None = Field(None, description="reaction of the run")

    @model_validator(mode="after")
    def _check(self) -> "StepSpec":
        for name in ("expect", "approval", "undo", "ramp"):
            if getattr(self, name) and not self.write:
                raise ValueError(f"{name}: goes with write")
        if self.ramp and len(self.write or {}) != 1:
            raise ValueError("ramp: goes with one write; give each its own step")
        if self.verify and not (self.write or self.manual):
            raise ValueError("verify: goes with write or manual")
        if self.hold_point and (self.approval or self.manual):
            raise ValueError("hold_point: does not go with approval or manual, which ask as well")
        return self


class SafeStepSpec(Model):
    """Step of the safe state, approved with the run and not undone."""

    id: Id = Field(description="name of the step")
    title: str = Field("", description="purpose of the step")
    if_: str | None = Field(
        default=None,
        alias="if",
        min_length=1,
        description="condition: it is written only if this is true",
    )
    write: Writes = Field(description="tag to value")


class SafeStateSpec(Model):
    """Writes that bring the plant into a safe state."""

    title: str = Field("", description="purpose of the safe state")
    steps: list[SafeStepSpec] = Field(min_length=1, description="writes, approved with the run")


class RollbackSpec(Model):
    """Order in which steps are undone."""

    order: Literal["reverse"] = Field(description="the newest step is undone first")
