"""Keys of a playbook file, with its steps."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model, spelled

from .schema_parts import (
    ApprovalSpec,
    ExpectField,
    HoldPointSpec,
    Id,
    ManualSpec,
    Name,
    NotifySpec,
    OneOf,
    OnFailSpec,
    PlaybookId,
    RampSpec,
    Recipients,
    RunField,
    Scalar,
    StepApprovalSpec,
    Text,
    UndoField,
    VerifySpec,
    WaitSpec,
    WorkOrderSpec,
    Writes,
    one_of,
)
from .schema_start import ConcurrencySpec, DeadlineSpec, ParameterSpec, TriggerSpec


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


class EvidenceSpec(Model):
    """Evidence, with the playbook that it suggests."""

    id: Id = Field(description="name of the evidence")
    that: Text = Field(description="condition")
    suggest: str = Field("", description="playbook that it suggests, or none")


class DiagnosisSpec(Model):
    """Evidence for and against this playbook."""

    for_: list[EvidenceSpec] = Field(
        default_factory=list[EvidenceSpec], alias="for", description="evidence that must be true"
    )
    against: list[EvidenceSpec] = Field(
        default_factory=list[EvidenceSpec], description="evidence that must be false"
    )


class PermissiveSpec(Model):
    """Condition that must be met before a request is submitted."""

    id: Id = Field(description="name of the permissive")
    that: Text = Field(description="condition; of the windows only held")


class InvariantSpec(Model):
    """Condition from the first write to the end of the run."""

    that: Text = Field(description="condition; of the windows only held")
    grace: Duration = Field(description="how long it may be false or unknown")
    on_violation: Literal["hold", "rollback", "safe_state"] = Field(
        description="reaction of the run"
    )


class EscalationSpec(Model):
    """Notice after a run was held or aborted, or a case undecided, for a time."""

    when: Literal["held", "aborted", "undecided"] = Field(
        description="state of the run, or undecided of a case"
    )
    after: Duration = Field(description="how long it has been in that state")
    to: Recipients = Field(description="who is told")


class AdviceSpec(Model):
    """Advice on set points, asked for where a twin foretells a gain."""

    minimise: Text = Field(description="expression of a number, such as power or cost")
    by: list[Name] = Field(
        min_length=1, description="parameters that are searched, between their min and max"
    )
    horizon: Duration = Field(
        ge=60.0, le=86400.0, description="how far ahead the gain is foretold, and then measured"
    )
    least_gain: Scalar = Field(description="least mean gain that is worth a request")
    every: Duration = Field(ge=60.0, description="shortest time between two searches")


class LimitsSpec(Model):
    """Limits of a run."""

    max_writes: int = Field(ge=0, description="most writes of all its steps")
    max_duration: Duration = Field(description="longest run, from the approval")
    lease: Duration | None = Field(
        None,
        ge=1.0,
        le=30 * 86400.0,
        description="how long its writes stand, until the gate takes them back",
    )


class PlaybookFile(Model):
    """Playbook file."""

    schema_: Literal["playbook/1"] = Field(alias="schema", description="format of this file")
    id: PlaybookId = Field(description="such as cw/less-load")
    version: Annotated[
        str, spelled(r"\d+\.\d+\.\d+", "is no version; write three numbers: 1.0.0")
    ] = Field(description="three numbers, such as 1.0.0")
    title: Text = Field(description="purpose of the playbook")
    plant: str = Field("", description="plant that it was written for")
    owner: Text = Field(description="who is responsible for it")
    style: Literal["manual", "computer-assisted", "automated"] = Field(
        description="who executes after ISA-106: people, the computer with hold points, or the "
        "computer after one approval of all steps"
    )
    references: list[str] = Field(default_factory=list, description="standards and manuals")
    parameters: dict[Name, ParameterSpec] = Field(
        default_factory=dict[str, ParameterSpec], description="what is bound when a run begins"
    )
    achieves: str = Field("", description="condition that a complete run has brought about")
    trigger: TriggerSpec | None = Field(None, description="what starts a run")
    advise: AdviceSpec | None = Field(None, description="set points that the agents advise on")
    deadline: DeadlineSpec | None = Field(None, description="by when a run must have begun")
    concurrency: ConcurrencySpec | None = Field(None, description="what a run owns")
    diagnosis: DiagnosisSpec = Field(
        default_factory=DiagnosisSpec, description="evidence for and against this playbook"
    )
    permissives: list[PermissiveSpec] = Field(
        default_factory=list[PermissiveSpec],
        description="what must be true before a request is submitted",
    )
    invariants: list[InvariantSpec] = Field(
        default_factory=list[InvariantSpec],
        description="what must be true from the first write to the end",
    )
    approval: ApprovalSpec | None = Field(None, description="who must approve")
    steps: list[StepSpec] = Field(min_length=1, description="what is done, in this order")
    rollback: RollbackSpec | None = Field(None, description="order of undo")
    safe_state: SafeStateSpec | None = Field(
        None, description="what is written when a run must be left safe"
    )
    escalate: list[EscalationSpec] = Field(
        default_factory=list[EscalationSpec], description="who is told when a run does not move"
    )
    limits: LimitsSpec = Field(description="the most that a run may do")
    tests: list[str] = Field(
        default_factory=list, description="files of tests, relative to this one"
    )

    @property
    def roles(self) -> dict[str, str]:
        """Default equipment by role."""
        return {
            name: str(each.default)
            for name, each in self.parameters.items()
            if each.type == "asset"
        }
