"""Effects of the step function, which the driver applies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handwheel.tools.guardrails.approval.messages.run_requests import (
    EndRequest,
    NotePromise,
    SetDue,
    SkipAction,
)
from handwheel.tools.guardrails.approval.segment import Segment

from ..binding.step_model import RunPlaybook, Step, WorkOrderStep
from .diagnosis import Diagnosis
from .states import EventKind


@dataclass(frozen=True, slots=True)
class Record:
    """Record an event of the run."""

    kind: EventKind
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])


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
    Record | Judge | FileRequest | Notify | RaiseWorkOrder | StartPlaybook
    | SetDue | SkipAction | EndRequest | NotePromise
)  # fmt: skip
