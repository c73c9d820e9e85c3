"""Keys of a playbook file, `playbook/1`."""

from typing import Annotated, Literal

from pydantic import Field

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model, spelled

from .schema_parts import (
    ApprovalSpec,
    Id,
    Name,
    PlaybookId,
    Recipients,
    Scalar,
    Text,
)
from .schema_start import ConcurrencySpec, DeadlineSpec, ParameterSpec, TriggerSpec
from .schema_steps import RollbackSpec, SafeStateSpec, StepSpec


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
