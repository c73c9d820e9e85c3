"""Keys of a file of tests, `playbook-test/1`."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model
from handwheel.playbooks.language.schema_parts import Name, PlaybookId, Recipients, Scalar, Text

from ..plants.fault_entries import FaultProfile, FieldEntry, Length, Time, WriteEntry

ANY_STEP = "*"
"""Step of decisions about every request that no other decision is about."""

FinalState = Literal[
    "not_triggered",
    "not_started",
    "waiting_approval",
    "running",
    "held",
    "stopped",
    "aborted",
    "complete",
]
"""State of the playbook's newest run, or why there is none."""


def _seed(seed: object) -> object:
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise ValueError("write a whole number from 0 on, or null for a plant without noise")
    return seed


class FaultSpec(FaultProfile):
    """Fault of the plant. Other keys are its parameters."""

    id: Text = Field(description="fault of the model, such as F01")


class PlantSpec(Model):
    """Simulated plant of a case."""

    model: str = Field(default="", description="installed plant; by default the site's")
    seed: Annotated[int | None, BeforeValidator(_seed)] = Field(
        default=1, description="seed of its noise; null for none"
    )
    warmup: Time = Field(default=0.0, description="plant time that passes before the case begins")
    faults: list[FaultSpec] = Field(
        default_factory=list[FaultSpec], description="faults, at times after the warm-up"
    )
    field: list[FieldEntry] = Field(
        default_factory=list[FieldEntry],
        description="what people do in the field, at times after the warm-up",
    )
    writes: list[WriteEntry] = Field(
        default_factory=list[WriteEntry],
        description="what others write, at times after the warm-up",
    )


class StartSpec(Model):
    """Order of a person that the playbook starts, by its trigger `manual`."""

    at: Time = Field(0.0, description="when it is ordered")
    by: Text = Field("anna", description="person who orders it")
    parameters: dict[Name, Scalar] = Field(
        default_factory=dict[str, Any], description="values that are not the default"
    )


class DecisionSpec(Model):
    """Decision of a person about the requests of a step."""

    step: Text = Field(description='step whose request it is, or "*" for every other request')
    decision: Literal["approve", "reject"] = Field(description="what is decided")
    after: Duration = Field(0.0, description="process time since the request was filed")
    by: Recipients = Field(
        default_factory=lambda: ["anna", "ben"], description="people, as many as must sign"
    )


class EventuallySpec(Model):
    """Condition that must become true."""

    that: Text = Field(description="condition on the site's tags")
    within: Length | None = Field(None, description="from the beginning; by default run_for")


class ExpectedWorkOrderSpec(Model):
    """Work order that must be raised."""

    asset: Text = Field(description="equipment")
    priority: int | None = Field(None, ge=1, le=4, description="1, the most urgent, to 4")


class ExpectSpec(Model):
    """Expectations of a case, at least one."""

    final: FinalState | None = Field(None, description="state of the newest run at the end")
    trace: list[Text] | None = Field(None, description="steps that were done, in this order")
    always: list[Text] = Field(
        default_factory=list[Text], description="conditions that are true at every scan"
    )
    never: list[Text] = Field(
        default_factory=list[Text], description="conditions that are false at every scan"
    )
    eventually: list[EventuallySpec] = Field(
        default_factory=list[EventuallySpec], description="conditions that become true"
    )
    writes: Annotated[int, Field(ge=0)] | list[dict[str, Scalar]] | None = Field(
        None, description="number of writes, or each write in order"
    )
    workorders: list[ExpectedWorkOrderSpec] | None = Field(
        None, description="every work order, in any order"
    )
    asked: int | None = Field(None, ge=0, description="number of requests that were filed")
    blocked_by: list[Text] = Field(
        default_factory=list[Text], description="evidence and permissives that blocked it"
    )
    suggested: PlaybookId | None = Field(None, description="playbook that was suggested instead")
    escalated_to: list[Text] = Field(
        default_factory=list[Text], description="who was told that nobody answers"
    )

    @model_validator(mode="after")
    def _check(self) -> "ExpectSpec":
        values = [getattr(self, name) for name in type(self).model_fields]
        says_none = [] in (self.trace, self.workorders, self.writes)
        if not says_none and all(each is None or each == [] for each in values):
            raise ValueError(f"expect something: {', '.join(type(self).model_fields)}")
        return self


class CaseSpec(Model):
    """Case with a plant, what people decide, and what is expected."""

    name: Text = Field(description="what the case shows")
    plant: PlantSpec = Field(default=PlantSpec(), description="simulated plant")
    start: StartSpec | None = Field(None, description="order of a person that it starts")
    approvals: list[DecisionSpec] = Field(
        default_factory=list[DecisionSpec], description="decisions of people"
    )
    run_for: Length = Field(description="process time of the case")
    expect: ExpectSpec = Field(description="expectations, at least one")


class TestsFile(Model):
    """File of tests of one playbook."""

    __test__ = False  # pytest takes no class of this name for tests

    schema_: Literal["playbook-test/1"] = Field(alias="schema", description="format of this file")
    playbook: PlaybookId = Field(description="playbook under test")
    cases: Annotated[list[CaseSpec], Field(min_length=1)] = Field(description="cases, at least one")
