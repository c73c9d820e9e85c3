"""Effects of the step function, which the driver applies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handwheel.tools.guardrails.approval.segment import Segment
from handwheel.tools.guardrails.ledger.effects import StepEffect

from ..binding.step_model import RunPlaybook, Step, WorkOrderStep
from .diagnosis import Diagnosis
from .states import EventKind


@dataclass(frozen=True, slots=True)
class Record:
    """Record an event of the run."""

    kind: EventKind
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """Record the outcome of an expected result with the writes of its step."""

    step: str
    outcome: StepEffect


@dataclass(frozen=True, slots=True)
class Judge:
    """Let the agents judge whether the playbook applies, by this diagnosis."""

    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True)
class FileRequest:
    """Submit the request of a segment."""

    segment: Segment
    kind: EventKind  # `FILED`, or `ASKED_BACK` for an undo


@dataclass(frozen=True, slots=True)
class SetDue:
    """Set an action due, so that the gate may carry it out."""

    action_id: str
    may_be_stopped: bool  # whether an order that was not handled prevents it


@dataclass(frozen=True, slots=True)
class SkipAction:
    """Skip an action whose `if` is false."""

    action_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class EndRequest:
    """End a request. Its unsent actions are never sent."""

    request_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Send a notice to each recipient, and record it."""

    to: tuple[str, ...]
    text: str
    step: str = ""  # the step that fails if the notice cannot be written; empty for none


@dataclass(frozen=True, slots=True)
class RaiseWorkOrder:
    """Raise the work order of a step, once, and record it."""

    step: Step
    work: WorkOrderStep


@dataclass(frozen=True, slots=True)
class StartPlaybook:
    """Open the nested run of a step, and record it."""

    step: Step
    work: RunPlaybook


Effect = (
    Record | RecordOutcome | Judge | FileRequest | SetDue | SkipAction | EndRequest | Notify
    | RaiseWorkOrder | StartPlaybook
)  # fmt: skip
