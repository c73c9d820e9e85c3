"""Assessment of a request as the terminal shows it beside the card."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, field_validator

from handwheel.connectors.config.validation import Model
from handwheel.tools.requests.timestamps import parse_stamp

WITH_REQUEST, WITH_RUN = "with the request", "with the whole run"
"""What the second of two courses holds."""


class AssessedLine(Model):
    """One line of an assessment."""

    text: str
    is_abnormal: bool = False  # whether it speaks against the request


class CoursePlot(Model):
    """Foretold courses of one tag. Their values are equally spaced, `None` after a course ends."""

    title: str
    horizon_s: float
    without: list[float | None]
    with_plan: list[float | None]
    trips: list[tuple[int, float]] = Field(default_factory=list[tuple[int, float]])
    """Where each course trips, as the index of its value and that value."""


class Assessment(Model):
    """Result of what a terminal computes about a request, or why it computes nothing."""

    until: str = ""  # stamp of the newest recorded value that it is computed from
    unable: AssessedLine | None = None  # why nothing is computed
    is_whole: bool = True  # whether no more follows from the same values
    cause: list[AssessedLine] = Field(default_factory=list[AssessedLine])
    ranking: list[str] = Field(default_factory=list[str])  # of the hypotheses, with evidence
    courses: list[AssessedLine] = Field(default_factory=list[AssessedLine])
    ahead: list[str] = Field(default_factory=list[str])  # margins, trust and assumptions
    plots: list[CoursePlot] = Field(default_factory=list[CoursePlot])
    with_what: str = WITH_REQUEST  # what the second course holds
    has_alike: bool = False  # whether an earlier case is alike
    alike: list[str] = Field(default_factory=list[str])  # those cases, by the agents' records

    @field_validator("until")
    @classmethod
    def _is_stamp(cls, until: str) -> str:
        if until:
            parse_stamp(until)
        return until

    @property
    def keys(self) -> Mapping[str, str]:
        """Keys that show it in full, with what they show."""
        found = {"d": "diagnosis"} if self.ranking else {}
        if self.ahead:
            found["l"] = "courses"
        if self.has_alike:
            found["m"] = "earlier cases"
        return found

    @classmethod
    def without(cls, reason: str, *, is_abnormal: bool = False) -> Self:
        """Returns one that says only why nothing is computed."""
        text = f"cannot be computed here: {reason}"
        return cls(unable=AssessedLine(text=text, is_abnormal=is_abnormal))


PENDING = Assessment(is_whole=False)
"""Assessment that is not computed yet."""
