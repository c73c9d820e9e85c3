"""Right responses to a fault, as the file of a suite says them."""

from typing import Annotated

from pydantic import Field

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model

_Between = Annotated[tuple[float, float], Field(strict=False)]
FrameValue = float | str | _Between
"""Value that a frame must write, or a pair of numbers between which it must lie."""
_Drawn = Annotated[tuple[Duration, Duration], Field(strict=False)]


class ResponseSpec(Model):
    """Right response to a fault. Every frame that it does not name is a wrong actuation."""

    frames: dict[str, FrameValue] = Field(
        default_factory=dict[str, FrameValue], description="by tag, each of which must come once"
    )
    frames_from: dict[str, float] = Field(
        default_factory=dict[str, float],
        description="sizes of the fault below which these frames only may come",
    )
    may: dict[str, FrameValue] = Field(
        default_factory=dict[str, FrameValue],
        description="by tag, as often as asked",
    )
    last: dict[str, FrameValue] = Field(
        default_factory=dict[str, FrameValue],
        description="by tag, which the last frame to it must write, if one has come",
    )
    orders: list[str] = Field(
        default_factory=list[str], description="playbooks whose work order must be raised"
    )
    notices: list[str] = Field(
        default_factory=list[str], description="playbooks whose notice must be given"
    )
    by: list[str] = Field(
        default_factory=list[str], description="other playbooks that may ask for something"
    )
    answers: dict[str, str] = Field(
        default_factory=dict[str, str], description="true answers that the fault changes, by check"
    )
    answers_from: dict[str, float] = Field(
        default_factory=dict[str, float],
        description="sizes of the fault below which it does not change them",
    )
    rides: bool = Field(
        default=False, description="if a trip of the plant or its equipment is not right"
    )
    lasts: Duration | None = Field(
        default=None, description="time after the onset, if not the case's own"
    )

    @property
    def playbooks(self) -> frozenset[str]:
        """Playbooks that may ask for something."""
        return frozenset({*self.orders, *self.notices, *self.by})


class PeopleSpec(Model):
    """The people of a suite approve each request, and answer questions by the truth."""

    thinks: _Drawn = Field(description="time until a request is decided or a question is answered")
    away: _Drawn = Field(
        default=(0.0, 0.0), description="time from the first request until anybody looks at it"
    )
    answers: dict[str, str] = Field(
        default_factory=dict[str, str], description="answers at a sound plant, by check"
    )
    works: dict[str, str] = Field(
        default_factory=dict[str, str],
        description="field action that is done for the work order of a playbook",
    )
    work_takes: _Drawn = Field(
        default=(0.0, 0.0), description="time from a work order to its field action"
    )


class RespondSpec(Model):
    """Part of a suite's file that says how agents act, and what is right."""

    people: PeopleSpec
    scan: Duration = Field(description="of the room while a run is at work")
    idle_scan: Duration = Field(description="of the room while none is")
    leave_after: Duration = Field(description="once all that must happen has happened")
    responses: dict[str, ResponseSpec] = Field(description="by case")
